// Shares through the management service: what owners do with them, and what their groups do.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>

#include "core/accounts/test_accounts.h"
#include "core/base/json.h"
#include "core/management/management.h"

namespace slipway::management {
namespace {

namespace json = boost::json;

class ShareOperations : public accounts::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    management_ = std::make_unique<Management>(ManagementRooms{accounts(), folder_.file("backups")});
    for (const char* name : {"staff", "press", "others"}) add(accounts().groups(), a_group(name));
    add_member("ann", {{"staff", accounts::GroupType::Primary}, {"press", accounts::GroupType::Membership}});
    add_member("bob", {{"staff", accounts::GroupType::Secondary}});
    add_member("cid", {{"press", accounts::GroupType::Membership}});
    add_member("eve", {{"others", accounts::GroupType::Primary}});
  }
  void TearDown() override { management_.reset(); }

  Result<json::object> call(const std::string& who, std::string_view operation, const json::object& input = {}) {
    const Actor actor{Actor::Kind::User, who, {}, "", "192.0.2.1"};
    SLIPWAY_ASSIGN(const std::string text, management_->call(OpContext{}, actor, operation, serialize_json(input)));
    return parse_json_object(text);
  }
  void add_member(std::string name, std::vector<accounts::GroupMapping> groups, std::vector<std::string> options = {}) {
    auto user = a_user(std::move(name));
    user.groups = std::move(groups);
    user.filters.web_client = std::move(options);
    add_user(user);
  }
  static json::object a_share(std::initializer_list<std::pair<const char*, int>> groups = {}) {
    json::object share{{"name", "docs"}, {"scope", 1}, {"paths", json::array{"/docs/"}}};
    if (groups.size() > 0) share["groups"] = bindings(groups);
    return share;
  }
  static json::array bindings(std::initializer_list<std::pair<const char*, int>> groups) {
    json::array list;
    for (const auto& [name, permissions] : groups)
      list.push_back(json::object{{"group_name", name}, {"permissions", permissions}});
    return list;
  }
  std::string made_by(const std::string& who, const json::object& share) {
    const auto made = call(who, "shares.add", share);
    EXPECT_TRUE(made) << made.error().message();
    return made ? std::string(made->at("id").as_string()) : "";
  }
  Errc delete_by(const std::string& who, const std::string& id) {
    return call(who, "shares.delete", {{"id", id}}).code();
  }
  Errc get_by(const std::string& who, const std::string& id) { return call(who, "shares.get", {{"id", id}}).code(); }
  Result<json::object> update_by(const std::string& who, const std::string& id, json::object share) {
    share["id"] = id;
    return call(who, "shares.update", share);
  }
  std::size_t listed_by(const std::string& who) { return call(who, "shares.list")->at("items").as_array().size(); }

  std::unique_ptr<Management> management_;
};

TEST_F(ShareOperations, MembersSeeWhatTheirGroupsMaySee) {
  const std::string id = made_by("ann", a_share({{"staff", 1}, {"press", 7}}));
  EXPECT_EQ(call("ann", "shares.get", {{"id", id}})->at("user_permissions"), 7);
  EXPECT_EQ(call("bob", "shares.get", {{"id", id}})->at("user_permissions"), 1);
  EXPECT_EQ(call("cid", "shares.get", {{"id", id}})->at("user_permissions"), 7);
  EXPECT_EQ(call("bob", "shares.list")->at("items").at(0).at("user_permissions"), 1);
  EXPECT_EQ(call("bob", "shares.list")->at("items").at(0).at("username"), "ann");
  EXPECT_EQ(get_by("eve", id), Errc::NotFound);
  EXPECT_EQ(listed_by("eve"), 0u);
  EXPECT_EQ(listed_by("ann"), 1u) << "once, although two groups lead there";
}

