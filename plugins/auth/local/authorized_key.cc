#include "authorized_key.h"

#include <array>
#include <cstdint>

namespace slipway::auth_local {
namespace {

constexpr std::size_t kLongestLine = 32 * 1024;  // a 16384 bit RSA key needs 2.8 KiB

constexpr auto kDecode = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}();

std::string_view next_word(std::string_view& text) {
  const auto start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start);
  const auto word = text.substr(0, text.find_first_of(" \t\r\n"));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

bool decode_base64(std::string_view text, std::string& out) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const int value = kDecode[static_cast<unsigned char>(c)];
    if (value < 0) return false;
    buffer = (buffer << 6) | static_cast<std::uint32_t>(value);
    if ((bits += 6) >= 8) {
      bits -= 8;
      out += static_cast<char>(buffer >> bits);
    }
  }
  return bits < 6;  // six spare bits would be a character of nothing
}

bool line_holds_key(std::string_view line, std::string_view blob) {
  if (line.size() > kLongestLine || blob.empty()) return false;
  const std::string_view type = next_word(line);
  const std::string_view encoded = next_word(line);
  if (type.empty() || encoded.empty()) return false;
  std::string decoded;
  decoded.reserve(encoded.size());
  if (!decode_base64(encoded, decoded)) return false;
  // The line's type must be the blob's: its first field, a length and a name.
  if (decoded.size() < 4 + type.size() || std::string_view(decoded).substr(4, type.size()) != type) return false;
  return decoded == blob;
}

}  // namespace slipway::auth_local
