#include "authorized_key.h"

#include "slipway/base64.h"

namespace slipway::auth_local {
namespace {

constexpr std::size_t kLongestLine = 32 * 1024;  // a 16384 bit RSA key needs 2.8 KiB

std::string_view next_word(std::string_view& text) {
  const auto start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start);
  const auto word = text.substr(0, text.find_first_of(" \t\r\n"));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

bool line_holds_key(std::string_view line, std::string_view blob) {
  if (line.size() > kLongestLine || blob.empty()) return false;
  const std::string_view type = next_word(line);
  const std::string_view encoded = next_word(line);
  if (type.empty() || encoded.empty()) return false;
  const auto decoded = base64_decode(encoded, Base64::Lenient);
  if (!decoded) return false;
  // The line's type must be the blob's: its first field, a length and a name.
  if (decoded->size() < 4 + type.size() || std::string_view(*decoded).substr(4, type.size()) != type) return false;
  return *decoded == blob;
}

}  // namespace slipway::auth_local
