#include "public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>

#include "sftp_codec.h"
#include "slipway/base64.h"

namespace slipway::sftp {
namespace {

constexpr std::size_t kMaxBlob = 64 * 1024;
constexpr int kMinRsaBits = 2048, kMaxRsaBits = 16384;
constexpr std::string_view kCertificateSuffix = "-cert-v01@openssh.com";

struct Deleter {
  void operator()(BIGNUM* number) const noexcept { BN_free(number); }
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  void operator()(OSSL_PARAM_BLD* builder) const noexcept { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* params) const noexcept { OSSL_PARAM_free(params); }
  void operator()(ECDSA_SIG* signature) const noexcept { ECDSA_SIG_free(signature); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;
using EvpKey = std::unique_ptr<evp_pkey_st, EvpKeyDeleter>;

struct Curve {
  std::string_view type, name;
  const char* group;
  std::size_t point;  // bytes of an uncompressed one
  const char* digest;
};
constexpr std::array kCurves = {
    Curve{"ecdsa-sha2-nistp256", "nistp256", "P-256", 65, "SHA256"},
    Curve{"ecdsa-sha2-nistp384", "nistp384", "P-384", 97, "SHA384"},
    Curve{"ecdsa-sha2-nistp521", "nistp521", "P-521", 133, "SHA512"},
};

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
FieldReader reader(std::string_view text) { return FieldReader(std::as_bytes(std::span(text))); }

// A positive mpint (RFC 4251 5) of at most `max_bits`; null for anything else.
Owned<BIGNUM> number_of(std::string_view mpint, int max_bits) {
  if (mpint.empty() || (static_cast<unsigned char>(mpint.front()) & 0x80) != 0 ||
      mpint.size() > static_cast<std::size_t>(max_bits) / 8 + 1)
    return nullptr;
  return Owned<BIGNUM>(BN_bin2bn(bytes(mpint), static_cast<int>(mpint.size()), nullptr));
}

EvpKey from_params(const char* algorithm, OSSL_PARAM_BLD* builder) {
  Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder));
  Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* key = nullptr;
  if (params && context && EVP_PKEY_fromdata_init(context.get()) == 1)
    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get());
  return EvpKey(key);
}

EvpKey rsa_key(FieldReader& fields) {
  const auto e = number_of(fields.string(), 64);
  const auto n = number_of(fields.string(), kMaxRsaBits);
  Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (!e || !n || !builder || !BN_is_odd(e.get()) || BN_is_one(e.get()) || !BN_is_odd(n.get()) ||
      BN_num_bits(n.get()) < kMinRsaBits || !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) ||
      !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()))
    return nullptr;
  return from_params("RSA", builder.get());
}

EvpKey ecdsa_key(FieldReader& fields, const Curve& curve) {
  const auto name = fields.string();
  const auto point = fields.string();
  if (name != curve.name || point.size() != curve.point || point.front() != 4) return nullptr;
  Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (!builder || !OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0) ||
      !OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()))
    return nullptr;
  auto key = from_params("EC", builder.get());
  Owned<EVP_PKEY_CTX> context(key ? EVP_PKEY_CTX_new(key.get(), nullptr) : nullptr);
  return context && EVP_PKEY_public_check(context.get()) == 1 ? std::move(key) : nullptr;  // a point of the curve
}

const Curve* curve_of(std::string_view type) {
  const auto found = std::find_if(kCurves.begin(), kCurves.end(), [&](const auto& c) { return c.type == type; });
  return found == kCurves.end() ? nullptr : &*found;
}

// SSH's two numbers as the DER that OpenSSL takes.
std::string der_of(std::string_view signature) {
  auto fields = reader(signature);
  auto r = number_of(fields.string(), 528), s = number_of(fields.string(), 528);
  Owned<ECDSA_SIG> pair(ECDSA_SIG_new());
  if (!fields.ok() || !fields.rest().empty() || !r || !s || !pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1)
    return {};
  (void)r.release();
  (void)s.release();
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(pair.get(), &der);
  if (length <= 0) return {};
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return out;
}

}  // namespace

