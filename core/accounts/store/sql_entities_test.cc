// Administrators, API keys, shares, event actions and rules, IP lists, configurations.
#include <gtest/gtest.h>

#include "core/accounts/store/test_database.h"

namespace slipway::accounts {
namespace {

class SqlAdmins : public StoreTest {};

TEST_F(SqlAdmins, ComeBackWhole) {
  ASSERT_OK(store().add_role(a_role("sales")));
  for (const char* name : {"z", "a"}) ASSERT_OK(store().add_group(a_group(name)));
  Admin admin = an_admin("root");
  admin.description = "d";
  admin.password = "$2a$hash";
  admin.email = "r@example.org";
  admin.permissions = {"view_users", "edit_users"};
  admin.filters.allow_list = {"10.0.0.0/8"};
  admin.filters.preferences = {4, 30};
  admin.filters.recovery_codes = {{{"Secretbox", "cG", std::string(64, 'b'), "root", 0}, false}};
  admin.additional_info = "i";
  admin.groups = {{"z", {2}}, {"a", {1}}};
  admin.created_at = 1;
  admin.updated_at = 2;
  admin.last_login = 3;
  admin.role = "sales";
  admin.extra = JsonText(R"({"x":1})");
  EXPECT_FALSE(*store().has_admins());
  ASSERT_OK(store().add_admin(admin));
  EXPECT_TRUE(*store().has_admins());
  admin.id = store().admin("root")->id;
  EXPECT_EQ(*store().admin("root"), admin);
  EXPECT_EQ(store().admins({})->front(), admin);
  EXPECT_ERROR(store().add_admin(admin), Errc::Exists, "admin \"root\": exists already");

  Admin change = an_admin("root");
  change.created_at = change.last_login = 99;
  change.updated_at = 4;
  ASSERT_OK(store().update_admin(change));
  change.id = admin.id;
  change.created_at = 1;
  change.last_login = 3;
  EXPECT_EQ(*store().admin("root"), change);
  change.groups = {{"none", {1}}};
  EXPECT_ERROR(store().update_admin(change), Errc::InvalidArgument, "group \"none\": does not exist");
}

TEST_F(SqlAdmins, PasswordAndLoginChangeAlone) {
  Admin admin = an_admin("root");
  admin.password = "old";
  ASSERT_OK(store().add_admin(admin));
  ASSERT_OK(store().replace_admin_password("root", "old", "new", 9));
  EXPECT_EQ(store().replace_admin_password("root", "old", "x", 9).code(), Errc::Conflict);
  ASSERT_OK(store().set_admin_last_login("root", 10));
  EXPECT_EQ(store().admin("root")->password, "new");
  EXPECT_EQ(store().admin("root")->updated_at, 9);
  EXPECT_EQ(store().admin("root")->last_login, 10);
  for (const auto code :
       {store().admin("x").code(), store().update_admin(an_admin("x")).code(), store().remove_admin("x").code(),
        store().set_admin_last_login("x", 1).code(), store().replace_admin_password("x", "", "", 1).code()}) {
    EXPECT_EQ(code, Errc::NotFound);
  }
}

class SqlApiKeys : public StoreTest {};

TEST_F(SqlApiKeys, ComeBackWholeAndGoWithTheirOwner) {
  ASSERT_OK(store().add_user(a_user("bob")));
  ASSERT_OK(store().add_admin(an_admin("root")));
  ApiKey key;
  key.id = "k1";
  key.name = "n";
  key.key = "$2a$hash";
  key.scope = 2;
  key.created_at = 1;
  key.updated_at = 2;
  key.last_use_at = 3;
  key.expires_at = 4;
  key.description = "d";
  key.user = "bob";
  key.extra = JsonText(R"({"x":1})");
  ASSERT_OK(store().add_api_key(key));
  EXPECT_EQ(*store().api_key("k1"), key);
  EXPECT_EQ(store().add_api_key(key).code(), Errc::Exists);

  ApiKey change;
  change.id = "k1";
  change.key = "ignored";
  change.scope = 1;
  change.created_at = change.last_use_at = 99;
  change.updated_at = 5;
  change.admin = "root";
  ASSERT_OK(store().update_api_key(change));
  change.key = key.key;
  change.created_at = 1;
  change.last_use_at = 3;
  EXPECT_EQ(*store().api_key("k1"), change);
  ASSERT_OK(store().set_api_key_last_use("k1", 6));
  EXPECT_EQ(store().api_key("k1")->last_use_at, 6);

  change.user = "nobody";
  EXPECT_ERROR(store().update_api_key(change), Errc::InvalidArgument, "user \"nobody\": does not exist");
  change.id = "k2";
  change.user.clear();
  change.admin = "nobody";
  EXPECT_ERROR(store().add_api_key(change), Errc::InvalidArgument, "admin \"nobody\": does not exist");
  ASSERT_OK(store().remove_admin("root"));
  EXPECT_EQ(store().api_key("k1").code(), Errc::NotFound);
  EXPECT_EQ(store().remove_api_key("k1").code(), Errc::NotFound);
  EXPECT_EQ(store().set_api_key_last_use("k1", 1).code(), Errc::NotFound);
}

class SqlShares : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    for (const char* name : {"bob", "eve"}) ASSERT_OK(store().add_user(a_user(name)));
    for (const char* name : {"z", "a"}) ASSERT_OK(store().add_group(a_group(name)));
  }
  static Share a_share(std::string id, std::string owner) {
    Share share;
    share.id = std::move(id);
    share.username = std::move(owner);
    share.paths = {"/a"};
    share.scope = 1;
    return share;
  }
};

