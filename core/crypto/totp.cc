#include "core/crypto/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "core/base/text.h"
#include "core/crypto/base32.h"
#include "core/crypto/passwords.h"

namespace slipway::crypto {
namespace {

const EVP_MD* algorithm(DigestKind kind) noexcept {
  switch (kind) {
    case DigestKind::Md5:
      return nullptr;
    case DigestKind::Sha1:
      return EVP_sha1();
    case DigestKind::Sha256:
      return EVP_sha256();
    case DigestKind::Sha512:
      return EVP_sha512();
  }
  return nullptr;
}

std::string percent_encoded(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    const auto byte = static_cast<unsigned char>(c);
    if (plain)
      out += c;
    else
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return out;
}

}  // namespace

std::optional<DigestKind> totp_digest(std::string_view algorithm) noexcept {
  if (algorithm == "sha1") return DigestKind::Sha1;
  if (algorithm == "sha256") return DigestKind::Sha256;
  if (algorithm == "sha512") return DigestKind::Sha512;
  return std::nullopt;
}

std::string_view totp_digest_name(DigestKind kind) noexcept {
  switch (kind) {
    case DigestKind::Sha256:
      return "sha256";
    case DigestKind::Sha512:
      return "sha512";
    default:
      return "sha1";
  }
}

Result<std::string> totp_code(std::string_view key, std::int64_t step, DigestKind kind, int digits) {
  std::array<unsigned char, 8> counter{};
  for (std::size_t i = 0; i < counter.size(); ++i)
    counter[counter.size() - 1 - i] = static_cast<unsigned char>(static_cast<std::uint64_t>(step) >> (8 * i));
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  if (algorithm(kind) == nullptr || digits < 1 || digits > 9 ||
      HMAC(algorithm(kind), key.data(), static_cast<int>(key.size()), counter.data(), counter.size(), mac.data(),
           &size) == nullptr)
    return Error(Errc::Internal, "one-time password", "refused by the TLS library");
  const std::size_t at = mac[size - 1] & 15;
  std::uint32_t number = (std::uint32_t{mac[at]} & 127) << 24 | std::uint32_t{mac[at + 1]} << 16 |
                         std::uint32_t{mac[at + 2]} << 8 | mac[at + 3];
  std::string code(static_cast<std::size_t>(digits), '0');
  for (std::size_t i = code.size(); i-- > 0; number /= 10) code[i] = static_cast<char>('0' + number % 10);
  return code;
}

std::int64_t totp_step(std::chrono::system_clock::time_point at) noexcept {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch() / kTotpPeriod;
}

Result<std::optional<std::int64_t>> match_totp(std::string_view key, std::string_view code, DigestKind kind,
                                               std::chrono::system_clock::time_point now) {
  std::optional<std::int64_t> match;
  const std::int64_t here = totp_step(now);
  for (const std::int64_t step : {here, here - 1, here + 1}) {
    SLIPWAY_ASSIGN(const std::string expected, totp_code(key, step, kind));
    if (constant_time_equal(expected, code) && !match) match = step;
  }
  return match;
}

std::string make_totp_secret() { return base32_encode(random_bytes(kTotpSecretBytes)); }

std::string otpauth_url(std::string_view issuer, std::string_view account, std::string_view secret, DigestKind kind) {
  return "otpauth://totp/" + percent_encoded(issuer) + ":" + percent_encoded(account) +
         "?algorithm=" + to_upper(totp_digest_name(kind)) + "&digits=" + std::to_string(kTotpDigits) +
         "&issuer=" + percent_encoded(issuer) + "&period=" + std::to_string(kTotpPeriod.count()) +
         "&secret=" + std::string(secret);
}

}  // namespace slipway::crypto
