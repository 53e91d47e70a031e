#include "core/config/option_value.h"

#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/base/text.h"

namespace slipway::config {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestText = 1024 * 1024;
constexpr std::size_t kLongestShown = 40;
constexpr std::size_t kMostItems = 10'000;

Error wrong(std::string cause) { return Error(Errc::InvalidArgument, "", std::move(cause)); }

std::string quoted(std::string_view text) {
  if (text.size() <= kLongestShown) return '"' + printable(text) + '"';
  std::size_t end = kLongestShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return '"' + printable(text.substr(0, end)) + "…\"";
}

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
constexpr Unit kSizes[] = {{"P", 1LL << 50}, {"T", 1LL << 40}, {"G", 1LL << 30}, {"M", 1LL << 20}, {"K", 1LL << 10}};
constexpr Unit kTimes[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};

std::string with_unit(std::int64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units)
    if (value > 0 && value % unit.factor == 0) return std::to_string(value / unit.factor) + std::string(unit.name);
  return std::to_string(value);
}

std::string limit_text(const OptionSpec& spec, std::int64_t limit) {
  if (spec.type == OptionType::Bytes) return format_bytes(limit);
  if (spec.type == OptionType::Duration) return format_duration(limit);
  return std::to_string(limit);
}

Result<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::result_out_of_range) return wrong(quoted(text) + " is too large a number");
  if (error != std::errc() || at != end || text.empty()) return wrong("must be an integer, not " + quoted(text));
  return value;
}

Result<double> parse_number(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || text.empty() || !std::isfinite(value))
    return wrong("must be a number, not " + quoted(text));
  return value;
}

std::string_view kind_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "a boolean";
    case json::kind::int64:
    case json::kind::uint64:
      return "an integer";
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "text";
    case json::kind::array:
      return "a list";
    case json::kind::object:
      return "an object";
  }
  return "something else";
}

std::string_view wanted(OptionType type) {
  switch (type) {
    case OptionType::String:
    case OptionType::Path:
    case OptionType::Secret:
      return "text (in quotes)";
    case OptionType::Integer:
      return "an integer";
    case OptionType::Number:
      return "a number";
    case OptionType::Boolean:
      return "true or false";
    case OptionType::Bytes:
      return "a size such as \"64M\", or a number of bytes";
    case OptionType::Duration:
      return "a duration such as \"30s\", or a number of milliseconds";
    case OptionType::StringList:
    case OptionType::SecretList:
      return "a list of texts";
  }
  return "something else";
}

Error mismatch(const OptionSpec& spec, const json::value& value) {
  return wrong("must be " + std::string(wanted(spec.type)) + ", not " + std::string(kind_name(value)));
}

Status check_choice(const OptionSpec& spec, std::string_view text) {
  if (spec.choices == nullptr) return ok();
  const std::vector<std::string> choices = split(spec.choices, ',');
  std::vector<std::string_view> candidates;
  for (const std::string& choice : choices) {
    if (text == choice) return ok();
    candidates.push_back(choice);
  }
  // The default may be "none of them".
  if (text.empty() && spec.default_value != nullptr && *spec.default_value == '\0') return ok();
  if (is_secret(spec.type)) return wrong("must be one of " + join(choices, ", "));
  std::string cause = quoted(text) + " is not one of " + join(choices, ", ");
  if (const std::string_view near = nearest(text, candidates); !near.empty())
    cause += "; did you mean \"" + std::string(near) + "\"?";
  return wrong(std::move(cause));
}

Status check_range(const OptionSpec& spec, double value) {
  const bool below = spec.minimum != INT64_MIN && value < static_cast<double>(spec.minimum);
  const bool above = spec.maximum != INT64_MAX && value > static_cast<double>(spec.maximum);
  if (below || above) return wrong("must be " + range_text(spec));
  return ok();
}

Status check_range(const OptionSpec& spec, std::int64_t value) {
  if (value < spec.minimum || value > spec.maximum) return wrong("must be " + range_text(spec));
  return ok();
}

Status check_text(std::string_view text, TextRule rule) {
  if (text.size() > kLongestText) return wrong("is longer than 1 MiB");
  if (text.find('\0') != std::string_view::npos) return wrong("must not hold a NUL character");
  if (rule == TextRule::Utf8 && !is_valid_utf8(text)) return wrong("must be valid UTF-8");
  return ok();
}