TEST_F(ShareOperations, EachBitIsARightOfItsOwn) {
  const std::string id = made_by("ann", a_share({{"staff", 1}, {"press", 6}}));
  const auto refused = update_by("bob", id, a_share());
  EXPECT_EQ(refused.code(), Errc::PermissionDenied);
  EXPECT_EQ(refused.error().cause(), "you may see this share, not change it");
  EXPECT_EQ(delete_by("bob", id), Errc::PermissionDenied);
  EXPECT_EQ(update_by("eve", id, a_share()).code(), Errc::NotFound);
  EXPECT_EQ(delete_by("eve", id), Errc::NotFound);
  EXPECT_EQ(get_by("cid", id), Errc::NotFound) << "write and delete are not read";
  EXPECT_EQ(listed_by("cid"), 0u);
  EXPECT_TRUE(update_by("cid", id, {{"name", "renamed"}}));
  EXPECT_EQ(call("ann", "shares.get", {{"id", id}})->at("name"), "renamed");
  EXPECT_EQ(delete_by("cid", id), Errc::Ok);
  EXPECT_EQ(get_by("ann", id), Errc::NotFound);
}

TEST_F(ShareOperations, OnlyTheOwnerChangesWhatIsSharedAndWithWhom) {
  const std::string id = made_by("ann", a_share({{"staff", 3}}));
  json::object seen = *call("bob", "shares.get", {{"id", id}});
  seen["description"] = "by bob";
  ASSERT_TRUE(update_by("bob", id, seen)) << "what was read is written back";
  const auto change = [&](const char* member, json::value value) {
    json::object changed = seen;
    changed[member] = std::move(value);
    return update_by("bob", id, changed).code();
  };
  EXPECT_EQ(change("paths", json::array{"/"}), Errc::PermissionDenied);
  EXPECT_EQ(change("paths", json::array{"/docs", "/more"}), Errc::PermissionDenied);
  EXPECT_EQ(change("scope", 3), Errc::PermissionDenied);
  EXPECT_EQ(change("groups", json::array()), Errc::PermissionDenied);
  EXPECT_EQ(change("groups", bindings({{"staff", 7}})), Errc::PermissionDenied);
  EXPECT_EQ(change("username", "bob"), Errc::Ok) << "which says nothing";
  EXPECT_EQ(change("paths", json::array{"/docs/../docs/"}), Errc::Ok) << "the same in other words";
  const json::object now = *call("ann", "shares.get", {{"id", id}});
  EXPECT_EQ(now.at("username"), "ann");
  EXPECT_EQ(now.at("paths"), (json::array{"/docs"}));
  EXPECT_EQ(now.at("groups"), bindings({{"staff", 3}}));
  EXPECT_EQ(now.at("description"), "by bob");
}

TEST_F(ShareOperations, WhatADelegateSaysNothingAboutStays) {
  const std::string id = made_by("ann", a_share({{"staff", 3}}));
  ASSERT_TRUE(update_by("bob", id, {{"name", "n"}}));
  const json::object now = *call("ann", "shares.get", {{"id", id}});
  EXPECT_EQ(now.at("scope"), 1);
  EXPECT_EQ(now.at("groups").as_array().size(), 1u);
}

TEST_F(ShareOperations, AStaleUpdateByADelegateDoesNotUndoTheOwners) {
  const std::string id = made_by("ann", a_share({{"staff", 3}}));
  auto stale = *accounts().shares().get(id);
  ASSERT_TRUE(update_by("ann", id, {{"name", "docs"}, {"scope", 2}, {"paths", json::array{"/docs/in"}}}));
  stale.name = "late";
  ASSERT_TRUE(accounts().shares().update(stale, root_, {.by_delegate = true}));
  const auto now = *accounts().shares().get(id);
  EXPECT_EQ(now.name, "late");
  EXPECT_EQ(now.scope, 2);
  EXPECT_EQ(now.paths, std::vector<std::string>{"/docs/in"});
  EXPECT_TRUE(now.groups.empty());
}

TEST_F(ShareOperations, ADelegateWorksWithinTheOwnersLimits) {
  add_member("max", {{"staff", accounts::GroupType::Membership}}, {"shares-without-password-disabled"});
  json::object share = a_share({{"staff", 3}});
  share["password"] = "share Password 1";
  const std::string id = made_by("max", share);
  EXPECT_EQ(update_by("bob", id, {{"name", "n"}}).code(), Errc::PermissionDenied) << "it would be without a password";
  EXPECT_TRUE(update_by("bob", id, {{"name", "n"}, {"password", "[**redacted**]"}}));

  add_member("off", {{"staff", accounts::GroupType::Membership}}, {"shares-disabled"});
  EXPECT_EQ(get_by("off", id), Errc::Ok);
  EXPECT_EQ(update_by("off", id, {{"name", "n"}, {"password", "[**redacted**]"}}).code(), Errc::PermissionDenied);
}

