// Base64 (RFC 4648 sections 4 and 5), decoded strictly.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway {

enum class Base64 : std::uint8_t {
  Padded,    // the standard alphabet, "=" up to a multiple of four characters
  Unpadded,  // the standard alphabet without "="
  Lenient,   // decodes both of these; encodes Padded
  Url,       // the URL and file name safe alphabet ("-" and "_" for "+" and "/") without "="
};

namespace detail {

inline constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> base64_values(std::string_view alphabet) {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return values;
}

inline constexpr std::array<std::int8_t, 256> kBase64Values = base64_values(kBase64);
inline constexpr std::array<std::int8_t, 256> kBase64UrlValues = base64_values(kBase64Url);

}  // namespace detail

inline std::string base64_encode(std::string_view bytes, Base64 form = Base64::Padded) {
  const std::string_view alphabet = form == Base64::Url ? detail::kBase64Url : detail::kBase64;
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) text += alphabet[bits >> (count - 6) & 63];
  }
  if (count > 0) text += alphabet[bits << (6 - count) & 63];
  if (form == Base64::Padded || form == Base64::Lenient) text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

// Nothing for a foreign character (white space, too), missing or surplus padding, an impossible length, or bits set
// beyond the last byte: what base64_encode() would not have made.
inline std::optional<std::string> base64_decode(std::string_view text, Base64 form = Base64::Padded) {
  if (form == Base64::Padded && text.size() % 4 != 0) return std::nullopt;
  if (form == Base64::Padded || (form == Base64::Lenient && text.size() % 4 == 0))
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  const auto& values = form == Base64::Url ? detail::kBase64UrlValues : detail::kBase64Values;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char character : text) {
    const int value = values[static_cast<unsigned char>(character)];
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 255);
  }
  if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace slipway