TEST_F(SqlShares, ComeBackWhole) {
  Share share = a_share("s1", "bob");
  share.name = "n";
  share.description = "d";
  share.created_at = 1;
  share.updated_at = 2;
  share.last_use_at = 3;
  share.expires_at = 4;
  share.password = "$2a$hash";
  share.max_tokens = 5;
  share.used_tokens = 6;
  share.allow_from = {"10.0.0.0/8"};
  share.groups = {{"z", 3}, {"a", 1}};
  share.options.emails = {"x@example.org"};
  share.options.auth_mode = 1;
  share.extra = JsonText(R"({"x":1})");
  ASSERT_OK(store().add_share(share));
  EXPECT_EQ(*store().share("s1"), share);
  EXPECT_EQ(store().shares({})->front(), share);
  EXPECT_EQ(store().add_share(share).code(), Errc::Exists);

  Share change = a_share("s1", "eve");
  change.created_at = 99;
  change.updated_at = change.last_use_at = change.used_tokens = 7;
  ASSERT_OK(store().update_share(change));
  change.created_at = 1;
  EXPECT_EQ(*store().share("s1"), change);
  change.groups = {{"none", 1}};
  EXPECT_ERROR(store().update_share(change), Errc::InvalidArgument, "group \"none\": does not exist");
  change.groups = {{"a", 1}, {"a", 2}};
  EXPECT_ERROR(store().update_share(change), Errc::InvalidArgument, "group \"a\": is listed twice");
  EXPECT_ERROR(store().add_share(a_share("s2", "nobody")), Errc::InvalidArgument, "user \"nobody\": does not exist");
}

TEST_F(SqlShares, OfAUserAreItsOwn) {
  ASSERT_OK(store().add_share(a_share("s3", "bob")));
  ASSERT_OK(store().add_share(a_share("s1", "bob")));
  ASSERT_OK(store().add_share(a_share("s2", "eve")));
  const auto of_bob = store().shares_of("bob", {});
  ASSERT_EQ(of_bob->size(), 2U);
  EXPECT_EQ((*of_bob)[0].id, "s1");
  EXPECT_EQ((*of_bob)[1].id, "s3");
  EXPECT_EQ(store().shares({})->size(), 3U);
  ListRequest second;
  second.offset = 1;
  EXPECT_EQ(store().shares_of("bob", second)->front().id, "s3");
}

TEST_F(SqlShares, AreSeenByTheOwnerAndByGroupsThatMayRead) {
  User member = a_user("member");
  member.groups = {{"a", GroupType::Membership}, {"z", GroupType::Secondary}};
  ASSERT_OK(store().add_user(member));
  Share own = a_share("s5", "member"), twice = a_share("s4", "bob"), once = a_share("s2", "eve");
  Share unreadable = a_share("s1", "bob");
  twice.groups = {{"a", 1}, {"z", 7}};
  once.groups = {{"z", 3}};
  unreadable.groups = {{"a", 6}};
  for (const Share& share : {own, twice, once, unreadable, a_share("s3", "bob")}) ASSERT_OK(store().add_share(share));
  const auto seen = [&](std::string_view user, ListRequest request = {}) {
    std::string ids;
    const auto shares = store().shares_seen_by(user, request);
    if (!shares) return shares.error().message();
    for (const Share& share : *shares) ids += share.id + " ";
    return ids;
  };
  EXPECT_EQ(seen("member"), "s2 s4 s5 ");
  EXPECT_EQ(seen("member", {.offset = 1, .limit = 1}), "s4 ");
  EXPECT_EQ(seen("member", {.descending = true}), "s5 s4 s2 ");
  EXPECT_EQ(seen("member", {.after = "s2"}), "s4 s5 ");
  EXPECT_EQ(seen("eve"), "s2 ");
  EXPECT_EQ(store().shares_seen_by("nobody", {}).code(), Errc::NotFound);
}