// Fills the member that the type uses; the checks are the same wherever the value came from.
Status set_text(const OptionSpec& spec, std::string_view text, OptionValue& value, TextRule rule) {
  SLIPWAY_TRY(check_text(text, rule));
  SLIPWAY_TRY(check_choice(spec, text));
  value.text = text;
  return ok();
}

Status set_integer(const OptionSpec& spec, std::int64_t number, OptionValue& value) {
  SLIPWAY_TRY(check_range(spec, number));
  value.integer = number;
  return ok();
}

Status set_number(const OptionSpec& spec, double number, OptionValue& value) {
  SLIPWAY_TRY(check_range(spec, number));
  value.number = number;
  return ok();
}

Status add_item(const OptionSpec& spec, std::string_view text, OptionValue& value, TextRule rule) {
  if (value.items.size() == kMostItems) return wrong("has more than " + std::to_string(kMostItems) + " elements");
  SLIPWAY_TRY(check_text(text, rule));
  SLIPWAY_TRY(check_choice(spec, text));
  value.items.emplace_back(text);
  return ok();
}

Status set_from_text(const OptionSpec& spec, std::string_view text, OptionValue& value, TextRule rule) {
  switch (spec.type) {
    case OptionType::String:
    case OptionType::Path:
    case OptionType::Secret:
      return set_text(spec, text, value, rule);
    case OptionType::Integer: {
      SLIPWAY_ASSIGN(const std::int64_t number, parse_integer(trim(text)));
      return set_integer(spec, number, value);
    }
    case OptionType::Number: {
      SLIPWAY_ASSIGN(const double number, parse_number(trim(text)));
      return set_number(spec, number, value);
    }
    case OptionType::Boolean: {
      SLIPWAY_ASSIGN(value.flag, parse_flag(trim(text)));
      return ok();
    }
    case OptionType::Bytes: {
      SLIPWAY_ASSIGN(const std::int64_t bytes, parse_bytes(trim(text)));
      return set_integer(spec, bytes, value);
    }
    case OptionType::Duration: {
      SLIPWAY_ASSIGN(const std::int64_t milliseconds, parse_duration(trim(text)));
      return set_integer(spec, milliseconds, value);
    }
    case OptionType::StringList:
    case OptionType::SecretList:
      for (const std::string& part : split(text, ','))
        if (const std::string_view item = trim(part); !item.empty()) SLIPWAY_TRY(add_item(spec, item, value, rule));
      return ok();
  }
  return wrong("has an unknown type");
}

Status set_from_json(const OptionSpec& spec, const json::value& json, OptionValue& value, TextRule rule) {
  // A number in quotes is as good as a bare one: the environment and many YAML files write it so.
  if (json.is_string()) return set_from_text(spec, json.get_string(), value, rule);

  const bool whole = json.is_int64() || json.is_uint64();
  const auto integer = [&]() -> Result<std::int64_t> {
    if (json.is_int64()) return json.get_int64();
    return wrong("is too large a number");
  };
  switch (spec.type) {
    case OptionType::Integer:
    case OptionType::Bytes:
    case OptionType::Duration: {
      if (!whole) return mismatch(spec, json);
      SLIPWAY_ASSIGN(const std::int64_t number, integer());
      return set_integer(spec, number, value);
    }
    case OptionType::Number:
      if (whole) return set_number(spec, json.to_number<double>(), value);
      if (!json.is_double() || !std::isfinite(json.get_double())) return mismatch(spec, json);
      return set_number(spec, json.get_double(), value);
    case OptionType::Boolean:
      if (json.is_bool()) {
        value.flag = json.get_bool();
        return ok();
      }
      if (json.is_int64() && (json.get_int64() == 0 || json.get_int64() == 1)) {
        value.flag = json.get_int64() == 1;
        return ok();
      }
      return mismatch(spec, json);
    case OptionType::StringList:
    case OptionType::SecretList:
      if (!json.is_array()) return mismatch(spec, json);
      for (const json::value& item : json.get_array()) {
        if (item.is_string()) {
          SLIPWAY_TRY(add_item(spec, item.get_string(), value, rule));
        } else if (item.is_int64()) {
          SLIPWAY_TRY(add_item(spec, std::to_string(item.get_int64()), value, rule));
        } else {
          return wrong("must be a list of texts, but one element is " + std::string(kind_name(item)));
        }
      }
      return ok();
    case OptionType::String:
    case OptionType::Path:
    case OptionType::Secret:
      return mismatch(spec, json);
  }
  return mismatch(spec, json);
}

}  // namespace

