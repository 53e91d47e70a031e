#include "digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "slipway/server_side.h"

namespace slipway::sftp {
namespace {

constexpr std::size_t kBlock = 256 * 1024;

const EVP_MD* kind_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, const EVP_MD* (*)()>, 6> kKinds{{
      {"md5", EVP_md5},
      {"sha1", EVP_sha1},
      {"sha224", EVP_sha224},
      {"sha256", EVP_sha256},
      {"sha384", EVP_sha384},
      {"sha512", EVP_sha512},
  }};
  const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& kind) { return kind.first == name; });
  return found == kKinds.end() ? nullptr : found->second();
}

}  // namespace

void Digest::Free::operator()(evp_md_ctx_st* context) const noexcept { EVP_MD_CTX_free(context); }

std::optional<Digest> Digest::make(std::string_view name) {
  const EVP_MD* kind = kind_of(name);
  if (kind == nullptr) return std::nullopt;
  std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), kind, nullptr) != 1) return std::nullopt;
  return Digest(kind, std::move(context));
}

void Digest::update(std::span<const std::byte> data) { EVP_DigestUpdate(context_.get(), data.data(), data.size()); }

std::string Digest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned length = 0;
  EVP_DigestFinal_ex(context_.get(), bytes.data(), &length);
  EVP_DigestInit_ex(context_.get(), kind_, nullptr);
  return {reinterpret_cast<const char*>(bytes.data()), length};
}

std::size_t Digest::size() const noexcept { return static_cast<std::size_t>(EVP_MD_get_size(kind_)); }

std::string to_hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

Result<std::unique_ptr<File>> open_for_digest(const OpContext& op, Filesystem& fs, const VPath& path) {
  if (auto* reads = static_cast<DigestReads*>(fs.query(DigestReads::kInterfaceId)))
    return reads->open_for_digest(op, path);
  return fs.open(op, path, OpenOptions::reading());
}

Result<std::uint64_t> digest_range(const OpContext& op, File& file, std::uint64_t offset, std::uint64_t length,
                                   Digest& digest) {
  std::vector<std::byte> block(std::min<std::uint64_t>(kBlock, length));
  std::uint64_t done = 0;
  while (done < length) {
    SLIPWAY_TRY(check(op, "digest"));
    const auto part = std::span(block).first(std::min<std::uint64_t>(block.size(), length - done));
    SLIPWAY_ASSIGN(const std::size_t count, file.read_at(op, offset + done, part));
    if (count == 0) break;
    digest.update(part.first(count));
    done += count;
  }
  return done;
}

}  // namespace slipway::sftp