TEST_F(SqlShares, UsesAreCountedUpToTheLimit) {
  Share share = a_share("s", "bob");
  share.max_tokens = 3;
  ASSERT_OK(store().add_share(share));
  ASSERT_OK(store().use_share("s", 2, 10));
  EXPECT_EQ(store().use_share("s", 2, 20).code(), Errc::QuotaExceeded);
  EXPECT_EQ(store().share("s")->used_tokens, 2);
  EXPECT_EQ(store().share("s")->last_use_at, 10);
  ASSERT_OK(store().use_share("s", 1, 30));
  ASSERT_OK(store().use_share("s", -1, 40));
  EXPECT_EQ(store().share("s")->used_tokens, 2);
  ASSERT_OK(store().use_share("s", -9, 50));
  EXPECT_EQ(store().share("s")->used_tokens, 0);
  EXPECT_EQ(store().use_share("x", 1, 1).code(), Errc::NotFound);
  EXPECT_EQ(store().use_share("x", -1, 1).code(), Errc::NotFound);
  ASSERT_OK(store().add_share(a_share("unlimited", "bob")));
  EXPECT_OK(store().use_share("unlimited", 1000, 1));
}

TEST_F(SqlShares, PasswordIsReplacedOnlyWhileTheOldOneIsThere) {
  Share share = a_share("s", "bob");
  share.password = "old";
  ASSERT_OK(store().add_share(share));
  ASSERT_OK(store().replace_share_password("s", "old", "new"));
  EXPECT_EQ(store().replace_share_password("s", "old", "x").code(), Errc::Conflict);
  EXPECT_EQ(store().replace_share_password("x", "old", "x").code(), Errc::NotFound);
  EXPECT_EQ(store().share("s")->password, "new");
  ASSERT_OK(store().remove_share("s"));
  EXPECT_EQ(store().remove_share("s").code(), Errc::NotFound);
}