TEST_F(ShareOperations, SharesAreDelegatedToTheOwnersGroups) {
  const auto refused = call("ann", "shares.add", a_share({{"staff", 1}, {"others", 1}}));
  EXPECT_EQ(refused.error().message(), "/groups/1/group_name: you are not a member of this group");
  EXPECT_EQ(call("ann", "shares.add", a_share({{"none", 1}})).error().message(),
            "/groups/0/group_name: you are not a member of this group")
      << "nobody learns which groups there are";
  const std::string id = made_by("ann", a_share({{" staff ", 1}}));
  auto ann = *accounts().users().get("ann");
  ann.groups.clear();
  ASSERT_TRUE(accounts().users().update(ann, root_));
  EXPECT_TRUE(update_by("ann", id, a_share({{"staff", 3}}))) << "what is there may stay, and be changed";
  EXPECT_FALSE(update_by("ann", id, a_share({{"staff", 3}, {"press", 1}})));
  EXPECT_TRUE(update_by("ann", id, a_share()));
  EXPECT_FALSE(update_by("ann", id, a_share({{"staff", 1}})));
}

TEST_F(ShareOperations, RightsEndWithTheMembership) {
  const std::string id = made_by("ann", a_share({{"staff", 7}}));
  auto bob = *accounts().users().get("bob");
  bob.groups.clear();
  ASSERT_TRUE(accounts().users().update(bob, root_));
  EXPECT_EQ(get_by("bob", id), Errc::NotFound);
  EXPECT_EQ(delete_by("bob", id), Errc::NotFound);
  EXPECT_EQ(listed_by("bob"), 0u);
}

class SharePolicies : public ShareOperations {
 protected:
  void set_policy(const char* name, int permissions, int mode) {
    auto group = *accounts().groups().get(name);
    group.user_settings.filters.share_policy = {permissions, mode};
    const auto updated = accounts().groups().update(group, root_);
    ASSERT_TRUE(updated) << updated.error().message();
  }
  json::value groups_of(const std::string& id) {
    const auto share = call("ann", "shares.get", {{"id", id}});
    const json::value* groups = share->if_contains("groups");
    return groups == nullptr ? json::value(json::array()) : *groups;
  }
};

TEST_F(SharePolicies, AnEnforcedOneIsAttachedWhateverIsSaid) {
  set_policy("staff", 3, 2);
  for (const auto& said : {a_share(), a_share({{"staff", 7}}), a_share({{"press", 1}})}) {
    const json::value groups = groups_of(made_by("ann", said));
    const auto& list = groups.as_array();
    EXPECT_TRUE(std::ranges::any_of(list, [](const json::value& binding) {
      return binding.at("group_name") == "staff" && binding.at("permissions") == 3;
    })) << serialize_json(groups);
  }
  json::object none = a_share();
  none["groups"] = json::array();
  const std::string id = made_by("ann", none);
  EXPECT_EQ(groups_of(id), bindings({{"staff", 3}}));
  ASSERT_TRUE(update_by("ann", id, none));
  EXPECT_EQ(groups_of(id), bindings({{"staff", 3}})) << "nor does a change take it away";
  EXPECT_EQ(get_by("bob", id), Errc::Ok);
}

TEST_F(SharePolicies, ASuggestedOneIsTakenUnlessSomethingElseIsSaid) {
  set_policy("staff", 1, 1);
  const std::string id = made_by("ann", a_share());
  EXPECT_EQ(groups_of(id), bindings({{"staff", 1}}));
  json::object none = a_share();
  none["groups"] = json::array();
  EXPECT_EQ(groups_of(made_by("ann", none)), json::array());
  EXPECT_EQ(groups_of(made_by("ann", a_share({{"staff", 7}}))), bindings({{"staff", 7}}));
  ASSERT_TRUE(update_by("ann", id, a_share()));
  EXPECT_EQ(groups_of(id), json::array()) << "it is for new shares";
}