void EvpKeyDeleter::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }

Result<PublicKey> parse_public_key(std::string_view blob) {
  const Error malformed(Errc::InvalidArgument, "public key", "it is not a well-formed key");
  if (blob.size() > kMaxBlob) return malformed;
  auto fields = reader(blob);
  PublicKey parsed{std::string(fields.string()), std::string(blob), nullptr};
  if (!fields.ok()) return malformed;
  if (parsed.type == "ssh-rsa") {
    parsed.key = rsa_key(fields);
    if (!parsed.key) return Error(Errc::InvalidArgument, "public key", "it is not an RSA key of 2048 to 16384 bits");
  } else if (parsed.type == "ssh-ed25519") {
    const auto point = fields.string();
    if (point.size() == 32)
      parsed.key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(point), point.size()));
  } else if (const auto* curve = curve_of(parsed.type)) {
    parsed.key = ecdsa_key(fields, *curve);
  } else {
    return Error(Errc::InvalidArgument, "public key", "its type is neither RSA, ECDSA nor Ed25519");
  }
  ERR_clear_error();
  if (!parsed.key || !fields.ok() || !fields.rest().empty()) return malformed;
  return parsed;
}

std::string_view signature_format(std::string_view signature) {
  auto fields = reader(signature);
  const auto format = fields.string();
  fields.string();
  return fields.ok() ? format : std::string_view();
}

bool verify_signature(const PublicKey& key, std::string_view signature, std::string_view data) {
  auto fields = reader(signature);
  const auto format = fields.string();
  std::string value(fields.string());
  if (!fields.ok() || !fields.rest().empty()) return false;
  const char* digest = nullptr;
  if (key.type == "ssh-rsa") {
    if (format != "rsa-sha2-256" && format != "rsa-sha2-512") return false;
    digest = format == "rsa-sha2-256" ? "SHA256" : "SHA512";
    const auto size = static_cast<std::size_t>(EVP_PKEY_get_size(key.key.get()));
    if (value.size() > size) return false;
    value.insert(0, size - value.size(), '\0');  // some signers drop leading zeros
  } else {
    if (format != key.type) return false;
    if (const auto* curve = curve_of(key.type)) {
      digest = curve->digest;
      value = der_of(value);
    }
  }
  Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const bool right =
      context && !value.empty() &&
      EVP_DigestVerifyInit_ex(context.get(), nullptr, digest, nullptr, nullptr, key.key.get(), nullptr) == 1 &&
      EVP_DigestVerify(context.get(), bytes(value), value.size(), bytes(data), data.size()) == 1;
  ERR_clear_error();
  return right;
}

std::string fingerprint_of(std::string_view blob) {
  std::array<unsigned char, 32> hash{};
  unsigned length = 0;
  if (EVP_Digest(blob.data(), blob.size(), hash.data(), &length, EVP_sha256(), nullptr) != 1) return {};
  return "SHA256:" + base64_encode({reinterpret_cast<const char*>(hash.data()), length}, Base64::Unpadded);
}

bool decode_base64(std::string_view text, std::string& out) {
  out.clear();
  if (text.empty() || text.size() > 2 * kMaxBlob) return false;
  auto bytes = base64_decode(text);
  if (bytes) out = std::move(*bytes);
  return bytes.has_value();
}

bool is_certificate_algorithm(std::string_view algorithm) noexcept { return algorithm.ends_with(kCertificateSuffix); }

std::string plain_algorithm(std::string_view algorithm) {
  if (!is_certificate_algorithm(algorithm)) return std::string(algorithm);
  std::string plain(algorithm.substr(0, algorithm.size() - kCertificateSuffix.size()));
  if (plain.starts_with("sk-")) plain += "@openssh.com";
  return plain;
}

}  // namespace slipway::sftp
