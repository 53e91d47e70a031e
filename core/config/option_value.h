// One option's value: read from JSON or from text, and checked against its specification.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/option.h"
#include "slipway/result.h"

namespace slipway::config {

struct OptionValue {
  OptionType type = OptionType::String;
  bool is_set = false;
  std::string text;                // String, Path, Secret
  std::int64_t integer = 0;        // Integer, Bytes, Duration (milliseconds)
  double number = 0;               // Number
  bool flag = false;               // Boolean
  std::vector<std::string> items;  // StringList, SecretList
};

// Configuration is text; what is passed on to an action may be the name of a file, which is bytes without NUL.
enum class TextRule : bool { Utf8, AnyBytes };

// The error's cause says what is wrong and what would be right; it never repeats a secret.
Result<OptionValue> value_from_json(const OptionSpec&, const boost::json::value&, TextRule = TextRule::Utf8);
// As written in the environment or as a default. Lists are separated by commas, blanks around elements do not count.
Result<OptionValue> value_from_text(const OptionSpec&, std::string_view text);

// "64M" or "64MiB" is 64 * 2^20; K, M, G, T, P are powers of 1024.
Result<std::int64_t> parse_bytes(std::string_view text);
// Milliseconds: "250ms", "30s", "1h30m", "2d"; a bare number is milliseconds.
Result<std::int64_t> parse_duration(std::string_view text);
// With the largest unit that divides them; a bare number where none does.
std::string format_bytes(std::int64_t bytes);
std::string format_duration(std::int64_t milliseconds);
// true, t, 1 and false, f, 0 in any case.
Result<bool> parse_flag(std::string_view text);

constexpr bool is_secret(OptionType type) noexcept {
  return type == OptionType::Secret || type == OptionType::SecretList;
}
constexpr bool is_list(OptionType type) noexcept {
  return type == OptionType::StringList || type == OptionType::SecretList;
}

// "text", "integer", "size"...: what messages and the documentation call it.
std::string_view type_name(OptionType) noexcept;
// "between 4 and 31", "at least 1"; empty without limits.
std::string range_text(const OptionSpec&);

}  // namespace slipway::config
