#include "core/accounts/backup.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "core/accounts/entity_json.h"
#include "core/accounts/test_accounts.h"
#include "core/base/json.h"

namespace slipway::accounts {
namespace {

using Strings = std::vector<std::string>;

std::string corpus(const std::string& name) {
  std::ifstream file(SLIPWAY_SOURCE_DIR "/tests/fuzz/corpus/backup/" + name);
  EXPECT_TRUE(file.good()) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

BackupData parsed(std::string_view text, Strings* unknown = nullptr) {
  auto data = parse_backup(text, unknown);
  EXPECT_TRUE(data.ok()) << data.error().message();
  return data ? *std::move(data) : BackupData{};
}

class BackupTest : public AccountsTest {
 protected:
  Status load(BackupData data, LoadMode mode = LoadMode::Update, ScanQuota scan = ScanQuota::No) {
    report_ = {};
    return load_backup(accounts(), std::move(data), {.mode = mode, .scan_quota = scan, .actor = root_}, report_);
  }
  std::string dumped(const DumpOptions& options = {}) {
    auto text = dump_backup(store(), options);
    EXPECT_TRUE(text.ok()) << text.error().message();
    return text ? *text : std::string();
  }
  // Times that loading sets anew.
  static std::string without_times(const std::string& dump) {
    auto data = parsed(dump);
    std::string out;
    const auto write = [&](auto& entities) {
      for (auto& entity : entities) {
        if constexpr (requires { entity.id = 0; }) entity.id = 0;
        if constexpr (requires { entity.last_login; }) entity.last_login = 0;
        if constexpr (requires { entity.created_at; }) entity.created_at = entity.updated_at = 0;
        out += to_json_text(entity, Rendering::Full) + "\n";
      }
    };
    write(data.users), write(data.groups), write(data.folders), write(data.admins), write(data.api_keys);
    write(data.shares), write(data.event_actions), write(data.event_rules), write(data.roles), write(data.ip_lists);
    for (auto& configs : data.configs) configs.updated_at = 0;
    write(data.configs);
    return out;
  }

  LoadReport report_;
};

TEST_F(BackupTest, ADumpOfAnotherServerIsLoadedWhole) {
  Strings unknown;
  ASSERT_OK(load(parsed(corpus("full.json"), &unknown)));
  EXPECT_EQ(unknown, (Strings{"/users/0/filters/ai_assistant", "/users/0/loyalty_points",
                              "/groups/0/user_settings/filters/totp_config"}));
  EXPECT_EQ(report_.added, 19u);
  EXPECT_EQ(report_.updated, 1u);
  const auto user = *accounts().users().get("maria");
  EXPECT_EQ(user.virtual_folders.size(), 2u);
  EXPECT_EQ(user.virtual_folders[1].subpath, "/maria");
  EXPECT_EQ(user.groups[1], (GroupMapping{"eu", GroupType::Secondary}));
  EXPECT_EQ(user.filters.totp_config.secret.status, "AES-256-GCM");
  EXPECT_EQ(*keeper_.open(user.filters.totp_config.secret), "secret value");
  EXPECT_EQ(user.used_quota_size, 0) << "counters start anew";
  EXPECT_EQ(user.last_password_change, 1704067200000);
  const auto share = *accounts().shares().get("32ghH4zaGn4yABXjM3NEc4");
  EXPECT_EQ(share.used_tokens, 4);
  EXPECT_EQ(share.last_use_at, 1738368000000);
  const auto branch = *accounts().admins().get("branch");
  EXPECT_NE(std::find(branch.permissions.begin(), branch.permissions.end(), "view_folders"), branch.permissions.end());
  EXPECT_EQ((*accounts().effective_user("maria"))->user.home_dir, "/srv/sftpgo/staff/maria");
}

TEST_F(BackupTest, WhatIsDumpedLoadsIntoTheSameAccounts) {
  ASSERT_OK(load(parsed(corpus("full.json"))));
  const auto first = dumped();
  EXPECT_NE(first.find(R"("loyalty_points":7)"), std::string::npos);
  EXPECT_NE(first.find(R"("ai_assistant":{"enabled":true})"), std::string::npos);

  // Into the same server, and into an empty one.
  ASSERT_OK(load(parsed(first)));
  EXPECT_EQ(report_.added, 0u);
  EXPECT_EQ(without_times(dumped()), without_times(first));
  std::filesystem::remove(database_file());
  std::filesystem::remove(database_file() + "-wal");
  std::filesystem::remove(database_file() + "-shm");
  reopen();
  restart();
  ASSERT_OK(load(parsed(first)));
  EXPECT_EQ(report_.updated, 1u) << "the server's settings";
  EXPECT_EQ(without_times(dumped()), without_times(first));
}

TEST_F(BackupTest, ADocumentHasItsMembersInOrderAndRulesCarryTheirActions) {
  ASSERT_OK(load(parsed(corpus("full.json"))));
  const auto text = dumped({.scopes = {"actions", "rules"}, .indent = 2});
  const auto value = parse_json_object(text);
  ASSERT_OK(value);
  Strings members;
  for (const auto& member : *value) members.emplace_back(member.key());
  EXPECT_EQ(members, (Strings{"users", "groups", "folders", "admins", "api_keys", "shares", "event_actions",
                              "event_rules", "roles", "ip_lists", "configs", "version"}));
  EXPECT_TRUE(value->at("users").is_null());
  EXPECT_TRUE(value->at("configs").is_null());
  EXPECT_EQ(value->at("version"), 17);
  const auto& action = value->at("event_rules").at(1).at("actions").at(0);
  EXPECT_EQ(action.at("name"), "tell the ERP");
  EXPECT_EQ(action.at("order"), 1);
  EXPECT_EQ(action.at("type"), 1);
  EXPECT_EQ(serialize_json(*value, 2), text) << "the layout is that of one document";
}

TEST_F(BackupTest, UnknownScopesAreRefused) {
  EXPECT_ERROR(dump_backup(store(), {.scopes = {"user"}}), Errc::InvalidArgument,
               "scopes: there is no \"user\", did you mean \"users\"?");
  EXPECT_OK(dump_backup(store(), {.scopes = {"license"}}));
}

TEST_F(BackupTest, AnEmptyServerDumpsEmptyLists) {
  const auto data = parsed(dumped());
  EXPECT_TRUE(data.users.empty());
  EXPECT_EQ(data.version, kBackupVersion);
  EXPECT_OK(load(data));
}

TEST_F(BackupTest, LongListsAreDumpedWhole) {
  for (int i = 0; i < 1203; ++i) {
    auto role = a_role("role-" + std::to_string(i));
    ASSERT_OK(store().add_role(role));
  }
  for (int i = 0; i < 501; ++i) {
    IpListEntry entry{.ipornet = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250) + "/32"};
    entry.type = 1 + i % 2;
    entry.mode = 1;
    ASSERT_OK(store().add_ip_list_entry(entry));
  }
  const auto data = parsed(dumped());
  EXPECT_EQ(data.roles.size(), 1203u);
  EXPECT_EQ(data.ip_lists.size(), 501u);
}

TEST_F(BackupTest, OldDocumentsAreBroughtUpToDate) {
  auto data = parsed(corpus("old.json"));
  EXPECT_EQ(data.event_actions.at(0).options.text,
            R"({"email_config":{"recipients":["a@example.com"],"subject":"{{.Event}} of {{.Name}}",)"
            R"("body":"{{.VirtualPath}} {{- if .Status}} {{ .IP }}"}})");
  EXPECT_EQ(data.event_rules.at(0).status, 1);
  ASSERT_OK(load(data));
  EXPECT_EQ(parsed(R"({"event_actions":[{"name":"a","options":{"x":"{{Name}}"}}]})").event_actions[0].options.text,
            R"({"x":"{{.Name}}"})")
      << "no version is an old one";
  const auto current = parsed(
      R"({"event_actions":[{"name":"a","options":{"x":"{{Name}}"}}],"event_rules":[{"name":"r"}],"version":18})");
  EXPECT_EQ(current.event_actions[0].options.text, R"({"x":"{{Name}}"})");
  EXPECT_EQ(current.event_rules[0].status, 0);
}

TEST_F(BackupTest, AddingOnlyLeavesWhatIsThere) {
  User user = a_user("ann");
  user.description = "mine";
  add_user(user);
  BackupData data;
  data.users = {a_user("ann"), a_user("bob")};
  ASSERT_OK(load(data, LoadMode::AddOnly));
  EXPECT_EQ(report_.added, 1u);
  EXPECT_EQ(report_.skipped, 1u);
  EXPECT_EQ(accounts().users().get("ann")->description, "mine");
  ASSERT_OK(load(data, LoadMode::Update));
  EXPECT_EQ(accounts().users().get("ann")->description, "");
  EXPECT_TRUE(report_.disconnect.empty());
  ASSERT_OK(load(data, LoadMode::UpdateAndDisconnect));
  EXPECT_EQ(report_.disconnect, (Strings{"ann", "bob"}));
}

TEST_F(BackupTest, AnUpdateFromADumpReplacesPasswordsSecretsAndKeysButNotCounters) {
  User user = a_user("ann");
  user.password = "secret";
  add_user(user);
  ASSERT_OK(accounts().update_user_quota("ann", {5, 1}, QuotaUpdate::Add));
  ASSERT_OK(accounts().second_factors().set(AccountKind::User, "ann", {true, "Default", plain("x"), {"SSH"}}, root_));
  ApiKey key;
  key.id = "id";
  key.name = "k";
  key.scope = 2;
  key.key = "$2a$04$first";
  BackupData data;
  data.users = {a_user("ann")};
  data.api_keys = {key};
  ASSERT_OK(load(data));
  const auto stored = *accounts().users().get("ann");
  EXPECT_EQ(stored.password, "");
  EXPECT_FALSE(stored.filters.totp_config.enabled);
  EXPECT_EQ(stored.used_quota_size, 5);
  data.users.clear();
  data.api_keys[0].key = "$2a$04$second";
  ASSERT_OK(load(data));
  EXPECT_EQ(accounts().api_keys().get("id")->key, "$2a$04$second");
}

TEST_F(BackupTest, TheFirstErrorEndsALoadAndNamesTheObject) {
  BackupData data;
  data.roles = {a_role("sales")};
  data.users = {a_user("ann"), a_user("bob"), a_user("eve")};
  data.users[1].home_dir = "relative";
  EXPECT_ERROR(load(data), Errc::InvalidArgument, "/users/1/home_dir: \"bob\": must be an absolute path");
  EXPECT_EQ(report_.added, 2u);
  EXPECT_OK(accounts().users().get("ann"));
  EXPECT_EQ(accounts().users().get("eve").code(), Errc::NotFound);
  BackupData keys;
  keys.api_keys.resize(1);
  keys.api_keys[0].id = keys.api_keys[0].name = "k";
  keys.api_keys[0].scope = 1;
  const auto status = load(keys);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().subject(), "/api_keys/0/key");
}

TEST_F(BackupTest, ScansAreAskedForAsTheOptionsSay) {
  BackupData data;
  data.users = {a_user("ann"), a_user("bob")};
  data.users[1].quota_files = 5;
  data.folders = {a_folder("pub")};
  ASSERT_OK(load(data, LoadMode::Update, ScanQuota::Yes));
  EXPECT_EQ(report_.scan_users, (Strings{"ann", "bob"}));
  EXPECT_EQ(report_.scan_folders, Strings{"pub"});
  ASSERT_OK(load(data, LoadMode::Update, ScanQuota::Limited));
  EXPECT_EQ(report_.scan_users, Strings{"bob"});
  EXPECT_EQ(report_.scan_folders, Strings{"pub"});
  ASSERT_OK(load(data));
  EXPECT_TRUE(report_.scan_users.empty());
  EXPECT_TRUE(report_.scan_folders.empty());
}

TEST(Backup, MalformedDocumentsNameThePlace) {
  const auto why = [](std::string_view text) {
    const auto data = parse_backup(text);
    return data ? std::string("accepted") : data.error().message();
  };
  EXPECT_EQ(why("[]"), "line 1, column 1: expected a JSON object");
  EXPECT_EQ(why("{\"users\":{}}"), "/users: expected a list");
  EXPECT_EQ(why("{\"users\":[3]}"), "/users/0: expected an object, got a number");
  EXPECT_EQ(why("{\"users\":[{\"filters\":{\"access_time\":[{\"from\":8}]}}]}"),
            "/users/0/filters/access_time/0/from: expected text, got a number");
  EXPECT_EQ(why("{\"version\":-1}"), "/version: expected the number of a version");
  EXPECT_EQ(why("{\"configs\":[]}"), "/configs: expected an object, got a list");
  EXPECT_EQ(parse_backup("{}          ", nullptr, 5).code(), Errc::TooLarge);
}

TEST(Backup, UnknownTopLevelMembersAreNamed) {
  Strings unknown;
  EXPECT_TRUE(parse_backup(R"({"licence":{},"users":null})", &unknown).ok());
  EXPECT_EQ(unknown, Strings{"/licence"});
}

TEST(BackupFiles, AreWrittenBelowTheDirectoryOnly) {
  const TemporaryFolder folder;
  const auto directory = folder.file("backups");
  EXPECT_OK(write_backup_file(directory, "node/dump.json", "one"));
  EXPECT_OK(write_backup_file(directory, "node/dump.json", "two"));
  EXPECT_EQ(*read_backup_file(directory + "/node/dump.json"), "two");
  const auto mode = [](const std::string& path) { return std::filesystem::status(path).permissions(); };
  EXPECT_EQ(mode(directory), std::filesystem::perms(0700));
  EXPECT_EQ(mode(directory + "/node/dump.json"), std::filesystem::perms(0600));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) files += entry.is_regular_file();
  EXPECT_EQ(files, 1u) << "nothing unfinished is left";
  for (const auto* name : {"", ".", "..", "../x", "a/../../x", "/etc/x", "a/"}) {
    EXPECT_EQ(write_backup_file(directory, name, "x").code(), Errc::InvalidArgument) << name;
  }
  EXPECT_EQ(read_backup_file(directory + "/none").code(), Errc::NotFound);
  EXPECT_EQ(read_backup_file(directory).code(), Errc::InvalidArgument);
  EXPECT_EQ(read_backup_file(directory + "/node/dump.json", 2).code(), Errc::TooLarge);
}

}  // namespace
}  // namespace slipway::accounts