Result<std::int64_t> parse_bytes(std::string_view text) {
  const std::size_t unit_at = text.find_first_not_of("0123456789");
  if (unit_at == std::string_view::npos && !text.empty()) return parse_integer(text);
  const Error malformed = wrong("must be a size such as \"64M\", not " + quoted(text));
  if (text.empty() || unit_at == 0) {
    // A negative number is an integer like any other; the range decides whether it makes sense.
    if (text.starts_with('-')) return parse_integer(text);
    return malformed;
  }
  SLIPWAY_ASSIGN(const std::int64_t number, parse_integer(text.substr(0, unit_at)));
  const std::string unit = to_upper(trim(text.substr(unit_at)));
  std::int64_t factor = 0;
  if (unit == "B") factor = 1;
  for (const Unit& size : kSizes)
    if (unit == size.name || unit == std::string(size.name) + "B" || unit == std::string(size.name) + "IB")
      factor = size.factor;
  if (factor == 0) return malformed;
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(number, factor, &bytes)) return wrong(quoted(text) + " is too large a size");
  return bytes;
}

Result<std::int64_t> parse_duration(std::string_view text) {
  if (text.find_first_not_of("-0123456789") == std::string_view::npos && !text.empty()) return parse_integer(text);
  const Error malformed = wrong("must be a duration such as \"30s\" or \"1h30m\", not " + quoted(text));
  if (text.empty()) return malformed;
  std::int64_t total = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t unit_at = rest.find_first_not_of("0123456789");
    if (unit_at == 0 || unit_at == std::string_view::npos) return malformed;
    SLIPWAY_ASSIGN(const std::int64_t number, parse_integer(rest.substr(0, unit_at)));
    rest.remove_prefix(unit_at);
    const std::string_view name = rest.substr(0, rest.find_first_of("0123456789"));
    rest.remove_prefix(name.size());
    std::int64_t factor = 0;
    for (const Unit& time : kTimes)
      if (name == time.name) factor = time.factor;
    if (factor == 0) return malformed;
    std::int64_t part = 0;
    if (__builtin_mul_overflow(number, factor, &part) || __builtin_add_overflow(total, part, &total))
      return wrong(quoted(text) + " is too long a duration");
  }
  return total;
}

std::string format_bytes(std::int64_t bytes) { return with_unit(bytes, kSizes); }
std::string format_duration(std::int64_t milliseconds) { return with_unit(milliseconds, kTimes); }

Result<bool> parse_flag(std::string_view text) {
  const std::string lower = to_lower(text);
  if (lower == "true" || lower == "t" || lower == "1") return true;
  if (lower == "false" || lower == "f" || lower == "0") return false;
  return wrong("must be true or false, not " + quoted(text));
}

Result<OptionValue> value_from_json(const OptionSpec& spec, const json::value& json, TextRule rule) {
  OptionValue value{.type = spec.type};
  SLIPWAY_TRY(set_from_json(spec, json, value, rule));
  return value;
}

Result<OptionValue> value_from_text(const OptionSpec& spec, std::string_view text) {
  OptionValue value{.type = spec.type};
  SLIPWAY_TRY(set_from_text(spec, text, value, TextRule::Utf8));
  return value;
}

std::string_view type_name(OptionType type) noexcept {
  switch (type) {
    case OptionType::String:
      return "text";
    case OptionType::Integer:
      return "integer";
    case OptionType::Number:
      return "number";
    case OptionType::Boolean:
      return "boolean";
    case OptionType::Bytes:
      return "size";
    case OptionType::Duration:
      return "duration";
    case OptionType::Path:
      return "path";
    case OptionType::Secret:
      return "secret";
    case OptionType::StringList:
      return "list";
    case OptionType::SecretList:
      return "secret list";
  }
  return "unknown";
}

std::string range_text(const OptionSpec& spec) {
  const bool low = spec.minimum != INT64_MIN, high = spec.maximum != INT64_MAX;
  if (low && high) return "between " + limit_text(spec, spec.minimum) + " and " + limit_text(spec, spec.maximum);
  if (low) return "at least " + limit_text(spec, spec.minimum);
  if (high) return "at most " + limit_text(spec, spec.maximum);
  return {};
}

}  // namespace slipway::config
