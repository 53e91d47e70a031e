#include "core/management/schemas.h"

#include <algorithm>
#include <array>
#include <boost/core/type_name.hpp>
#include <charconv>
#include <string>
#include <utility>

#include "core/accounts/describe.h"
#include "core/base/text.h"
#include "core/management/schema_words.h"

namespace slipway::management {
namespace {

namespace json = boost::json;
using namespace json_detail;

// Where the contract's name is not the type's.
constexpr std::pair<std::string_view, std::string_view> kNames[] = {
    {"Folder", "BaseVirtualFolder"},
    {"FolderMapping", "VirtualFolder"},
    {"S3FsConfig", "S3Config"},
    {"GcsFsConfig", "GCSConfig"},
    {"SftpFsConfig", "SFTPFsConfig"},
    {"HttpFsConfig", "HTTPFsConfig"},
    {"FtpFsConfig", "FTPFsConfig"},
    {"OsFsConfig", "OSFsConfig"},
    {"ApiKey", "APIKey"},
    {"IpListEntry", "IPListEntry"},
    {"ShareGroup", "ShareGroupBinding"},
    {"SharePolicy", "BaseShareGovernanceRule"},
    {"TotpConfig", "UserTOTPConfig"},
    {"RecoveryCode", "StoredRecoveryCode"},
    {"RuleAction", "EventRuleAction"},
    {"RuleActionOptions", "EventActionOptions"},
    {"AdminGroupOptions", "AdminGroupMappingOptions"},
};

template <class T>
std::string schema_name() {
  std::string name = boost::core::type_name<T>();
  if (const auto colons = name.rfind("::"); colons != std::string::npos) name.erase(0, colons + 2);
  for (const auto& [type, schema] : kNames)
    if (type == name) return std::string(schema);
  return name;
}

json::object reference(std::string_view name) { return {{"$ref", "#/components/schemas/" + std::string(name)}}; }

json::object list_of(json::object items) { return {{"type", "array"}, {"items", std::move(items)}}; }

// The schema of a type; those of structs go to `all`, once.
template <class T>
json::object schema_of(json::object& all) {
  if constexpr (std::is_same_v<T, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (std::is_enum_v<T>) {
    return schema_of<std::underlying_type_t<T>>(all);
  } else if constexpr (std::is_integral_v<T>) {
    return {{"type", "integer"}, {"format", sizeof(T) > 4 ? "int64" : "int32"}};
  } else if constexpr (std::is_same_v<T, std::string>) {
    return {{"type", "string"}};
  } else if constexpr (std::is_same_v<T, JsonText>) {
    return {{"type", "object"}, {"additionalProperties", true}};
  } else if constexpr (IsVector<T>::value) {
    return list_of(schema_of<typename T::value_type>(all));
  } else if constexpr (IsMap<T>::value) {
    return {{"type", "object"}, {"additionalProperties", schema_of<typename T::mapped_type>(all)}};
  } else {
    static_assert(Described<T>);
    const std::string name = schema_name<T>();
    if (all.contains(name)) return reference(name);
    all[name] = nullptr;
    json::object members;
    boost::mp11::mp_for_each<Members<T>>([&](auto d) {
      if (!is_extra<T>(d.name)) members[d.name] = schema_of<MemberType<T, decltype(d)>>(all);
    });
    all[name] = json::object{{"type", "object"}, {"properties", std::move(members)}};
    return reference(name);
  }
}

json::object schema_of_text(std::string_view type) {
  if (type.ends_with("[]")) return list_of(schema_of_text(type.substr(0, type.size() - 2)));
  if (type.starts_with("map ")) return {{"type", "object"}, {"additionalProperties", schema_of_text(type.substr(4))}};
  if (type == "string" || type == "boolean") return {{"type", type}};
  if (type == "integer") return {{"type", type}, {"format", "int32"}};
  if (type == "int64") return {{"type", "integer"}, {"format", type}};
  if (type == "any") return {{"type", "object"}, {"additionalProperties", true}};
  return reference(type);
}

// "0 no; 1 yes" -> the values, and what they mean added to `words`.
void add_values(json::object& schema, std::string_view values, std::string& words) {
  json::object& place = schema.at("type") == "array" ? schema.at("items").as_object() : schema;
  const bool is_number = place.at("type") == "integer";
  json::array allowed;
  for (const std::string& part : split(values, ';')) {
    const std::string_view item = trim(part);
    const auto blank = std::min(item.find(' '), item.size());
    const std::string_view value = item.substr(0, blank) == "\"\"" ? std::string_view() : item.substr(0, blank);
    if (is_number) {
      std::int64_t number = 0;
      std::from_chars(value.data(), value.data() + value.size(), number);
      allowed.emplace_back(number);
    } else {
      allowed.emplace_back(value);
    }
    if (blank == item.size()) continue;
    words += words.empty() ? "" : words.back() == ';' ? " " : " — ";
    words += std::string(value.empty() ? "empty" : value) + ":" + std::string(item.substr(blank)) + ";";
  }
  if (words.ends_with(';')) words.pop_back();
  place["enum"] = std::move(allowed);
}

// The words of a member beside what its type says. A reference takes no neighbours, so it is wrapped.
void add_words(json::object& schema, const MemberWords& row) {
  std::string words(row.words);
  if (!row.values.empty()) add_values(schema, row.values, words);
  const bool read_only = (row.flags & kReadOnly) != 0;
  if (schema.contains("$ref") && (!words.empty() || read_only))
    schema = json::object{{"allOf", json::array{std::move(schema)}}};
  if (!words.empty()) schema["description"] = words;
  if (read_only) schema["readOnly"] = true;
}

void add_words(json::object& all, const SchemaWords& words) {
  json::value& place = all[words.name];
  if (!place.is_object()) place = json::object{{"type", "object"}, {"properties", json::object()}};
  auto& schema = place.get_object();
  auto& members = schema.at("properties").as_object();
  json::array required;
  for (const MemberWords& row : words.members) {
    if (!row.type.empty()) members[row.name] = schema_of_text(row.type);
    add_words(members.at(row.name).as_object(), row);  // words about a member that is not there are our mistake
    if ((row.flags & kRequired) != 0) required.emplace_back(row.name);
  }
  if (!words.words.empty()) schema["description"] = words.words;
  if (!required.empty()) schema["required"] = std::move(required);
}

// What has no words of its own has those of its name.
void add_common_words(json::object& all) {
  for (auto& [name, schema] : all)
    for (auto& [member, place] : schema.at("properties").as_object()) {
      auto& object = place.as_object();
      if (object.contains("description") || object.contains("allOf")) continue;
      const auto rows = common_words();
      const auto row = std::ranges::find(rows, std::string_view(member), &MemberWords::name);
      if (row != rows.end()) add_words(object, *row);
    }
}

// A mapping is read as what it stores and written with the folder itself.
void add_folder_members(json::object& all) {
  auto& mapping = all.at("VirtualFolder").as_object().at("properties").as_object();
  for (const auto& [name, member] : all.at("BaseVirtualFolder").as_object().at("properties").as_object()) {
    if (mapping.contains(name)) continue;
    json::object copy = member.as_object();
    if (copy.contains("$ref")) copy = json::object{{"allOf", json::array{std::move(copy)}}};
    copy["readOnly"] = true;
    mapping[name] = std::move(copy);
  }
}

}  // namespace

json::object make_schemas() {
  json::object all;
  using namespace accounts;
  boost::mp11::mp_for_each<boost::mp11::mp_list<
      boost::mp11::mp_identity<User>, boost::mp11::mp_identity<Group>, boost::mp11::mp_identity<Folder>,
      boost::mp11::mp_identity<Role>, boost::mp11::mp_identity<Admin>, boost::mp11::mp_identity<ApiKey>,
      boost::mp11::mp_identity<Share>, boost::mp11::mp_identity<EventAction>, boost::mp11::mp_identity<EventRule>,
      boost::mp11::mp_identity<IpListEntry>, boost::mp11::mp_identity<ServerConfigs>>>(
      [&](auto identity) { schema_of<typename decltype(identity)::type>(all); });
  for (const auto family : {entity_words(), document_words(), event_words()})
    for (const SchemaWords& words : family) add_words(all, words);
  for (const SchemaWords& words : event_words()) all.at(words.name).as_object()["additionalProperties"] = true;
  add_common_words(all);
  add_folder_members(all);
  return all;
}

}  // namespace slipway::management
