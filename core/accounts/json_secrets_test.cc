#include "core/accounts/json_secrets.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/base/json.h"

namespace slipway::accounts {
namespace {

constexpr std::string_view kDocument =
    R"({"host":"h","password":{"status":"Plain","payload":"first"},"list":[{"token":{"status":"Plain","payload":"second"}}],)"
    R"("result":{"status":"Plain","rows":3},"state":{"status":"done"}})";

boost::json::value document() { return *parse_json(kDocument); }

TEST(JsonSecrets, AreFoundByTheirShapeAtEveryDepth) {
  auto value = document();
  std::vector<std::string> found;
  EXPECT_TRUE(visit_secrets(value, [&](const std::string& pointer, crypto::Secret& secret) {
                found.push_back(pointer + "=" + secret.payload);
                return ok();
              }).ok());
  EXPECT_EQ(found, (std::vector<std::string>{"/password=first", "/list/0/token=second"}));
}

TEST(JsonSecrets, AreOpenedInPlace) {
  const auto keeper = *crypto::SecretKeeper::make({});
  JsonText text{std::string(kDocument)};
  ASSERT_TRUE(visit_secrets(text, [&](const std::string&, crypto::Secret& s) { return keeper.seal(s, "me"); }).ok());
  EXPECT_EQ(text.text.find("first"), std::string::npos);
  auto value = *parse_json(text.text);
  ASSERT_TRUE(open_secrets(value, keeper).ok());
  EXPECT_EQ(value.at("password"), "first");
  EXPECT_EQ(value.at("list").at(0).at("token"), "second");
  EXPECT_EQ(value.at("state").at("status"), "done");
}

TEST(JsonSecrets, ThatCannotBeOpenedAreNamed) {
  const auto keeper = *crypto::SecretKeeper::make({});
  auto value = *parse_json(R"({"a":{"token":{"status":"Redacted"}}})");
  const auto status = open_secrets(value, keeper);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().subject(), "/a/token");
}

TEST(JsonSecrets, AreTakenOut) {
  auto value = document();
  strip_secrets(value);
  EXPECT_EQ(serialize_json(value),
            R"({"host":"h","list":[{}],"result":{"status":"Plain","rows":3},"state":{"status":"done"}})");
}

TEST(JsonSecrets, OfAnUpdateAreKeptUnlessTheyArePlain) {
  JsonText incoming(
      R"({"a":{"status":"Redacted"},"b":{"status":"Plain","payload":"new"},"c":[{"status":"Redacted"}]})");
  const JsonText stored(
      R"({"a":{"status":"AWS","payload":"x"},"b":{"status":"AWS","payload":"y"},"c":[{"status":"AWS","payload":"z"}]})");
  keep_stored_secrets(incoming, stored);
  EXPECT_EQ(
      incoming.text,
      R"({"a":{"status":"AWS","payload":"x"},"b":{"status":"Plain","payload":"new"},"c":[{"status":"AWS","payload":"z"}]})");
}

TEST(JsonSecrets, OfAnUpdateThatWereNeverSetStayUnset) {
  JsonText incoming(
      R"({"a":{"status":"Redacted"},"b":[{"c":{"status":"Redacted","payload":"x"}}],"d":{"status":"Plain","payload":"new"}})");
  keep_stored_secrets(incoming, JsonText(R"({"b":[]})"));
  EXPECT_EQ(incoming.text, R"({"a":{},"b":[{"c":{}}],"d":{"status":"Plain","payload":"new"}})");
  JsonText to_nothing(R"({"a":{"status":"Redacted"}})");
  keep_stored_secrets(to_nothing, {});
  EXPECT_EQ(to_nothing.text, R"({"a":{}})");
}

}  // namespace
}  // namespace slipway::accounts
