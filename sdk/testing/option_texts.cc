#include "option_texts.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace slipway::kit {
namespace {

[[noreturn]] void refuse(std::string_view name, std::string_view why) {
  throw std::invalid_argument("option " + std::string(name) + ": " + std::string(why));
}

// "bindings[0].port" -> "bindings[].port"
std::string pattern_of(std::string_view name) {
  std::string pattern;
  for (std::size_t i = 0; i < name.size(); ++i) {
    pattern += name[i];
    if (name[i] == '[') i = std::min(name.find(']', i), name.size()) - 1;
  }
  return pattern;
}

std::int64_t factor(OptionType type, std::string_view unit, std::string_view name) {
  if (unit.empty()) return 1;
  if (type == OptionType::Bytes) {
    constexpr std::string_view units = "KMGTP";
    if (const auto at = units.find(unit[0]); unit.size() == 1 && at != units.npos)
      return std::int64_t{1} << 10 * (at + 1);
  }
  if (type == OptionType::Duration) {
    constexpr std::pair<std::string_view, std::int64_t> units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
    for (const auto& [text, milliseconds] : units) {
      if (unit == text) return milliseconds;
    }
  }
  refuse(name, "not a number: unknown unit '" + std::string(unit) + "'");
}

std::int64_t parse_integer(OptionType type, std::string_view text, std::string_view name) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) refuse(name, "not a number: '" + std::string(text) + "'");
  return value * factor(type, text.substr(static_cast<std::size_t>(end - text.data())), name);
}

bool is_integral(OptionType type) {
  return type == OptionType::Integer || type == OptionType::Bytes || type == OptionType::Duration;
}

bool is_list(OptionType type) { return type == OptionType::StringList || type == OptionType::SecretList; }

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto comma = text.find(',');
    items.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
  }
  return items;
}

void check_choice(const OptionSpec& spec, const std::string& text, std::string_view name) {
  if (spec.choices == nullptr || (text.empty() && spec.default_value != nullptr && *spec.default_value == '\0')) return;
  const auto choices = split(spec.choices);
  if (std::find(choices.begin(), choices.end(), text) == choices.end())
    refuse(name, "not one of " + std::string(spec.choices));
}

void check_value(const OptionSpec& spec, std::string_view text, std::string_view name) {
  if (is_integral(spec.type)) {
    const std::int64_t value = parse_integer(spec.type, text, name);
    if (value < spec.minimum || value > spec.maximum) refuse(name, "out of range");
  } else if (spec.type == OptionType::Boolean) {
    if (text != "true" && text != "false") refuse(name, "must be true or false");
  } else if (spec.type == OptionType::Number) {
    char* end = nullptr;
    const std::string copy(text);
    static_cast<void>(std::strtod(copy.c_str(), &end));
    if (copy.empty() || *end != '\0') refuse(name, "not a number");
  } else if (is_list(spec.type)) {
    for (const std::string& item : split(text)) check_choice(spec, item, name);
  } else {
    check_choice(spec, std::string(text), name);
  }
}

}  // namespace

OptionTexts::OptionTexts(std::span<const OptionSpec> table, Texts given) : table_(table), given_(std::move(given)) {
  for (const auto& [name, text] : given_) {
    const OptionSpec* spec = spec_of(name);
    if (spec == nullptr) refuse(name, "the module does not have it");
    check_value(*spec, text, name);
  }
  for (const OptionSpec& spec : table_) {
    const std::string_view name = spec.name;
    if (spec.default_value != nullptr) {
      check_value(spec, spec.default_value, name);
    } else if (name.find("[]") == name.npos && !given_.contains(name)) {
      refuse(name, "is required");
    }
    if (is_list(spec.type) && name.find("[]") == name.npos) lists_[spec.name] = split(text(name));
  }
  for (const auto& [name, value] : given_) {
    if (is_list(spec_of(name)->type)) lists_[name] = split(value);
  }
}

const OptionSpec* OptionTexts::spec_of(std::string_view name) const {
  const std::string pattern = pattern_of(name);
  const auto found = std::find_if(table_.begin(), table_.end(), [&](const OptionSpec& s) { return pattern == s.name; });
  return found == table_.end() ? nullptr : &*found;
}

std::string_view OptionTexts::text(std::string_view name) const {
  if (const auto found = given_.find(name); found != given_.end()) return found->second;
  const OptionSpec* spec = spec_of(name);
  if (spec == nullptr) {
    std::fprintf(stderr, "the module asks for the option '%s', which its table does not declare\n",
                 std::string(name).c_str());
    std::abort();
  }
  return spec->default_value != nullptr ? spec->default_value : "";
}

bool OptionTexts::is_set(std::string_view name) const { return given_.contains(name); }

std::string_view OptionTexts::string(std::string_view name) const { return text(name); }

std::int64_t OptionTexts::integer(std::string_view name) const {
  const std::string_view value = text(name);
  const OptionSpec* spec = spec_of(name);
  return is_integral(spec->type) ? parse_integer(spec->type, value, name) : 0;
}

double OptionTexts::number(std::string_view name) const {
  return std::strtod(std::string(text(name)).c_str(), nullptr);
}

bool OptionTexts::flag(std::string_view name) const { return text(name) == "true"; }

std::size_t OptionTexts::count(std::string_view list) const {
  if (const auto found = lists_.find(list); found != lists_.end()) return found->second.size();
  std::size_t elements = 0;
  const std::string prefix = std::string(list) + "[";
  for (auto at = given_.lower_bound(prefix); at != given_.end() && at->first.starts_with(prefix); ++at) {
    const std::size_t index = std::strtoul(at->first.c_str() + prefix.size(), nullptr, 10);
    elements = std::max(elements, index + 1);
  }
  if (elements == 0 && spec_of(std::string(list) + "[]") != nullptr) {
    return static_cast<std::size_t>(integer(std::string(list) + "[]"));
  }
  return elements;
}

std::string_view OptionTexts::item(std::string_view list, std::size_t index) const {
  const auto found = lists_.find(list);
  return found == lists_.end() || index >= found->second.size() ? std::string_view() : found->second[index];
}

}  // namespace slipway::kit
