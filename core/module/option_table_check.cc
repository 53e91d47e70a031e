#include "core/module/option_table_check.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "core/base/text.h"

namespace slipway::module {
namespace {

constexpr std::size_t kMaxOptions = 1000;
constexpr std::size_t kMaxName = 128;
constexpr std::size_t kMaxText = 4096;

bool is_bounded(const char* text, std::size_t max_size) { return ::strnlen(text, max_size + 1) <= max_size; }

// "timeout", "cors.enabled", "bindings[].port": words between dots, "[]" only at a word's end.
bool is_option_name(std::string_view name) {
  if (name.empty() || name.back() == '.' || name.back() == ']') return false;
  for (const std::string& part : split(name, '.')) {
    std::string_view word = part;
    if (word.ends_with("[]")) word.remove_suffix(2);
    if (word.empty() || !std::all_of(word.begin(), word.end(), [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        })) {
      return false;
    }
  }
  return true;
}

}  // namespace

Status check_option_table(const OptionSpec* table, std::size_t count, const char* which) {
  const auto refuse = [&](const std::string& cause) {
    return Error(Errc::InvalidArgument, {}, "its table of " + std::string(which) + " is wrong: " + cause);
  };
  if (count == 0) return ok();
  if (table == nullptr) return refuse("it says " + std::to_string(count) + " entries and has none");
  if (count > kMaxOptions) return refuse("it has more than " + std::to_string(kMaxOptions) + " entries");
  std::set<std::string_view> names;
  for (const OptionSpec& option : std::span(table, count)) {
    if (option.name == nullptr || !is_bounded(option.name, kMaxName) || !is_option_name(option.name)) {
      const bool readable = option.name != nullptr && is_bounded(option.name, kMaxName);
      return refuse("'" + (readable ? printable(option.name) : std::string("(none)")) +
                    "' is not the name of an option");
    }
    const std::string name = option.name;
    if (!names.insert(option.name).second) return refuse("option '" + name + "' stands in it twice");
    if (static_cast<unsigned>(option.type) > static_cast<unsigned>(OptionType::StringList)) {
      return refuse("option '" + name + "' has an unknown type");
    }
    if (option.help == nullptr || !is_bounded(option.help, kMaxText))
      return refuse("option '" + name + "' has no help");
    if (option.default_value != nullptr && !is_bounded(option.default_value, kMaxText)) {
      return refuse("option '" + name + "' has a default that is too long");
    }
    if (option.choices != nullptr && !is_bounded(option.choices, kMaxText)) {
      return refuse("option '" + name + "' has too many choices");
    }
    if (option.minimum > option.maximum) return refuse("option '" + name + "' has a minimum above its maximum");
  }
  return ok();
}

}  // namespace slipway::module