TEST_F(SharePolicies, AreThoseOfGroupsThatGiveSettings) {
  set_policy("press", 1, 2);  // of which ann is a mere member
  EXPECT_EQ(groups_of(made_by("ann", a_share())), json::array());
}

TEST_F(SharePolicies, WhoMayNotChangeThemHasTheEnforcedOnesAlone) {
  set_policy("staff", 3, 2);
  set_policy("others", 1, 1);
  add_member("ina", {{"staff", accounts::GroupType::Primary}, {"others", accounts::GroupType::Secondary}},
             {"shares-policy-change-disabled"});
  const auto groups = [&](const std::string& id) { return call("ina", "shares.get", {{"id", id}})->at("groups"); };
  const std::string id = made_by("ina", a_share());
  EXPECT_EQ(groups(id), bindings({{"staff", 3}}));
  EXPECT_EQ(call("ina", "shares.add", a_share({{"others", 1}})).code(), Errc::PermissionDenied);
  EXPECT_TRUE(call("ina", "shares.add", a_share({{"staff", 7}}))) << "the enforced one counts in any case";
  json::object seen = *call("ina", "shares.get", {{"id", id}});
  seen["description"] = "d";
  EXPECT_TRUE(update_by("ina", id, seen)) << "what was read is written back";
  EXPECT_TRUE(update_by("ina", id, a_share()));
  EXPECT_EQ(groups(id), bindings({{"staff", 3}}));
  EXPECT_EQ(update_by("ina", id, a_share({{"staff", 3}, {"others", 7}})).error().cause(),
            "you cannot change the groups of shares");
}

TEST_F(ShareOperations, ANewShareEndsWhenTheDefaultSays) {
  constexpr std::int64_t kDay = 24 * 60 * 60 * 1000;
  const auto now = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  const auto user_with = [&](const char* name, int default_days, int max_days) {
    auto user = a_user(name);
    user.filters.default_shares_expiration = default_days;
    user.filters.max_shares_expiration = max_days;
    add_user(user);
  };
  const auto end_of = [&](const std::string& who, json::object share) {
    const auto made = call(who, "shares.add", share);
    return made ? made->at("expires_at").to_number<std::int64_t>() : -1;
  };
  user_with("def", 3, 0);
  user_with("both", 3, 5);
  user_with("top", 0, 5);
  const auto before = now();
  for (const char* who : {"def", "both"}) {
    const auto end = end_of(who, a_share());
    EXPECT_GE(end, before + 3 * kDay) << who;
    EXPECT_LE(end, now() + 3 * kDay) << who;
  }
  json::object never = a_share(), null = a_share(), soon = a_share();
  never["expires_at"] = 0;
  null["expires_at"] = nullptr;
  soon["expires_at"] = before + kDay;
  EXPECT_EQ(end_of("def", never), 0) << "who says so may";
  EXPECT_EQ(end_of("both", never), -1) << "not beyond the most";
  EXPECT_GE(end_of("def", null), before + 3 * kDay);
  EXPECT_EQ(end_of("both", soon), before + kDay);
  EXPECT_EQ(end_of("top", a_share()), -1) << "without a default one must say";
  const std::string id = made_by("def", a_share());
  ASSERT_TRUE(update_by("def", id, a_share()));
  EXPECT_EQ(call("def", "shares.get", {{"id", id}})->at("expires_at"), 0) << "a change replaces it";
}

TEST_F(ShareOperations, EventsNameWhoDidIt) {
  const std::string id = made_by("ann", a_share({{"staff", 7}}));
  take_events();
  ASSERT_TRUE(update_by("bob", id, {{"name", "n"}}));
  ASSERT_EQ(delete_by("bob", id), Errc::Ok);
  EXPECT_EQ(events(), (std::vector<std::string>{"update share " + id + " by bob", "delete share " + id + " by bob"}));
}

}  // namespace
}  // namespace slipway::management
