#include "core/module/description.h"

#include <boost/json.hpp>
#include <span>

#include "core/base/text.h"
#include "core/config/option_value.h"
#include "core/module/kind.h"

namespace slipway::module {
namespace {

namespace json = boost::json;

json::array names(std::string_view separated) {
  json::array list;
  if (separated.empty()) return list;
  for (const std::string& name : split(separated, ',')) list.emplace_back(trim(name));
  return list;
}

json::array table_of(std::span<const OptionSpec> table) {
  json::array rows;
  for (const OptionSpec& spec : table) {
    json::object row{{"name", spec.name}, {"type", config::type_name(spec.type)}};
    if (spec.help != nullptr) row["help"] = spec.help;
    if (spec.default_value != nullptr)
      row["default"] = spec.default_value;
    else
      row["required"] = true;
    if (config::is_secret(spec.type)) row["secret"] = true;
    if (spec.choices != nullptr) row["choices"] = names(spec.choices);
    if (spec.minimum != INT64_MIN) row["minimum"] = spec.minimum;
    if (spec.maximum != INT64_MAX) row["maximum"] = spec.maximum;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

json::object describe(const ModuleDescriptor& descriptor, const Result<config::OptionValues>& values) {
  json::object document{{"module", descriptor.name},
                        {"kind", to_string(descriptor.kind)},
                        {"version", descriptor.version},
                        {"summary", descriptor.summary == nullptr ? "" : descriptor.summary},
                        {"provides", names(descriptor.provides == nullptr ? "" : descriptor.provides)}};
  if (descriptor.section != nullptr) document["section"] = descriptor.section;
  document["options"] = table_of({descriptor.options, descriptor.option_count});
  document["use_options"] = table_of({descriptor.use_options, descriptor.use_option_count});
  if (values)
    document["values"] = values->redacted();
  else
    document["error"] = values.error().message();
  return document;
}

}  // namespace slipway::module
