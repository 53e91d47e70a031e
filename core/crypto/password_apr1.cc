#include "core/crypto/digest.h"
#include "core/crypto/password_formats.h"
#include "core/crypto/passwords.h"

namespace slipway::crypto::formats {
namespace {

constexpr std::string_view kPrefix = "$apr1$";
constexpr std::size_t kDigestTextLength = 22;
constexpr std::size_t kMaxSalt = 8;

// Like MD5 crypt of FreeBSD, under another name: the first digest mixes password and salt, then a thousand rounds.
std::optional<std::string> apr1_digest(std::string_view password, std::string_view salt) {
  const auto md5 = [](const std::string& bytes) { return digest(DigestKind::Md5, bytes); };
  const auto inner = md5(std::string(password).append(salt).append(password));
  if (!inner) return std::nullopt;

  std::string mixed = std::string(password).append(kPrefix).append(salt);
  for (std::size_t left = password.size(); left > 0; left -= std::min(left, inner->size())) {
    mixed.append(*inner, 0, std::min(left, inner->size()));
  }
  // The bits of the length choose between a NUL byte and the first character: an accident of the first version.
  for (std::size_t bits = password.size(); bits > 0; bits >>= 1) mixed += bits & 1 ? '\0' : password[0];

  auto state = md5(mixed);
  for (int round = 0; state && round < 1000; ++round) {
    std::string next;
    next.append(round % 2 ? password : std::string_view(*state));
    if (round % 3) next.append(salt);
    if (round % 7) next.append(password);
    next.append(round % 2 ? std::string_view(*state) : password);
    state = md5(next);
    wipe(next);
  }
  wipe(mixed);
  if (!state) return std::nullopt;
  return *std::move(state);
}

std::string encode(std::string_view bytes) {
  constexpr std::string_view kDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const auto byte = [bytes](std::size_t index) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[index]));
  };
  std::string text;
  const auto put = [&](std::uint32_t value, int characters) {
    for (; characters > 0; --characters, value >>= 6) text += kDigits[value & 63];
  };
  for (std::size_t i = 0; i < 5; ++i) put(byte(i) << 16 | byte(i + 6) << 8 | byte(i == 4 ? 5 : i + 12), 4);
  put(byte(11), 2);
  return text;
}

}  // namespace

bool verify_apr1(std::string_view hash, std::string_view password) {
  if (!hash.starts_with(kPrefix) || password.empty()) return false;
  hash.remove_prefix(kPrefix.size());
  const std::size_t end = hash.find('$');
  if (end == std::string_view::npos || end > kMaxSalt || hash.size() - end - 1 != kDigestTextLength) return false;
  const auto computed = apr1_digest(password, hash.substr(0, end));
  return computed && constant_time_equal(encode(*computed), hash.substr(end + 1));
}

}  // namespace slipway::crypto::formats
