#include "tus_checksum.h"

#include <openssl/evp.h>

#include "slipway/base64.h"

namespace slipway::httpd {
namespace {

constexpr std::size_t kMaxField = 256;  // bytes

Error malformed(std::string cause) { return {Errc::InvalidArgument, "Upload-Checksum", std::move(cause)}; }

const EVP_MD* algorithm_of(std::string_view name) {
  if (name == "sha1") return EVP_sha1();
  if (name == "sha256") return EVP_sha256();
  if (name == "md5") return EVP_md5();
  return nullptr;
}

}  // namespace

struct TusChecksum::Digest {
  Digest() : context(EVP_MD_CTX_new()) {}
  ~Digest() { EVP_MD_CTX_free(context); }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  EVP_MD_CTX* const context;
  bool usable = true;
  std::string wanted;
};

TusChecksum::TusChecksum(std::unique_ptr<Digest> digest) : digest_(std::move(digest)) {}
TusChecksum::TusChecksum(TusChecksum&&) noexcept = default;
TusChecksum& TusChecksum::operator=(TusChecksum&&) noexcept = default;
TusChecksum::~TusChecksum() = default;

Result<TusChecksum> TusChecksum::parse(std::string_view field) {
  if (field.size() > kMaxField) return malformed("the checksum is too long");
  const auto blank = field.find(' ');
  const EVP_MD* const algorithm = algorithm_of(field.substr(0, blank));
  if (algorithm == nullptr) return malformed("the algorithm of a checksum must be one of " + std::string(kAlgorithms));
  auto wanted =
      base64_decode(blank == std::string_view::npos ? std::string_view() : field.substr(blank + 1), Base64::Lenient);
  if (!wanted || wanted->size() != static_cast<std::size_t>(EVP_MD_get_size(algorithm)))
    return malformed("a checksum is an algorithm and the base64 of its digest");
  auto digest = std::make_unique<Digest>();
  if (digest->context == nullptr || EVP_DigestInit_ex(digest->context, algorithm, nullptr) != 1)
    return Error(Errc::Internal, "Upload-Checksum", "the algorithm is not to be had");
  digest->wanted = *std::move(wanted);
  return TusChecksum(std::move(digest));
}

void TusChecksum::add(std::span<const std::byte> data) {
  if (EVP_DigestUpdate(digest_->context, data.data(), data.size()) != 1) digest_->usable = false;
}

bool TusChecksum::fits() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!digest_->usable || EVP_DigestFinal_ex(digest_->context, bytes, &size) != 1) return false;
  return std::string_view(reinterpret_cast<const char*>(bytes), size) == digest_->wanted;
}

}  // namespace slipway::httpd
