#include "core/management/schemas.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>

#include "core/management/management.h"

namespace slipway::management {
namespace {

namespace json = boost::json;

void visit(const json::value& value, const std::function<void(const json::object&)>& see) {
  if (const auto* object = value.if_object()) {
    see(*object);
    for (const auto& member : *object) visit(member.value(), see);
  } else if (const auto* list = value.if_array()) {
    for (const auto& item : *list) visit(item, see);
  }
}

TEST(Schemas, EveryReferenceIsToASchema) {
  const json::object all = make_schemas();
  visit(all, [&](const json::object& object) {
    const auto* target = object.if_contains("$ref");
    if (target == nullptr || !target->is_string()) return;
    const std::string_view text = target->get_string();
    ASSERT_TRUE(text.starts_with("#/components/schemas/")) << text;
    EXPECT_TRUE(all.contains(text.substr(text.rfind('/') + 1))) << text;
  });
}

TEST(Schemas, EverySchemaAndMemberIsDescribed) {
  for (const auto& [name, schema] : make_schemas()) {
    EXPECT_TRUE(schema.as_object().contains("description")) << name;
    for (const auto& [member, place] : schema.at("properties").as_object())
      EXPECT_TRUE(place.as_object().contains("description")) << name << "." << member;
  }
}

TEST(Schemas, OperationsNameSchemasThatExist) {
  const json::object all = make_schemas();
  for (const OperationInfo& info : Management::table())
    for (std::string_view name : {info.input, info.output}) {
      if (name.ends_with("[]")) name.remove_suffix(2);
      EXPECT_TRUE(name.empty() || name == "string" || all.contains(name)) << info.name << ": " << name;
    }
}

TEST(Schemas, ValuesAreOfTheMembersType) {
  const json::object all = make_schemas();
  const auto& user = all.at("User").at("properties");
  EXPECT_EQ(user.at("status").at("enum"), (json::array{0, 1}));
  EXPECT_EQ(user.at("status").at("type"), "integer");
  EXPECT_EQ(user.at("id").at("readOnly"), true);
  EXPECT_EQ(all.at("User").at("required"), (json::array{"username"}));
  EXPECT_EQ(all.at("AzureBlobFsConfig").at("properties").at("access_tier").at("enum"),
            (json::array{"", "Archive", "Hot", "Cool"}));
  EXPECT_EQ(all.at("UserFilters").at("properties").at("denied_protocols").at("items").at("enum"),
            (json::array{"SSH", "FTP", "DAV", "HTTP"}));
  EXPECT_EQ(user.at("permissions").at("additionalProperties").at("type"), "array");
}

}  // namespace
}  // namespace slipway::management
