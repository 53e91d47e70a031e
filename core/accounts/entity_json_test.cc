#include "core/accounts/entity_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/accounts/admin.h"
#include "core/accounts/event_rule.h"
#include "core/accounts/group.h"
#include "core/accounts/share.h"
#include "core/accounts/user.h"
#include "core/base/json.h"

namespace slipway::accounts {
namespace {

constexpr std::string_view kUser = R"({
  "status": 1, "username": "ann", "email": "ann@example.com", "password": "$2a$10$hash", "home_dir": "/srv/ann",
  "has_password": true, "permissions": {"/": ["*"], "/in": ["list", "upload"]},
  "virtual_folders": [{"id": 3, "name": "pub", "mapped_path": "/srv/pub", "virtual_path": "/pub", "quota_size": -1,
                       "quota_files": -1, "filesystem": {"provider": 0}}],
  "groups": [{"name": "g2", "type": 2}, {"name": "g1", "type": 1}],
  "filters": {"allowed_ip": ["192.0.2.0/24"], "hooks": {"pre_login_disabled": true}, "new_switch": 4,
              "totp_config": {"enabled": true, "config_name": "Default", "protocols": ["SSH"],
                              "secret": {"status": "Secretbox", "payload": "cGF5", "key": "ab", "mode": 1}}},
  "filesystem": {"provider": 1, "s3config": {"bucket": "b", "access_secret": {"status": "Plain", "payload": "s"},
                                             "tagging": {"a": 1}}},
  "oidc_custom_fields": {"dept": ["x"]}, "brand_new": [1, 2]
})";

User read_user(Unknown policy = Unknown::Keep, std::vector<std::string>* unknown = nullptr) {
  auto user = from_json_text<User>(kUser, policy, unknown);
  EXPECT_TRUE(user.ok()) << user.error().message();
  return user.ok() ? *user : User{};
}

TEST(EntityJson, UserMembersOfEveryDepthAreRead) {
  const auto user = read_user();
  EXPECT_EQ(user.virtual_folders, (std::vector<FolderMapping>{{"pub", "/pub", -1, -1, ""}}));
  EXPECT_EQ(user.groups, (std::vector<GroupMapping>{{"g2", GroupType::Secondary}, {"g1", GroupType::Primary}}));
  EXPECT_EQ(user.permissions.at("/in"), (std::vector<std::string>{"list", "upload"}));
  EXPECT_TRUE(user.filters.hooks.pre_login_disabled);
  EXPECT_EQ(user.filters.totp_config.secret.mode, 1);
  EXPECT_EQ(user.filesystem.provider, FsProvider::S3);
  EXPECT_TRUE(user.filesystem.s3config.access_secret.is_plain());
}

TEST(EntityJson, UnknownMembersAreNamedAndSurviveARoundTrip) {
  std::vector<std::string> unknown;
  const auto user = read_user(Unknown::Keep, &unknown);
  EXPECT_EQ(unknown, (std::vector<std::string>{"/filters/new_switch", "/filesystem/s3config/tagging", "/brand_new"}));
  const auto text = to_json_text(user, Rendering::Full);
  const auto again = from_json_text<User>(text, Unknown::Keep);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, user);
  EXPECT_NE(text.find(R"("tagging":{"a":1})"), std::string::npos);
  EXPECT_NE(text.find(R"("brand_new":[1,2])"), std::string::npos);
}

TEST(EntityJson, ApiIgnoresUnknownMembers) {
  const auto user = read_user(Unknown::Ignore);
  EXPECT_TRUE(user.extra.empty());
  EXPECT_EQ(to_json_text(user, Rendering::Full).find("brand_new"), std::string::npos);
}

TEST(EntityJson, ApiShowsNoHashAndNoSecretKey) {
  const auto json = to_json(read_user(), Rendering::Api);
  EXPECT_FALSE(json.contains("password"));
  EXPECT_EQ(json.at("has_password"), true);
  EXPECT_EQ(json.at("uid"), 0);
  const auto& secret = json.at("filters").at("totp_config").at("secret").get_object();
  EXPECT_TRUE(secret.contains("payload"));
  EXPECT_FALSE(secret.contains("key"));
  EXPECT_FALSE(json.contains("brand_new"));
  EXPECT_FALSE(json.at("filesystem").get_object().contains("sftpconfig"));
  EXPECT_EQ(to_json(read_user(), Rendering::Confidential).at("password"), "$2a$10$hash");
}

TEST(EntityJson, ChoicesThatWereNotMadeAreLeftOut) {
  User user;
  const auto unmade = to_json(user, Rendering::Api).at("filters").get_object();
  EXPECT_FALSE(unmade.contains("tls_username"));
  EXPECT_FALSE(unmade.contains("user_type"));
  user.filters.user_type = "OSUser";
  EXPECT_EQ(to_json(user, Rendering::Api).at("filters").at("user_type"), "OSUser");
  const auto group = to_json(Group{}, Rendering::Api);
  EXPECT_FALSE(group.at("user_settings").at("filters").get_object().contains("tls_username"));
}

TEST(EntityJson, EventsCarryNoSecretAtAll) {
  const auto text = to_json_text(read_user(), Rendering::Event);
  EXPECT_EQ(text.find("Secretbox"), std::string::npos);
  EXPECT_EQ(text.find("Plain"), std::string::npos);
  EXPECT_EQ(text.find("$2a$"), std::string::npos);
}

TEST(EntityJson, FullLeavesOutWhatIsAtItsDefault) {
  EXPECT_EQ(to_json_text(User{}, Rendering::Full), "{}");
  EXPECT_EQ(to_json_text(Group{}, Rendering::Full), "{}");
}

TEST(EntityJson, ProblemsOfTypesNameTheirPointer) {
  const auto user = from_json_text<User>(R"({"username": 3, "groups": [{"name": "g", "type": "x"}]})", Unknown::Ignore);
  ASSERT_FALSE(user.ok());
  EXPECT_EQ(user.error().message(),
            "/username: expected text, got a number; /groups/0/type: expected an integer, got text");
}

TEST(EntityJson, SharePasswordsAreShownAsSet) {
  Share share;
  share.password = "$2a$10$x";
  EXPECT_EQ(to_json(share, Rendering::Api).at("password"), "[**redacted**]");
  EXPECT_FALSE(to_json(Share{}, Rendering::Api).contains("password"));
}

TEST(EntityJson, RuleActionsKeepTheirPlaceNotTheActionItself) {
  std::vector<std::string> unknown;
  const auto rule = from_json_text<EventRule>(
      R"({"name":"r","conditions":{"fs_events":["upload"]},
          "actions":[{"id":4,"name":"a","type":1,"options":{"http_config":{}},"order":2,"relation_options":{"stop_on_failure":true}}]})",
      Unknown::Keep, &unknown);
  ASSERT_TRUE(rule.ok());
  EXPECT_TRUE(unknown.empty());
  EXPECT_EQ(
      to_json_text(*rule, Rendering::Full),
      R"({"name":"r","conditions":{"fs_events":["upload"]},"actions":[{"name":"a","order":2,"relation_options":{"stop_on_failure":true}}]})");
}

}  // namespace
}  // namespace slipway::accounts
