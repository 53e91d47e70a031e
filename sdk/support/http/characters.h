// The character classes of RFC 9110 and RFC 3986, and small text helpers over them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::http {

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

namespace detail {

enum : std::uint8_t { kToken = 1, kTarget = 2, kFieldByte = 4, kUnreserved = 8 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  constexpr std::string_view token_marks = "!#$%&'*+-.^_`|~", unreserved_marks = "-._~";
  for (int c = 0; c < 256; ++c) {
    const char ch = static_cast<char>(c);
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    auto& mask = classes[static_cast<std::size_t>(c)];
    if (alphanumeric || (c != 0 && token_marks.find(ch) != std::string_view::npos)) mask |= kToken;
    // Bytes beyond ASCII do not belong into a target, but clients send them.
    if (c > 0x20 && c != 0x7f) mask |= kTarget;
    if ((c >= 0x20 && c != 0x7f) || c == '\t') mask |= kFieldByte;
    if (alphanumeric || (c != 0 && unreserved_marks.find(ch) != std::string_view::npos)) mask |= kUnreserved;
  }
  return classes;
}
inline constexpr auto kClasses = make_classes();
constexpr bool in_class(char c, std::uint8_t mask) noexcept {
  return (kClasses[static_cast<unsigned char>(c)] & mask) != 0;
}

}  // namespace detail

constexpr bool is_token_byte(char c) noexcept { return detail::in_class(c, detail::kToken); }
constexpr bool is_target_byte(char c) noexcept { return detail::in_class(c, detail::kTarget); }
constexpr bool is_field_byte(char c) noexcept { return detail::in_class(c, detail::kFieldByte); }
constexpr bool is_unreserved(char c) noexcept { return detail::in_class(c, detail::kUnreserved); }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr bool is_token(std::string_view text) noexcept {
  for (const char c : text) {
    if (!is_token_byte(c)) return false;
  }
  return !text.empty();
}

constexpr std::string_view trim_blanks(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Digits only, without sign or blanks; nothing beyond `limit`.
constexpr std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t limit) noexcept {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (limit - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace slipway::http
