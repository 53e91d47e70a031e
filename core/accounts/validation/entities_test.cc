#include <gtest/gtest.h>

#include "core/accounts/validation/test_context.h"
#include "core/crypto/passwords.h"

namespace slipway::accounts {
namespace {

using Strings = std::vector<std::string>;

TEST(ValidFolder, NeedsAnAbsolutePathOnLocalDisks) {
  const TestContext context;
  Folder folder;
  folder.name = "pub";
  EXPECT_EQ(where(context.check(folder)), "/mapped_path");
  folder.mapped_path = "srv";
  EXPECT_EQ(where(context.check(folder)), "/mapped_path");
  folder.mapped_path = "/srv//pub/";
  folder.users = {"informational"};
  EXPECT_EQ(where(context.check(folder)), "");
  EXPECT_EQ(folder.mapped_path, "/srv/pub");
  EXPECT_TRUE(folder.users.empty());
}

TEST(ValidFolder, SealsItsSecretsForItsName) {
  const TestContext context;
  Folder folder;
  folder.name = "pub";
  folder.filesystem.provider = FsProvider::Gcs;
  folder.filesystem.gcsconfig.bucket = "b";
  folder.filesystem.gcsconfig.credentials = plain("{}");
  EXPECT_EQ(where(context.check(folder)), "");
  EXPECT_EQ(folder.filesystem.gcsconfig.credentials.additional_data, "folder_pub");
}

TEST(ValidGroup, MayLeaveTheRootPermissionOut) {
  const TestContext context;
  Group group;
  group.name = "g";
  group.user_settings.permissions["/in"] = {};
  group.user_settings.home_dir = "/srv/%username%/";
  group.user_settings.filters.user_type = "LDAPUser";
  EXPECT_EQ(where(context.check(group)), "");
  EXPECT_EQ(group.user_settings.home_dir, "/srv/%username%");
  EXPECT_EQ(group.user_settings.filters.user_type, "");
}

TEST(ValidGroup, ProblemsOfItsSettingsNameTheirPointer) {
  const TestContext context;
  Group group;
  group.name = "g";
  group.user_settings.filters.access_time = {{9, "08:00", "09:00"}};
  EXPECT_EQ(where(context.check(group)), "/user_settings/filters/access_time/0/day_of_week");
  group.user_settings.filters.access_time.clear();
  group.user_settings.filesystem.provider = FsProvider::S3;
  EXPECT_EQ(where(context.check(group)), "/user_settings/filesystem/s3config/bucket");
  group.user_settings.filesystem = {};
  group.user_settings.filters.share_policy = {1, 3};
  EXPECT_EQ(where(context.check(group)), "/user_settings/filters/share_policy/mode");
}

Admin valid_admin() {
  Admin admin;
  admin.username = "root";
  admin.password = " secret ";
  admin.status = 1;
  admin.permissions = {"*"};
  return admin;
}

TEST(ValidAdmin, HasItsPasswordTrimmedAndHashed) {
  const TestContext context;
  auto admin = valid_admin();
  EXPECT_EQ(where(context.check(admin)), "");
  EXPECT_TRUE(crypto::verify_password(admin.password, "secret"));
  const auto once = admin.password;
  EXPECT_EQ(where(context.check(admin)), "");
  EXPECT_EQ(admin.password, once);
  admin.password = "  ";
  EXPECT_EQ(where(context.check(admin)), "/password");
}

TEST(ValidAdmin, HashesThatThisServerDoesNotMakeAreTakenForPasswords) {
  const TestContext context;
  auto admin = valid_admin();
  admin.password = "{MD5}abc";
  EXPECT_EQ(where(context.check(admin)), "");
  EXPECT_TRUE(crypto::verify_password(admin.password, "{MD5}abc"));
}

TEST(ValidAdmin, PermissionsFollowTheRules) {
  TestContext context;
  auto admin = valid_admin();
  admin.permissions = {"view_users", "*"};
  EXPECT_EQ(where(context.check(admin)), "");
  EXPECT_EQ(admin.permissions, Strings{"*"});
  admin.role = "sales";
  EXPECT_EQ(where(context.check(admin)), "/permissions");
  admin.permissions = {};
  EXPECT_EQ(where(context.check(admin)), "/permissions");
  admin.permissions = {"view_user"};
  EXPECT_EQ(where(context.check(admin)), "/permissions/0");
  admin.permissions = {"manage_groups"};
  EXPECT_EQ(where(context.check(admin)), "/permissions");
  context.restoring = true;
  EXPECT_EQ(where(context.check(admin)), "");
  EXPECT_EQ(admin.permissions, (Strings{"manage_groups", "view_folders"}));
  context.restoring = false;
  context.settings.legacy_admin_permissions = true;
  admin.permissions = {"manage_groups"};
  EXPECT_EQ(where(context.check(admin)), "");
}

TEST(ValidAdmin, GroupsAndListsAreChecked) {
  const TestContext context;
  auto admin = valid_admin();
  admin.filters.allow_list = {"10.0.0.1"};
  EXPECT_EQ(where(context.check(admin)), "/filters/allow_list/0");
  admin.filters.allow_list.clear();
  admin.groups = {{"a", {1}}, {"b", {1}}};
  EXPECT_EQ(where(context.check(admin)), "/groups/1/options/add_to_users_as");
  admin.groups = {{"a", {3}}};
  EXPECT_EQ(where(context.check(admin)), "/groups/0/options/add_to_users_as");
}

Share valid_share() {
  Share share;
  share.id = "id";
  share.name = "holiday: photos?";
  share.scope = 1;
  share.paths = {"/a"};
  share.username = "ann";
  return share;
}

TEST(ValidShare, NamesAreNotBoundByTheNamingRulesButByTheCharacters) {
  const TestContext context;
  auto share = valid_share();
  EXPECT_EQ(where(context.check(share)), "/name");
  share.name = "holiday photos";
  EXPECT_EQ(where(context.check(share)), "");
}

TEST(ValidShare, PathsFollowTheScope) {
  const TestContext context;
  auto share = valid_share();
  share.name = "s";
  share.paths = {" ", "/a/", "/a", "/b"};
  EXPECT_EQ(where(context.check(share)), "");
  EXPECT_EQ(share.paths, (Strings{"/a", "/b"}));
  share.scope = 2;
  EXPECT_EQ(where(context.check(share)), "/paths");
  share.scope = 1;
  share.paths = {"/a", "/a/b"};
  EXPECT_EQ(where(context.check(share)), "/paths");
  share.paths = {"/a", "/ab"};
  EXPECT_EQ(where(context.check(share)), "");
  share.paths = {"/", "/a"};
  EXPECT_EQ(where(context.check(share)), "/paths");
  share.paths = {};
  EXPECT_EQ(where(context.check(share)), "/paths");
}

TEST(ValidShare, ExpiresWithinTheOwnersLimit) {
  TestContext context;
  auto share = valid_share();
  share.name = "s";
  share.expires_at = context.now_ms - 1;
  EXPECT_EQ(where(context.check(share)), "/expires_at");
  context.restoring = true;
  EXPECT_EQ(where(context.check(share)), "");
  context.restoring = false;
  context.max_share_expiration = 2;
  share.expires_at = 0;
  EXPECT_EQ(where(context.check(share)), "/expires_at");
  constexpr std::int64_t kDay = 86'400'000;
  share.expires_at = context.now_ms + 2 * kDay;
  EXPECT_EQ(where(context.check(share)), "");
  share.expires_at = context.now_ms + 4 * kDay;
  EXPECT_EQ(where(context.check(share)), "/expires_at");
}

TEST(ValidShare, PasswordsAreHashedAndNeverTheRedactedText) {
  TestContext context;
  auto share = valid_share();
  share.name = "s";
  share.password = "[**redacted**]";
  EXPECT_EQ(where(context.check(share)), "/password");
  PasswordRules rules;
  rules.policy.length = 10;
  context.inherited_rules = &rules;
  share.password = "short";
  EXPECT_EQ(where(context.check(share)), "/password");
  share.password = "long enough";
  EXPECT_EQ(where(context.check(share)), "");
  EXPECT_TRUE(crypto::verify_password(share.password, "long enough"));
}

TEST(ValidShare, CodesByMailNeedAddresses) {
  const TestContext context;
  auto share = valid_share();
  share.name = "s";
  share.options.auth_mode = 1;
  EXPECT_EQ(where(context.check(share)), "/options/emails");
  share.options.emails = {"a@example.com", "b"};
  EXPECT_EQ(where(context.check(share)), "/options/emails/1");
}

TEST(ValidApiKey, IsForOneKindOfAccount) {
  const TestContext context;
  ApiKey key;
  key.id = "id";
  key.name = "k";
  key.scope = 2;
  key.key = "$2a$10$x";
  key.user = "ann";
  EXPECT_EQ(where(context.check(key)), "");
  key.admin = "root";
  EXPECT_EQ(where(context.check(key)), "/user");
  key.user.clear();
  EXPECT_EQ(where(context.check(key)), "");
  EXPECT_EQ(key.admin, "") << "what does not fit the scope is cleared";
  key.key = "plain";
  EXPECT_EQ(where(context.check(key)), "/key");
  key.scope = 3;
  EXPECT_EQ(where(context.check(key)), "/scope");
}

TEST(ValidEventAction, KeepsTheOptionsOfItsTypeAndSealsThem) {
  const TestContext context;
  EventAction action;
  action.name = "a";
  action.type = 1;
  action.options = JsonText(
      R"({"http_config":{"endpoint":"http://h","password":{"status":"Plain","payload":"hidden"}},"cmd_config":{"cmd":"/x"},"later":1})");
  EXPECT_EQ(where(context.check(action)), "");
  EXPECT_EQ(action.options.text.find("hidden"), std::string::npos);
  EXPECT_EQ(action.options.text.find("cmd_config"), std::string::npos);
  EXPECT_NE(action.options.text.find(R"("later":1)"), std::string::npos);
  EXPECT_NE(action.options.text.find(R"("additional_data":"a")"), std::string::npos);
  action.type = 10;
  EXPECT_EQ(where(context.check(action)), "/type");
  action.type = 1;
  action.options = JsonText(R"({"http_config":{"password":{"status":"Redacted"}}})");
  EXPECT_EQ(where(context.check(action)), "/options/http_config/password");
}

TEST(ValidEventAction, OptionsAreObjects) {
  const TestContext context;
  EventAction action;
  action.name = "a";
  action.type = 3;
  action.options = JsonText(R"({"email_config":["x"]})");
  EXPECT_EQ(where(context.check(action)), "/options/email_config");
  action.options = JsonText(R"({"email_config":null,"later":null})");
  EXPECT_EQ(where(context.check(action)), "");
  EXPECT_EQ(action.options.text, "") << "null is as good as absent";
}

EventRule rule_with(std::vector<RuleAction> actions, int trigger = 1) {
  EventRule rule;
  rule.name = "r";
  rule.status = 1;
  rule.trigger = trigger;
  rule.actions = std::move(actions);
  return rule;
}

TEST(ValidEventRule, ActionsFollowTheRules) {
  const TestContext context;
  auto none = rule_with({});
  EXPECT_EQ(where(context.check(none)), "/actions");
  auto twice = rule_with({{"a", 1, {}}, {"a", 2, {}}});
  EXPECT_EQ(where(context.check(twice)), "/actions/1/name");
  auto order = rule_with({{"a", 1, {}}, {"b", 1, {}}});
  EXPECT_EQ(where(context.check(order)), "/actions/1/order");
  auto failures = rule_with({{"a", 1, {.is_failure_action = true}}});
  EXPECT_EQ(where(context.check(failures)), "/actions");
  auto sync = rule_with({{"a", 1, {.execute_sync = true}}}, 3);
  EXPECT_EQ(where(context.check(sync)), "/actions/0/relation_options/execute_sync");
  auto fine = rule_with({{"b", 2, {.is_failure_action = true}}, {"a", 1, {.execute_sync = true}}});
  EXPECT_EQ(where(context.check(fine)), "");
  EXPECT_EQ(fine.actions[0].name, "a") << "actions are kept in their order";
}

TEST(ValidEventRule, ConditionsAreOfTheirTypes) {
  const TestContext context;
  auto rule = rule_with({{"a", 1, {}}});
  const auto place_of = [&](const char* conditions) {
    rule.conditions = JsonText(conditions);
    return where(context.check(rule));
  };
  EXPECT_EQ(place_of(R"({"fs_events":["upload"],"schedules":[{"hour":"1"}],"options":{"min_size":1},"later":[1]})"),
            "");
  EXPECT_EQ(place_of(R"({"fs_events":"upload"})"), "/conditions/fs_events");
  EXPECT_EQ(place_of(R"({"fs_events":["upload",1]})"), "/conditions/fs_events/1");
  EXPECT_EQ(place_of(R"({"provider_events":{}})"), "/conditions/provider_events");
  EXPECT_EQ(place_of(R"({"schedules":["hourly"]})"), "/conditions/schedules/0");
  EXPECT_EQ(place_of(R"({"idp_login_event":"1"})"), "/conditions/idp_login_event");
  EXPECT_EQ(place_of(R"({"idp_login_event":3})"), "/conditions/idp_login_event");
  EXPECT_EQ(place_of(R"({"options":[]})"), "/conditions/options");
  EXPECT_EQ(place_of(R"({"fs_events":null})"), "");
  EXPECT_EQ(rule.conditions.text, "") << "null is as good as absent";
}

TEST(ValidIpListEntry, AddressesBecomeNetworks) {
  const TestContext context;
  const auto stored = [&](std::string text) {
    IpListEntry entry;
    entry.ipornet = std::move(text);
    entry.type = 2;
    entry.mode = 2;
    entry.protocols = 15;
    EXPECT_EQ(where(context.check(entry)), "") << entry.ipornet;
    EXPECT_EQ(entry.protocols, 0);
    return entry.ipornet;
  };
  EXPECT_EQ(stored("192.0.2.1"), "192.0.2.1/32");
  EXPECT_EQ(stored("2001:db8::1"), "2001:db8::1/128");
  EXPECT_EQ(stored("::ffff:192.0.2.1"), "192.0.2.1/32");
  EXPECT_EQ(stored("::ffff:192.0.2.0/120"), "192.0.2.0/24");
  EXPECT_EQ(stored("192.0.2.7/24"), "192.0.2.7/24") << "host bits stay as typed";
}

TEST(ValidIpListEntry, DenyingIsForTheDefenderOnly) {
  const TestContext context;
  IpListEntry entry{.ipornet = "192.0.2.1", .description = {}, .type = 1, .mode = 2};
  EXPECT_EQ(where(context.check(entry)), "/mode");
  entry.mode = 1;
  entry.type = 5;
  EXPECT_EQ(where(context.check(entry)), "/type");
  entry.type = 4;
  entry.protocols = 16;
  EXPECT_EQ(where(context.check(entry)), "/protocols");
  entry.protocols = 0;
  entry.ipornet = "example.com";
  EXPECT_EQ(where(context.check(entry)), "/ipornet");
}

TEST(ValidServerConfigs, SealHostKeys) {
  const TestContext context;
  ServerConfigs configs;
  configs.sftpd = JsonText(R"({"host_keys":[{"status":"Plain","payload":"hidden"}]})");
  EXPECT_EQ(where(context.check(configs)), "");
  EXPECT_EQ(configs.sftpd.text.find("hidden"), std::string::npos);
}

TEST(ValidServerConfigs, SealMailSecrets) {
  const TestContext context;
  ServerConfigs configs;
  configs.smtp = JsonText(R"({"host":"h","password":{"status":"Plain","payload":"hidden"}})");
  EXPECT_EQ(where(context.check(configs)), "");
  EXPECT_NE(configs.smtp.text.find(R"("additional_data":"smtp")"), std::string::npos);
  configs.sftpd = JsonText("[]");
  EXPECT_EQ(where(context.check(configs)), "/sftpd");
}

TEST(PasswordRules, AreCombinedFieldByField) {
  PasswordRules own, group, system;
  own.policy.length = 4;
  group.policy = {.length = 9, .uppers = 2};
  system.policy = {.length = 12, .uppers = 3, .lowers = 1};
  system.min_entropy = 50;
  const auto rules = combine_rules(own, group, system);
  EXPECT_EQ(rules.policy, (PasswordPolicy{.length = 4, .uppers = 2, .lowers = 1}));
  EXPECT_EQ(rules.min_entropy, 50);
}

TEST(PasswordRules, CountCharactersNotBytes) {
  PasswordRules rules;
  rules.policy.length = 4;
  EXPECT_FALSE(check_password("\xC3\xA4\xC3\xB6\xC3\xBC", rules, "/password").ok());
  rules.policy = {.length = 4, .uppers = 1, .lowers = 1, .digits = 1, .specials = 1};
  EXPECT_TRUE(check_password("aB1\xC3\xA4", rules, "/password").ok());
  EXPECT_FALSE(check_password("aB12", rules, "/password").ok());
}

}  // namespace
}  // namespace slipway::accounts