class SqlEvents : public StoreTest {
 protected:
  static EventAction an_action(std::string name) {
    EventAction action;
    action.name = std::move(name);
    action.type = 1;
    action.options = JsonText(R"({"http_config":{"endpoint":"http://x"}})");
    return action;
  }
  static EventRule a_rule(std::string name) {
    EventRule rule;
    rule.name = std::move(name);
    rule.status = 1;
    rule.trigger = 1;
    return rule;
  }
};

TEST_F(SqlEvents, ActionsComeBackWhole) {
  EventAction action = an_action("mail");
  action.description = "d";
  action.extra = JsonText(R"({"x":1})");
  ASSERT_OK(store().add_event_action(action));
  action.id = store().event_action("mail")->id;
  EXPECT_EQ(*store().event_action("mail"), action);
  EXPECT_EQ(store().add_event_action(action).code(), Errc::Exists);
  action.type = 3;
  action.options = JsonText("{}");
  ASSERT_OK(store().update_event_action(action));
  EXPECT_EQ(store().event_actions({})->front(), action);
  EXPECT_EQ(store().update_event_action(an_action("x")).code(), Errc::NotFound);
}

TEST_F(SqlEvents, RulesComeBackWholeAndHoldTheirActions) {
  for (const char* name : {"z", "a"}) ASSERT_OK(store().add_event_action(an_action(name)));
  EventRule rule = a_rule("on upload");
  rule.description = "d";
  rule.created_at = 1;
  rule.updated_at = 2;
  rule.conditions = JsonText(R"({"fs_events":["upload"]})");
  rule.actions = {{"z", 2, {true, false, false, true}}, {"a", 1, {false, true, true, false}}};
  ASSERT_OK(store().add_event_rule(rule));
  rule.id = store().event_rule("on upload")->id;
  EXPECT_EQ(*store().event_rule("on upload"), rule);
  EXPECT_EQ(store().event_rules({})->front(), rule);
  EXPECT_EQ(store().add_event_rule(rule).code(), Errc::Exists);
  EXPECT_EQ(*store().event_action_uses("z"), (std::vector<std::string>{"on upload"}));
  EXPECT_ERROR(store().remove_event_action("z"), Errc::Conflict, "event action \"z\": is used by rules on upload");

  EventRule change = a_rule("on upload");
  change.created_at = 99;
  change.actions = {{"none", 1, {}}};
  EXPECT_ERROR(store().update_event_rule(change), Errc::InvalidArgument, "event action \"none\": does not exist");
  change.actions = {{"a", 1, {}}};
  ASSERT_OK(store().update_event_rule(change));
  EXPECT_EQ(store().event_rule("on upload")->created_at, 1);
  EXPECT_OK(store().remove_event_action("z"));
  ASSERT_OK(store().remove_event_rule("on upload"));
  EXPECT_OK(store().remove_event_action("a"));
  for (const auto code : {store().event_rule("x").code(), store().update_event_rule(a_rule("x")).code(),
                          store().remove_event_rule("x").code(), store().event_action("x").code(),
                          store().remove_event_action("x").code(), store().event_action_uses("x").code()}) {
    EXPECT_EQ(code, Errc::NotFound);
  }
}

class SqlIpLists : public StoreTest {
 protected:
  static IpListEntry an_entry(int type, std::string net) {
    IpListEntry entry;
    entry.type = type;
    entry.ipornet = std::move(net);
    entry.mode = 1;
    return entry;
  }
};

TEST_F(SqlIpLists, EntriesAreUniqueWithinTheirType) {
  IpListEntry entry = an_entry(2, "192.0.2.0/24");
  entry.description = "d";
  entry.mode = 2;
  entry.protocols = 3;
  entry.created_at = 1;
  entry.updated_at = 2;
  entry.extra = JsonText(R"({"x":1})");
  ASSERT_OK(store().add_ip_list_entry(entry));
  EXPECT_EQ(*store().ip_list_entry(2, "192.0.2.0/24"), entry);
  EXPECT_EQ(store().add_ip_list_entry(entry).code(), Errc::Exists);
  EXPECT_OK(store().add_ip_list_entry(an_entry(1, "192.0.2.0/24")));
  entry.created_at = 99;
  entry.mode = 1;
  ASSERT_OK(store().update_ip_list_entry(entry));
  entry.created_at = 1;
  EXPECT_EQ(*store().ip_list_entry(2, "192.0.2.0/24"), entry);
  ASSERT_OK(store().remove_ip_list_entry(2, "192.0.2.0/24"));
  EXPECT_EQ(store().ip_list_entry(2, "192.0.2.0/24").code(), Errc::NotFound);
  EXPECT_EQ(store().remove_ip_list_entry(2, "192.0.2.0/24").code(), Errc::NotFound);
  EXPECT_EQ(store().update_ip_list_entry(entry).code(), Errc::NotFound);
  EXPECT_OK(store().ip_list_entry(1, "192.0.2.0/24"));
}

TEST_F(SqlIpLists, ListsAreOrderedByTypeThenText) {
  for (const auto& [type, net] : std::vector<std::pair<int, std::string>>{{3, "1"}, {1, "2"}, {2, "9"}, {2, "10"}}) {
    ASSERT_OK(store().add_ip_list_entry(an_entry(type, net)));
  }
  const auto texts = [](const std::vector<IpListEntry>& entries) {
    std::string text;
    for (const auto& entry : entries) text += std::to_string(entry.type) + ":" + entry.ipornet + " ";
    return text;
  };
  EXPECT_EQ(texts(*store().ip_list_entries(0, {})), "1:2 2:10 2:9 3:1 ");
  EXPECT_EQ(texts(*store().ip_list_entries(2, {})), "2:10 2:9 ");
  ListRequest request;
  request.descending = true;
  EXPECT_EQ(texts(*store().ip_list_entries(0, request)), "3:1 2:9 2:10 1:2 ");
  request.descending = false;
  request.after = "10";
  EXPECT_EQ(texts(*store().ip_list_entries(2, request)), "2:9 ");
  EXPECT_EQ(store().ip_list_entries(0, request).code(), Errc::InvalidArgument);
}

class SqlConfigs : public StoreTest {};

TEST_F(SqlConfigs, AreEmptyUntilTheyAreSet) {
  EXPECT_EQ(*store().configs(), ServerConfigs{});
  ServerConfigs configs;
  configs.smtp = JsonText(R"({"host":"mail"})");
  configs.updated_at = 5;
  configs.extra = JsonText(R"({"x":1})");
  ASSERT_OK(store().update_configs(configs));
  EXPECT_EQ(*store().configs(), configs);
  configs.smtp = {};
  configs.branding = JsonText(R"({"name":"n"})");
  ASSERT_OK(store().update_configs(configs));
  EXPECT_EQ(*store().configs(), configs);
}

}  // namespace
}  // namespace slipway::accounts
