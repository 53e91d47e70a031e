#include "core/management/management.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "core/accounts/store/test_database.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/crypto/base32.h"
#include "core/crypto/totp.h"

namespace slipway::management {
namespace {

namespace json = boost::json;
using accounts::Accounts;
using accounts::AccountsSettings;

class FakeModules final : public ModuleControl {
 public:
  std::vector<Info> list() const override { return {{"sftp", "protocol-sftp", "protocol", "1.0", "running", "", ""}}; }
  Result<std::string> describe(std::string_view instance) override {
    SLIPWAY_TRY(note("describe", instance));
    return std::string(R"({"name":"sftp","values":{"key":"[**redacted**]"}})");
  }
  Status enable(std::string_view instance) override { return note("enable", instance); }
  Status disable(std::string_view instance) override { return note("disable", instance); }
  Status reconfigure(std::string_view instance) override { return note("reconfigure", instance); }

  std::vector<std::string> calls;

 private:
  Status note(const char* what, std::string_view instance) {
    if (instance != "sftp") return Error(Errc::NotFound, std::string(instance));
    calls.push_back(std::string(what) + " " + std::string(instance));
    return ok();
  }
};

Actor superuser() { return {Actor::Kind::Admin, "root", {"*"}, "", "192.0.2.1"}; }
Actor system_actor() { return {Actor::Kind::System, "__system__", {}, "", ""}; }
Actor admin_with(std::vector<std::string> permissions, std::string role = "") {
  return {Actor::Kind::Admin, "adm", std::move(permissions), std::move(role), "192.0.2.1"};
}
AccountsSettings cheap_settings() {
  AccountsSettings settings;
  settings.validation.hashing.bcrypt_cost = 4;
  settings.validation.users_base_dir = "/srv/users";
  settings.track_quota = 1;
  return settings;
}

class ManagementTest : public testing::Test {
 protected:
  ManagementTest()
      : store_(*accounts::open_sqlite_store({folder_.file("accounts.db"), "", "", {}})),
        secrets_(*crypto::SecretKeeper::make({})),
        accounts_(*store_, secrets_, nullptr, cheap_settings()),
        management_({accounts_, folder_.file("backups"), nullptr, nullptr, &modules_}) {}

  Result<json::object> call(const Actor& actor, std::string_view operation, const json::object& input = {}) {
    SLIPWAY_ASSIGN(const std::string text, management_.call(OpContext{}, actor, operation, serialize_json(input)));
    return parse_json_object(text);
  }
  Result<json::object> call(std::string_view operation, const json::object& input = {}) {
    return call(superuser(), operation, input);
  }
  static json::object a_user(std::string_view name) {
    return {{"username", name},
            {"status", 1},
            {"permissions", json::object{{"/", json::array{"*"}}}},
            {"password", "s3cret Pass"}};
  }
  static std::string names(const Result<json::object>& page, const char* key = "username") {
    if (!page) return page.error().message();
    std::string text;
    for (const auto& item : page->at("items").as_array()) text += std::string(item.at(key).as_string()) + " ";
    return text;
  }

