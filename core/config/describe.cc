// The documentation of an option table.
#include <algorithm>

#include "core/base/text.h"
#include "core/config/option_value.h"
#include "core/config/options.h"

namespace slipway::config {
namespace {

bool is_list_size(const OptionSpec& spec) { return std::string_view(spec.name).ends_with("[]"); }

std::string default_text(const OptionSpec& spec) {
  if (is_list_size(spec)) return spec.default_value == nullptr ? "" : std::string(spec.default_value) + " element(s)";
  if (spec.default_value == nullptr) return "required";
  return *spec.default_value == '\0' ? std::string("empty") : std::string(spec.default_value);
}

std::string_view shown_type(const OptionSpec& spec) {
  return is_list_size(spec) ? "list of objects" : type_name(spec.type);
}

std::string meaning(const OptionSpec& spec) {
  std::string text = spec.help == nullptr ? "" : spec.help;
  if (text.ends_with('.')) text.pop_back();
  const std::string range = range_text(spec);
  if (spec.choices != nullptr) text += (text.empty() ? "" : "; ") + ("one of " + join(split(spec.choices, ','), ", "));
  if (!range.empty()) text += (text.empty() ? "" : "; ") + range;
  return text;
}

// Modules bring their own tables: what cannot be read as a row is left out.
std::vector<const OptionSpec*> in_order(std::span<const OptionSpec> table) {
  std::vector<const OptionSpec*> specs;
  for (const OptionSpec& spec : table)
    if (spec.name != nullptr) specs.push_back(&spec);
  std::stable_partition(specs.begin(), specs.end(), [](const OptionSpec* spec) { return !spec->advanced; });
  return specs;
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

}  // namespace

std::string describe_markdown(std::span<const OptionSpec> table) {
  std::string out = "| Key | Type | Default | Meaning |\n|---|---|---|---|\n";
  for (const OptionSpec* spec : in_order(table)) {
    const std::string value = default_text(*spec);
    const bool literal = spec->default_value != nullptr && *spec->default_value != '\0' && !is_list_size(*spec);
    out += "| `" + std::string(spec->name) + "` | " + std::string(shown_type(*spec)) + " | " +
           (literal ? "`" + cell(value) + "`" : value) + " | " + cell(meaning(*spec)) + " |\n";
  }
  return out;
}

std::string describe_text(std::span<const OptionSpec> table) {
  const std::vector<const OptionSpec*> specs = in_order(table);
  std::size_t name_width = 0, type_width = 0;
  for (const OptionSpec* spec : specs) {
    name_width = std::max(name_width, std::string_view(spec->name).size());
    type_width = std::max(type_width, shown_type(*spec).size());
  }
  std::string out;
  for (const OptionSpec* spec : specs) {
    std::string line = "  " + std::string(spec->name);
    line.resize(2 + name_width + 2, ' ');
    line += shown_type(*spec);
    line.resize(2 + name_width + 2 + type_width + 2, ' ');
    line += meaning(*spec);
    line += " (" + std::string(spec->default_value == nullptr || *spec->default_value == '\0' ? "" : "default ") +
            default_text(*spec) + ")";
    out += line + '\n';
  }
  return out;
}

}  // namespace slipway::config