  accounts::TemporaryFolder folder_;
  std::unique_ptr<accounts::SqlStore> store_;
  crypto::SecretKeeper secrets_;
  Accounts accounts_;
  FakeModules modules_;
  Management management_;
};

// ---- the table

TEST_F(ManagementTest, TheTableIsSortedNamedAndDescribed) {
  const auto table = Management::table();
  ASSERT_GT(table.size(), 50U);
  for (std::size_t i = 0; i < table.size(); ++i) {
    EXPECT_NE(table[i].name.find('.'), std::string_view::npos) << table[i].name;
    EXPECT_TRUE(table[i].summary.ends_with('.')) << table[i].name;
    if (i > 0) {
      EXPECT_LT(table[i - 1].name, table[i].name);
    }
  }
}

TEST_F(ManagementTest, PermissionsAreTheDocumentedOnes) {
  const std::map<std::string_view, std::string_view> documented = {
      {"users.list", "view_users"},
      {"users.get", "view_users"},
      {"users.add", "add_users"},
      {"users.update", "edit_users"},
      {"users.delete", "del_users"},
      {"users.mfa.disable", "disable_mfa"},
      {"users.quota.scan", "quota_scans"},
      {"users.quota.scans", "quota_scans"},
      {"users.quota.update", "edit_users"},
      {"users.transfer_quota.update", "edit_users"},
      {"folders.list", "view_folders|manage_folders"},
      {"folders.get", "view_folders|manage_folders"},
      {"folders.add", "manage_folders"},
      {"folders.update", "manage_folders"},
      {"folders.delete", "del_folders|manage_folders"},
      {"folders.quota.scan", "quota_scans"},
      {"folders.quota.scans", "quota_scans"},
      {"folders.quota.update", "manage_folders"},
      {"groups.list", "view_groups|manage_groups"},
      {"groups.get", "view_groups|manage_groups"},
      {"groups.add", "manage_groups"},
      {"groups.update", "manage_groups"},
      {"groups.delete", "del_groups|manage_groups"},
      {"connections.list", "view_conns"},
      {"connections.close", "close_conns"},
      {"status.get", "view_status"},
      {"defender.hosts.list", "view_defender"},
      {"defender.hosts.get", "view_defender"},
      {"defender.hosts.delete", "manage_defender"},
      {"events.search", "view_events"},
      {"version.get", ""},
  };
  for (const OperationInfo& info : Management::table()) {
    if (info.name.starts_with("mfa.") || info.name.starts_with("self.") || info.name.starts_with("shares.")) {
      // Whoever logged in, for the own account.
      EXPECT_EQ(info.permission, "self") << info.name;
      continue;
    }
    const auto found = documented.find(info.name);
    EXPECT_EQ(info.permission, found == documented.end() ? "*" : found->second) << info.name;
  }
}

TEST_F(ManagementTest, EveryOperationChecksItsPermission) {
  const std::vector<std::string> all = {
      "add_users",   "edit_users",   "del_users",   "view_users",     "view_groups",     "manage_groups",
      "del_groups",  "view_folders", "del_folders", "manage_folders", "view_conns",      "close_conns",
      "view_status", "quota_scans",  "view_events", "view_defender",  "manage_defender", "disable_mfa"};
  for (const OperationInfo& info : Management::table()) {
    if (info.permission == "self" || info.permission.empty()) continue;
    const auto code = [&](const Actor& actor) { return call(actor, info.name).code(); };
    EXPECT_EQ(code(admin_with({})), Errc::PermissionDenied) << info.name;
    EXPECT_EQ(code({Actor::Kind::User, "bob", {"*"}, "", ""}), Errc::PermissionDenied) << info.name;
    EXPECT_NE(code(superuser()), Errc::PermissionDenied) << info.name;
    EXPECT_NE(code(system_actor()), Errc::PermissionDenied) << info.name;
    const auto needed = split(info.permission, '|');
    std::vector<std::string> others;
    for (const auto& permission : all)
      if (std::ranges::find(needed, permission) == needed.end()) others.push_back(permission);
    EXPECT_EQ(code(admin_with(others)), Errc::PermissionDenied) << info.name;
    for (const auto& permission : needed) {
      EXPECT_NE(code(admin_with({permission})), Errc::PermissionDenied) << info.name << " with " << permission;
    }
  }
}

TEST_F(ManagementTest, UnknownOperationsSuggestAKnownOne) {
  EXPECT_ERROR(call("user.list"), Errc::NotFound, "user.list: no such operation; did you mean users.list?");
  EXPECT_ERROR(call("frobnicate"), Errc::NotFound, "frobnicate: no such operation");
}

TEST_F(ManagementTest, InputThatIsNoObjectIsRefused) {
  for (const char* input : {"[", "[]", "\"x\"", "{\"a\":1,\"a\":2}", "{} {}"}) {
    EXPECT_EQ(management_.call({}, superuser(), "users.list", input).code(), Errc::InvalidArgument) << input;
  }
  EXPECT_TRUE(management_.call({}, superuser(), "users.list", " "));
  EXPECT_EQ(management_.call({}, superuser(), "users.list", std::string((32 << 20) + 1, ' ')).code(), Errc::TooLarge);
}

// ---- lists

TEST_F(ManagementTest, ListsComeInPages) {
  for (const char* name : {"e", "c", "a", "d", "b"}) ASSERT_OK(call("users.add", a_user(name)));
  auto page = call("users.list", {{"limit", 2}});
  EXPECT_EQ(names(page), "a b ");
  EXPECT_EQ(page->at("next").as_int64(), 2);
  page = call("users.list", {{"limit", 2}, {"offset", 4}});
  EXPECT_EQ(names(page), "e ");
  EXPECT_TRUE(page->at("next").is_null());
  EXPECT_EQ(names(call("users.list", {{"limit", 2}, {"order", "DESC"}})), "e d ");
  EXPECT_EQ(names(call("users.list", {{"prefix", "c"}})), "c ");
  EXPECT_EQ(names(call("users.list")), "a b c d e ");
}

TEST_F(ManagementTest, PagesBeyondTheLimitsAreRefused) {
  for (const json::object& input :
       {json::object{{"limit", 0}}, json::object{{"limit", 501}}, json::object{{"limit", "x"}},
        json::object{{"offset", -1}}, json::object{{"order", "asc"}}}) {
    for (const char* operation : {"users.list", "groups.list", "ip_lists.list"}) {
      EXPECT_EQ(call(operation, input).code(), Errc::InvalidArgument) << serialize_json(input);
    }
  }
}

// ---- users

TEST_F(ManagementTest, UsersAreAddedReadChangedAndDeleted) {
  const auto added = call("users.add", a_user("bob"));
  ASSERT_OK(added);
  EXPECT_EQ(added->at("home_dir").as_string(), "/srv/users/bob");
  EXPECT_FALSE(added->contains("password"));
  EXPECT_EQ(call("users.add", a_user("bob")).code(), Errc::Exists);
  auto user = *call("users.get", {{"username", "bob"}});
  EXPECT_TRUE(user.at("has_password").as_bool());
  user["email"] = "bob@example.org";
  ASSERT_OK(call("users.update", user));
  EXPECT_EQ(call("users.get", {{"username", "bob"}})->at("email").as_string(), "bob@example.org");
  EXPECT_TRUE(*accounts_.verify_password("bob", "s3cret Pass"));
  ASSERT_OK(call("users.delete", {{"username", "bob"}}));
  for (const char* operation : {"users.get", "users.delete", "users.mfa.disable", "users.quota.update"}) {
    EXPECT_ERROR(call(operation, {{"username", "bob"}}), Errc::NotFound, "user \"bob\": does not exist");
  }
  EXPECT_EQ(call("users.update", a_user("bob")).code(), Errc::NotFound);
}

TEST_F(ManagementTest, MistakesAreNamedWithTheirPointer) {
  json::object user = a_user("bob");
  user["status"] = "on";
  EXPECT_EQ(call("users.add", user).code(), Errc::InvalidArgument);
  EXPECT_NE(call("users.add", user).error().message().find("/status"), std::string::npos);
  EXPECT_ERROR(call("users.get"), Errc::InvalidArgument, "/username: a text is needed here");
}

TEST_F(ManagementTest, HashesAreForSuperusersThatAskForThem) {
  ASSERT_OK(call("users.add", a_user("bob")));
  const json::object ask = {{"username", "bob"}, {"confidential_data", true}};
  EXPECT_TRUE(call("users.get", ask)->contains("password"));
  EXPECT_FALSE(call("users.get", {{"username", "bob"}})->contains("password"));
  EXPECT_FALSE(call(admin_with({"view_users"}), "users.get", ask)->contains("password"));
}

TEST_F(ManagementTest, OptionsOfAnUpdateAreNotStored) {
  ASSERT_OK(call("users.add", a_user("bob")));
  json::object user = a_user("bob");
  user["disconnect"] = true;
  user["confidential_data"] = true;
  ASSERT_OK(call("users.update", user));
  const auto stored = *call("users.get", {{"username", "bob"}});
  EXPECT_FALSE(stored.contains("disconnect"));
  EXPECT_FALSE(stored.contains("confidential_data"));
}

TEST_F(ManagementTest, MembersThatNobodyKnowsAreIgnoredAndThoseOfADumpStay) {
  json::object user = a_user("bob");
  user["from_a_newer_server"] = 7;
  user["filters"] = json::object{{"newer_filter", true}};
  ASSERT_OK(call("data.load", {{"data", json::object{{"users", json::array{user}}, {"version", 17}}}}));
  user = a_user("bob");
  user["from_a_client"] = 8;
  user["filters"] = json::object{{"clients_filter", true}};
  ASSERT_OK(call("users.update", user));
  const std::string dump = json::serialize(*call("data.dump"));
  for (const char* kept : {"from_a_newer_server", "newer_filter"})
    EXPECT_NE(dump.find(kept), std::string::npos) << kept;
  for (const char* ignored : {"from_a_client", "clients_filter"}) EXPECT_EQ(dump.find(ignored), std::string::npos);
}

// The contract's VirtualFolder is a folder and its mapping in one.
TEST_F(ManagementTest, MappedFoldersAreWrittenWhole) {
  ASSERT_OK(call("folders.add", {{"name", "photos"}, {"mapped_path", "/srv/photos"}, {"description", "of us"}}));
  json::object user = a_user("bob");
  user["virtual_folders"] =
      json::array{json::object{{"name", "photos"}, {"virtual_path", "/p"}, {"quota_size", -1}, {"quota_files", -1}}};
  ASSERT_OK(call("users.add", user));
  json::object group{{"name", "staff"}, {"virtual_folders", user["virtual_folders"]}};
  ASSERT_OK(call("groups.add", group));
  const auto is_whole = [](const json::value& document) {
    const auto& folder = document.at("virtual_folders").at(0).as_object();
    EXPECT_EQ(folder.at("virtual_path").as_string(), "/p");
    EXPECT_EQ(folder.at("quota_size").as_int64(), -1);
    EXPECT_EQ(folder.at("mapped_path").as_string(), "/srv/photos");
    EXPECT_EQ(folder.at("description").as_string(), "of us");
    EXPECT_TRUE(folder.at("filesystem").is_object());
    EXPECT_FALSE(folder.contains("users"));
  };
  const auto got = *call("users.get", {{"username", "bob"}});
  is_whole(got);
  is_whole(call("users.list")->at("items").at(0));
  is_whole(*call("users.update", got));
  is_whole(*call("groups.get", {{"name", "staff"}}));
}

TEST_F(ManagementTest, AdminsWhoSeeNoGroupsGiveTheirOwnToNewUsers) {
  for (const char* name : {"staff", "sales", "all"}) ASSERT_OK(call("groups.add", {{"name", name}}));
  const auto as = [](const char* name, int type) {
    return json::object{{"name", name}, {"options", json::object{{"add_to_users_as", type}}}};
  };
  ASSERT_OK(call("admins.add", {{"username", "adm"},
                                {"status", 1},
                                {"password", "s3cret Pass"},
                                {"permissions", json::array{"add_users", "edit_users"}},
                                {"groups", json::array{as("staff", 1), as("sales", 2), as("all", 0)}}}));
  const Actor blind = admin_with({"add_users", "edit_users"});
  const auto added = call(blind, "users.add", a_user("bob"));
  ASSERT_OK(added);
  const json::array expected{json::object{{"name", "staff"}, {"type", 1}}, json::object{{"name", "sales"}, {"type", 2}},
                             json::object{{"name", "all"}, {"type", 3}}};
  EXPECT_EQ(added->at("groups"), expected);
  EXPECT_FALSE(call(blind, "users.update", a_user("bob"))->contains("groups")) << "on creation only";
  EXPECT_FALSE(call(admin_with({"add_users", "view_groups"}), "users.add", a_user("ann"))->contains("groups"));
  EXPECT_FALSE(call("users.add", a_user("eve"))->contains("groups"));
}

TEST_F(ManagementTest, SecondFactorsAreTurnedOff) {
  ASSERT_OK(call("users.add", a_user("bob")));
  EXPECT_ERROR(call("users.mfa.disable", {{"username", "bob"}}), Errc::InvalidArgument,
               "bob: two-factor authentication is not enabled");
  accounts::TotpConfig totp{true, "Default", {"Plain", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "", "", 0}, {"SSH"}};
  ASSERT_OK(accounts_.second_factors().set(accounts::AccountKind::User, "bob", totp, system_actor()));
  ASSERT_TRUE(accounts_.users().get("bob")->filters.totp_config.enabled);
  ASSERT_OK(call(admin_with({"disable_mfa"}), "users.mfa.disable", {{"username", "bob"}}));
  EXPECT_FALSE(accounts_.users().get("bob")->filters.totp_config.enabled);
  EXPECT_TRUE(accounts_.users().get("bob")->filters.recovery_codes.empty());
}

Actor user_actor(std::string name) { return {Actor::Kind::User, std::move(name), {}, "", "192.0.2.2"}; }

class Mfa : public ManagementTest {
 protected:
  void SetUp() override {
    ASSERT_OK(call("users.add", a_user("bob")));
    json::object admin = a_user("adm");
    admin["permissions"] = json::array{"view_users"};
    ASSERT_OK(call("admins.add", admin));
  }
  // Of a new secret, the way an app enrols.
  json::object enrolled(const Actor& actor, json::array protocols) {
    const auto made = call(actor, "mfa.generate", {{"config_name", "Default"}});
    EXPECT_TRUE(made.ok()) << made.error().message();
    secret_ = std::string(made->at("secret").as_string());
    return {{"enabled", true},
            {"config_name", "Default"},
            {"secret", json::object{{"status", "Plain"}, {"payload", secret_}}},
            {"protocols", std::move(protocols)}};
  }
  std::string passcode() const {
    const auto step = crypto::totp_step(std::chrono::system_clock::now());
    return *crypto::totp_code(*crypto::base32_decode(secret_), step, crypto::DigestKind::Sha1);
  }
  std::string secret_;
};

TEST_F(Mfa, UsersEnrolThemselves) {
  const Actor bob = user_actor("bob");
  EXPECT_EQ(names(call(bob, "mfa.configs"), "name"), "Default ");
  const json::object wanted = enrolled(bob, {"SSH"});
  json::object tried{{"config_name", "Default"}, {"secret", secret_}, {"passcode", "nonsense"}};
  EXPECT_ERROR(call(bob, "mfa.validate", tried), Errc::InvalidArgument, "/passcode: Invalid passcode");
  tried["passcode"] = passcode();
  ASSERT_OK(call(bob, "mfa.validate", tried));
  ASSERT_OK(call(bob, "mfa.save", wanted));
  EXPECT_TRUE(accounts_.users().get("bob")->filters.totp_config.enabled);
  const auto codes = call(bob, "mfa.recovery_codes.list");
  ASSERT_OK(codes);
  EXPECT_EQ(codes->at("items").as_array().size(), 12u);
  const auto fresh = call(bob, "mfa.recovery_codes.generate");
  ASSERT_OK(fresh);
  EXPECT_TRUE(*accounts_.second_factors().use_recovery_code(accounts::AccountKind::User, "bob",
                                                            std::string(fresh->at("items").as_array()[0].as_string())));
}

TEST_F(Mfa, AdministratorsEnrolThemselves) {
  const Actor adm = admin_with({"view_users"});
  ASSERT_OK(call(adm, "mfa.save", enrolled(adm, {})));
  EXPECT_TRUE(accounts_.admins().get("adm")->filters.totp_config.enabled);
  EXPECT_TRUE(*accounts_.second_factors().verify_admin("adm", passcode()));
  json::object off{{"enabled", false}};
  ASSERT_OK(call(adm, "mfa.save", off));
  EXPECT_FALSE(accounts_.admins().get("adm")->filters.totp_config.enabled);
}

TEST_F(Mfa, NobodyActsForSomebodyElse) {
  json::object for_adm = enrolled(user_actor("bob"), {"SSH"});
  for_adm["admin"] = "adm";
  for_adm["username"] = "adm";
  ASSERT_OK(call(user_actor("bob"), "mfa.save", for_adm));
  EXPECT_FALSE(accounts_.admins().get("adm")->filters.totp_config.enabled);
  EXPECT_TRUE(accounts_.users().get("bob")->filters.totp_config.enabled);
  EXPECT_EQ(call(user_actor("bob"), "users.list").code(), Errc::PermissionDenied);
  EXPECT_EQ(call(user_actor("bob"), "status.get").code(), Errc::PermissionDenied);
}

TEST_F(Mfa, TheCommandLineNamesTheAccount) {
  EXPECT_EQ(call(system_actor(), "mfa.generate", {{"config_name", "Default"}}).code(), Errc::InvalidArgument);
  ASSERT_OK(call(system_actor(), "mfa.generate", {{"config_name", "Default"}, {"username", "bob"}}));
  json::object wanted = enrolled(user_actor("bob"), {"SSH"});
  wanted["username"] = "bob";
  ASSERT_OK(call(system_actor(), "mfa.save", wanted));
  EXPECT_TRUE(accounts_.users().get("bob")->filters.totp_config.enabled);
}

TEST_F(Mfa, UsersWithMfaDisabledAreKeptOut) {
  json::object eve = a_user("eve");
  eve["filters"] = json::object{{"web_client", json::array{"mfa-disabled"}}};
  ASSERT_OK(call("users.add", eve));
  for (const char* operation :
       {"mfa.generate", "mfa.validate", "mfa.save", "mfa.recovery_codes.list", "mfa.recovery_codes.generate"})
    EXPECT_EQ(call(user_actor("eve"), operation, {{"config_name", "Default"}}).code(), Errc::PermissionDenied)
        << operation;
}

// ---- roles

class RoleScope : public ManagementTest {
 protected:
  void SetUp() override {
    for (const char* role : {"sales", "support"}) ASSERT_OK(call("roles.add", {{"name", role}}));
    const std::pair<const char*, const char*> users[] = {{"ann", "sales"}, {"bob", "support"}, {"eve", ""}};
    for (const auto& [name, role] : users) {
      json::object user = a_user(name);
      user["role"] = role;
      ASSERT_OK(call("users.add", user));
    }
  }
  const Actor actor_ =
      admin_with({"view_users", "add_users", "edit_users", "del_users", "quota_scans", "disable_mfa"}, "sales");
};

TEST_F(RoleScope, ListsHoldTheOwnRoleOnly) { EXPECT_EQ(names(call(actor_, "users.list")), "ann "); }

TEST_F(RoleScope, OthersUsersAreLikeUsersThatAreNotThere) {
  for (const char* operation : {"users.get", "users.delete", "users.mfa.disable", "users.quota.scan",
                                "users.quota.update", "users.transfer_quota.update"}) {
    const auto absent = call(actor_, operation, {{"username", "nobody"}});
    ASSERT_EQ(absent.code(), Errc::NotFound) << operation;
    for (const char* name : {"bob", "eve"}) {
      const auto hidden = call(actor_, operation, {{"username", name}});
      ASSERT_EQ(hidden.code(), Errc::NotFound) << operation;
      std::string expected = absent.error().message();
      expected.replace(expected.find("nobody"), 6, name);
      EXPECT_EQ(hidden.error().message(), expected) << operation;
    }
  }
  EXPECT_EQ(call(actor_, "users.update", a_user("bob")).code(), Errc::NotFound);
  EXPECT_OK(call(actor_, "users.get", {{"username", "ann"}}));
  EXPECT_OK(accounts_.users().get("bob"));
}

TEST_F(RoleScope, WhatARoleAdminSavesHasTheOwnRole) {
  json::object user = a_user("new");
  user["role"] = "support";
  ASSERT_OK(call(actor_, "users.add", user));
  EXPECT_EQ(accounts_.users().get("new")->role, "sales");
  user["role"] = "";
  ASSERT_OK(call(actor_, "users.update", user));
  EXPECT_EQ(accounts_.users().get("new")->role, "sales");
}

TEST_F(RoleScope, CountersOfTheOwnRoleCanBeSet) {
  ASSERT_OK(
      call(actor_, "users.quota.update", {{"username", "ann"}, {"used_quota_size", 100}, {"used_quota_files", 2}}));
  ASSERT_OK(call(actor_, "users.quota.update", {{"username", "ann"}, {"used_quota_size", 1}, {"mode", "add"}}));
  EXPECT_EQ(*store_->user_quota("ann"), (accounts::QuotaCounters{101, 2}));
  EXPECT_EQ(call(actor_, "users.quota.update", {{"username", "ann"}, {"used_quota_size", -1}}).code(),
            Errc::InvalidArgument);
  EXPECT_EQ(call(actor_, "users.quota.update", {{"username", "ann"}, {"mode", "double"}}).code(),
            Errc::InvalidArgument);
}

// ---- the other families

TEST_F(ManagementTest, EveryFamilyGoesRound) {
  struct Family {
    const char* name;
    const char* key;
    json::object document;
  };
  const Family families[] = {
      {"groups", "name", {{"name", "x"}, {"description", "first"}}},
      {"folders", "name", {{"name", "x"}, {"mapped_path", "/srv/x"}, {"description", "first"}}},
      {"roles", "name", {{"name", "x"}, {"description", "first"}}},
      {"admins",
       "username",
       {{"username", "x"},
        {"status", 1},
        {"password", "s3cret Pass"},
        {"permissions", json::array{"*"}},
        {"description", "first"}}},
  };
  for (const auto& [family, key, document] : families) {
    const auto operation = [family = std::string(family)](const char* verb) { return family + "." + verb; };
    const json::object named = {{key, "x"}};
    ASSERT_OK(call(operation("add"), document));
    EXPECT_EQ(call(operation("add"), document).code(), Errc::Exists) << family;
    auto read = *call(operation("get"), named);
    EXPECT_EQ(read.at("description").as_string(), "first") << family;
    read["description"] = "second";
    ASSERT_OK(call(operation("update"), read));
    EXPECT_EQ(call(operation("list"))->at("items").at(0).at("description").as_string(), "second") << family;
    ASSERT_OK(call(operation("delete"), named));
    EXPECT_EQ(call(operation("get"), named).code(), Errc::NotFound) << family;
    EXPECT_EQ(call(operation("delete"), named).code(), Errc::NotFound) << family;
    EXPECT_EQ(call(operation("update"), document).code(), Errc::NotFound) << family;
  }
}

TEST_F(ManagementTest, WhatIsReferredToIsNotDeleted) {
  ASSERT_OK(call("folders.add", {{"name", "photos"}, {"mapped_path", "/srv/photos"}}));
  ASSERT_OK(call("groups.add", {{"name", "staff"}}));
  json::object user = a_user("bob");
  user["groups"] = json::array{json::object{{"name", "staff"}, {"type", 1}}};
  user["virtual_folders"] =
      json::array{json::object{{"name", "photos"}, {"virtual_path", "/p"}, {"quota_size", -1}, {"quota_files", -1}}};
  ASSERT_OK(call("users.add", user));
  EXPECT_EQ(call("groups.delete", {{"name", "staff"}}).code(), Errc::Conflict);
  EXPECT_EQ(call("folders.delete", {{"name", "photos"}}).code(), Errc::Conflict);
  EXPECT_EQ(call("groups.get", {{"name", "staff"}})->at("users").at(0).as_string(), "bob");
  ASSERT_OK(call("users.delete", {{"username", "bob"}}));
  EXPECT_OK(call("groups.delete", {{"name", "staff"}}));
  EXPECT_OK(call("folders.delete", {{"name", "photos"}}));
}

TEST_F(ManagementTest, AdminsCannotLockThemselvesOut) {
  const json::object root = {
      {"username", "root"}, {"status", 1}, {"password", "s3cret Pass"}, {"permissions", json::array{"*"}}};
  ASSERT_OK(call("admins.add", root));
  EXPECT_ERROR(call("admins.delete", {{"username", "root"}}), Errc::InvalidArgument,
               "root: you cannot delete yourself");
  json::object change = root;
  change["status"] = 0;
  EXPECT_ERROR(call("admins.update", change), Errc::InvalidArgument, "root: you cannot disable yourself");
  change = root;
  change["permissions"] = json::array{"view_users"};
  EXPECT_ERROR(call("admins.update", change), Errc::InvalidArgument, "root: you cannot change your permissions");
  EXPECT_OK(call("admins.update", root));
  change["username"] = " root ";
  EXPECT_ERROR(call("admins.update", change), Errc::InvalidArgument, "root: you cannot change your permissions");
  EXPECT_ERROR(call("admins.delete", {{"username", "root "}}), Errc::InvalidArgument,
               "root: you cannot delete yourself");
}

TEST_F(ManagementTest, ApiKeysAreShownOnce) {
  const auto made = call("api_keys.add", {{"name", "backup"}, {"scope", 1}});
  ASSERT_OK(made);
  const std::string id(made->at("id").as_string()), key(made->at("key").as_string());
  EXPECT_TRUE(key.starts_with(id + "."));
  EXPECT_OK(accounts_.verify_api_key(key));
  EXPECT_FALSE(call("api_keys.get", {{"id", id}})->contains("key"));
  EXPECT_EQ(names(call("api_keys.list"), "name"), "backup ");
  ASSERT_OK(call("api_keys.delete", {{"id", id}}));
  EXPECT_FALSE(accounts_.verify_api_key(key));
}

TEST_F(ManagementTest, IpListEntriesAreNamedByTypeAndNetwork) {
  ASSERT_OK(call("ip_lists.add", {{"ipornet", "192.0.2.0/24"}, {"type", 2}, {"mode", 2}}));
  EXPECT_EQ(call("ip_lists.get", {{"entry", "2/192.0.2.0/24"}})->at("mode").as_int64(), 2);
  EXPECT_EQ(call("ip_lists.get", {{"entry", "1/192.0.2.0/24"}}).code(), Errc::NotFound);
  ASSERT_OK(call("ip_lists.delete", {{"entry", "2/192.0.2.0/24"}}));
}

// ---- data and the running server

TEST_F(ManagementTest, ADumpLoadsIntoWhatItCameFrom) {
  ASSERT_OK(call("roles.add", {{"name", "sales"}}));
  json::object user = a_user("bob");
  user["role"] = "sales";
  ASSERT_OK(call("users.add", user));
  const auto dump = call("data.dump");
  ASSERT_OK(dump);
  ASSERT_OK(call("users.delete", {{"username", "bob"}}));
  const auto loaded = call("data.load", {{"data", *dump}, {"mode", 0}});
  ASSERT_OK(loaded);
  EXPECT_EQ(accounts_.users().get("bob")->role, "sales");
  EXPECT_TRUE(*accounts_.verify_password("bob", "s3cret Pass"));
  EXPECT_EQ(call("data.load", {{"data", *dump}, {"mode", 7}}).code(), Errc::InvalidArgument);
  EXPECT_EQ(call("data.load").code(), Errc::InvalidArgument);
}

TEST_F(ManagementTest, DumpsStayBelowTheBackupsFolder) {
  ASSERT_OK(call("data.dump", {{"output_file", "all.json"}}));
  EXPECT_TRUE(std::filesystem::exists(folder_.file("backups/all.json")));
  for (const char* file : {"../all.json", "/tmp/slipway-all.json", "a/../../b.json"}) {
    EXPECT_EQ(call("data.dump", {{"output_file", file}}).code(), Errc::InvalidArgument) << file;
  }
}

TEST_F(ManagementTest, StatusSaysWhetherTheDatabaseAnswers) {
  const auto status = call("status.get");
  ASSERT_OK(status);
  const auto& provider = status->at("data_provider").as_object();
  EXPECT_EQ(provider.at("driver").as_string(), "sqlite");
  EXPECT_TRUE(provider.at("is_active").as_bool());
  EXPECT_EQ(provider.at("error").as_string(), "");
}

TEST_F(ManagementTest, ModulesAreHandedToWhoRunsThem) {
  EXPECT_EQ(names(call("modules.list"), "name"), "sftp ");
  for (const char* verb : {"enable", "disable", "reconfigure"}) {
    ASSERT_OK(call("modules." + std::string(verb), {{"name", "sftp"}}));
    EXPECT_EQ(modules_.calls.back(), std::string(verb) + " sftp");
    EXPECT_EQ(call("modules." + std::string(verb), {{"name", "ftp"}}).code(), Errc::NotFound);
    EXPECT_EQ(call("modules." + std::string(verb)).code(), Errc::InvalidArgument);
  }
}

TEST_F(ManagementTest, ModulesAreDescribedToSuperusersOnly) {
  const auto described = call("modules.describe", {{"name", "sftp"}});
  ASSERT_OK(described);
  EXPECT_EQ(described->at("values").at("key").as_string(), "[**redacted**]");
  EXPECT_EQ(call("modules.describe", {{"name", "ftp"}}).code(), Errc::NotFound);
  for (const char* operation :
       {"modules.list", "modules.get", "modules.describe", "modules.enable", "modules.disable", "modules.reconfigure"})
    EXPECT_EQ(call(admin_with({"view_status", "manage_system"}), operation, {{"name", "sftp"}}).code(),
              Errc::PermissionDenied)
        << operation;
}

TEST_F(ManagementTest, WithoutAServerItsOperationsSayThatOneIsNeeded) {
  ASSERT_OK(call("users.add", a_user("bob")));
  Management offline({accounts_, "", nullptr, nullptr, nullptr});
  for (const char* operation : {"connections.list", "users.quota.scans", "folders.quota.scans", "modules.list"}) {
    EXPECT_EQ(offline.call({}, superuser(), operation, "").code(), Errc::Unavailable) << operation;
  }
  EXPECT_EQ(offline.call({}, superuser(), "users.quota.scan", R"({"username":"bob"})").code(), Errc::Unavailable);
  EXPECT_EQ(offline.call({}, superuser(), "modules.enable", R"({"name":"x"})").code(), Errc::Unavailable);
  EXPECT_EQ(offline.call({}, superuser(), "mail.test", R"({"recipient":"a@b"})").code(), Errc::Unavailable);
  EXPECT_EQ(offline.call({}, superuser(), "connections.close", R"({"connection_id":"x"})").code(), Errc::Unavailable);
}

}  // namespace
}  // namespace slipway::management
