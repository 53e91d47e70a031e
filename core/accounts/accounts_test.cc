#include "core/accounts/accounts.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/accounts/test_accounts.h"
#include "core/crypto/passwords.h"

namespace slipway::accounts {
namespace {

using Strings = std::vector<std::string>;

TEST_F(AccountsTest, CreatingAUserForcesCountersAndTimes) {
  User user = a_user("ann");
  user.used_quota_size = user.last_login = user.first_upload = 7;
  user.filters.totp_config = {true, "Default", plain("s"), {"SSH"}};
  const auto stored = add_user(user);
  EXPECT_EQ(stored.used_quota_size, 0);
  EXPECT_EQ(stored.last_login, 0);
  EXPECT_EQ(stored.first_upload, 0);
  EXPECT_GT(stored.created_at, 0);
  EXPECT_EQ(stored.created_at, stored.updated_at);
  EXPECT_FALSE(stored.filters.totp_config.enabled) << "TOTP cannot be written like this";
  EXPECT_ERROR(accounts().users().add(a_user(" ann "), root_), Errc::Exists,
               store().add_user(a_user("ann")).error().message());
}

TEST_F(AccountsTest, AnUpdateKeepsWhatClientsDoNotSendBack) {
  User user = a_user("ann");
  user.password = "secret";
  user.filesystem.provider = FsProvider::Crypt;
  user.filesystem.cryptconfig.passphrase = plain("hidden");
  const auto first = add_user(user);
  ASSERT_OK(accounts().update_user_quota("ann", {10, 2}, QuotaUpdate::Add));

  User sent = first;
  sent.password.clear();
  sent.filesystem.cryptconfig.passphrase = {"Redacted", "", "", "", 0};
  sent.description = "new";
  sent.used_quota_size = 999;
  sent.created_at = 1;
  auto updated = accounts().users().update(sent, root_);
  ASSERT_OK(updated);
  EXPECT_EQ(updated->password, first.password);
  EXPECT_EQ(updated->filesystem, first.filesystem);
  EXPECT_EQ(updated->description, "new");
  EXPECT_EQ(updated->used_quota_size, 10);
  EXPECT_EQ(updated->created_at, first.created_at);

  sent.filesystem.cryptconfig.passphrase = plain("[**redacted**]");
  EXPECT_EQ(accounts().users().update(sent, root_)->filesystem, first.filesystem);
  sent.filesystem.cryptconfig.passphrase = plain("changed");
  const auto changed = accounts().users().update(sent, root_)->filesystem.cryptconfig.passphrase;
  EXPECT_EQ(*keeper_.open(changed), "changed");
  sent.filesystem.cryptconfig.passphrase = {};
  EXPECT_ERROR(accounts().users().update(sent, root_), Errc::InvalidArgument,
               "/filesystem/cryptconfig/passphrase: is required");
}

// An administrator's update hashes a password; meanwhile the user's own changes go on.
TEST_F(AccountsTest, WhatSomebodyElseChangesDuringAnUpdateStays) {
  settings_.validation.hashing.bcrypt_cost = 8;
  restart();
  User sent = add_user(a_user("ann"));
  for (int round = 0; round < 10; ++round) {
    std::atomic<bool> updated{false};
    std::jthread administrator([&] {
      sent.password = "password " + std::to_string(round);
      sent.description = std::to_string(round);
      const auto done = accounts().users().update(sent, root_);
      EXPECT_TRUE(done.ok() || done.error().retryable());
      updated = true;
    });
    bool enabled = false;
    for (bool last = false; !last; enabled = !enabled) {
      last = updated;
      TotpConfig totp;
      if (!enabled) totp = {true, "Default", plain("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), {"SSH"}};
      ASSERT_OK(accounts().second_factors().set(AccountKind::User, "ann", totp, root_));
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      EXPECT_EQ(store().user("ann")->filters.totp_config.enabled, !enabled) << "round " << round;
    }
  }
}

TEST_F(AccountsTest, WhatSomebodyElseChangesDuringAChangeOfPasswordStays) {
  settings_.validation.hashing.bcrypt_cost = 8;
  restart();
  User sent = add_user(a_user("ann"));
  std::atomic<bool> changed{false};
  std::jthread user([&] {
    EXPECT_TRUE(accounts().change_user_password("ann", "another password", root_));
    changed = true;
  });
  for (bool last = false; !last;) {
    last = changed;
    sent.description += "x";
    ASSERT_OK(accounts().users().update(sent, root_));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(store().user("ann")->description, sent.description);
  }
  user.join();
  EXPECT_TRUE(*accounts().verify_password("ann", "another password"));
}

TEST_F(AccountsTest, AnUpdateThatSwitchesTheStorageCannotKeepASecret) {
  User user = a_user("ann");
  user.filesystem.provider = FsProvider::Crypt;
  user.filesystem.cryptconfig.passphrase = plain("hidden");
  User sent = add_user(user);
  sent.filesystem = {};
  sent.filesystem.provider = FsProvider::Gcs;
  sent.filesystem.gcsconfig.bucket = "b";
  sent.filesystem.gcsconfig.credentials = {"Redacted", "", "", "", 0};
  const auto refused = accounts().users().update(sent, root_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().subject(), "/filesystem/gcsconfig/credentials");
}

TEST_F(AccountsTest, MembersThatNobodyKnowsSurviveAnUpdateThroughTheApi) {
  User user = a_user("ann");
  user.extra = JsonText(R"({"new_thing":1})");
  user.filters.extra = JsonText(R"({"x":2})");
  User sent = add_user(user);
  sent.extra = sent.filters.extra = {};
  const auto updated = accounts().users().update(sent, root_);
  ASSERT_OK(updated);
  EXPECT_EQ(updated->extra.text, R"({"new_thing":1})");
  EXPECT_EQ(updated->filters.extra.text, R"({"x":2})");
}

TEST_F(AccountsTest, EveryChangeIsAnEventWithoutSecrets) {
  User user = a_user("ann");
  user.password = "secret";
  user.filesystem.provider = FsProvider::Crypt;
  user.filesystem.cryptconfig.passphrase = plain("hidden");
  add(accounts().roles(), a_role("sales"));
  user.role = "sales";
  EXPECT_EQ(events(), Strings{"add role sales by root"});
  User stored = add_user(user);
  const auto added = take_events();
  ASSERT_EQ(added.size(), 1u);
  EXPECT_EQ(added[0].action, "add");
  EXPECT_EQ(added[0].role, "sales");
  EXPECT_EQ(added[0].ip, "192.0.2.9");
  EXPECT_EQ(added[0].object_json.find("Secretbox"), std::string::npos);
  EXPECT_EQ(added[0].object_json.find("$2a$"), std::string::npos);
  EXPECT_NE(added[0].object_json.find(R"("username":"ann")"), std::string::npos);
  ASSERT_OK(accounts().users().update(stored, root_));
  ASSERT_OK(accounts().users().remove("ann", Actor{}));
  EXPECT_EQ(events(), (Strings{"update user ann by root", "delete user ann by __system__"}));
}

TEST_F(AccountsTest, LoginsAndCountersAreNoEvents) {
  add_user(a_user("ann"));
  events();
  accounts().record_login("ann");
  EXPECT_TRUE(accounts().mark_first_transfer("ann", true));
  ASSERT_OK(accounts().update_user_quota("ann", {1, 1}, QuotaUpdate::Reset));
  EXPECT_TRUE(events().empty());
}

TEST_F(AccountsTest, WhatIsReferredToCannotBeRemoved) {
  add(accounts().folders(), a_folder("pub"));
  add(accounts().groups(), a_group("staff"));
  add(accounts().roles(), a_role("sales"));
  User user = a_user("ann");
  user.groups = {{"staff", GroupType::Membership}};
  user.virtual_folders = {{"pub", "/pub", 0, 0, ""}};
  user.role = "sales";
  add_user(user);
  EXPECT_EQ(accounts().folders().remove("pub", root_).code(), Errc::Conflict);
  EXPECT_EQ(accounts().groups().remove("staff", root_).code(), Errc::Conflict);
  EXPECT_EQ(accounts().roles().remove("sales", root_).code(), Errc::Conflict);
  Folder folder = *accounts().folders().get("pub");
  ASSERT_OK(accounts().folders().describe_uses(folder));
  EXPECT_EQ(folder.users, Strings{"ann"});
  ASSERT_OK(accounts().users().remove("ann", root_));
  EXPECT_OK(accounts().folders().remove("pub", root_));
  EXPECT_OK(accounts().groups().remove("staff", root_));
  EXPECT_OK(accounts().roles().remove("sales", root_));
}

TEST_F(AccountsTest, ReferencesToNothingAreRefused) {
  User user = a_user("ann");
  user.groups = {{"nobody", GroupType::Primary}};
  user.password = "secret";
  EXPECT_EQ(accounts().users().add(user, root_).code(), Errc::InvalidArgument);
}

TEST_F(AccountsTest, NamesAreConvertedWhereverTheyAreUsed) {
  settings_.validation.naming_rules = 7;
  restart();
  add_user(a_user(" ANN"));
  EXPECT_EQ(accounts().users().get("Ann ")->username, "ann");
  EXPECT_OK(accounts().effective_user("ANN"));
  EXPECT_OK(accounts().users().remove(" aNN", root_));
}

TEST_F(AccountsTest, EffectiveUsersFollowEveryChangeOfTheirParts) {
  Group group = a_group("staff");
  group.user_settings.max_sessions = 3;
  group.virtual_folders = {{"pub", "/pub", 0, 0, ""}};
  add(accounts().folders(), a_folder("pub"));
  group = add(accounts().groups(), group);
  User user = a_user("ann");
  user.groups = {{"staff", GroupType::Primary}};
  user = add_user(user);

  const auto before = *accounts().effective_user("ann");
  EXPECT_EQ(before->user.max_sessions, 3);
  EXPECT_EQ(*accounts().effective_user("ann"), before) << "nothing changed: the same object";
  group.user_settings.max_sessions = 5;
  ASSERT_OK(accounts().groups().update(group, root_));
  EXPECT_EQ((*accounts().effective_user("ann"))->user.max_sessions, 5);
  Folder folder = *accounts().folders().get("pub");
  folder.mapped_path = "/elsewhere";
  ASSERT_OK(accounts().folders().update(folder, root_));
  EXPECT_EQ((*accounts().effective_user("ann"))->folders.at(0).folder.mapped_path, "/elsewhere");
  user.max_sessions = 9;
  ASSERT_OK(accounts().users().update(user, root_));
  EXPECT_EQ((*accounts().effective_user("ann"))->user.max_sessions, 9);
  // Another server on the same database.
  User renewed = *store().user("ann");
  renewed.max_sessions = 11;
  ASSERT_OK(store().update_user(renewed));
  EXPECT_EQ((*accounts().effective_user("ann"))->user.max_sessions, 11);
  ASSERT_OK(accounts().users().remove("ann", root_));
  EXPECT_EQ(accounts().effective_user("ann").code(), Errc::NotFound);
}

TEST_F(AccountsTest, ManyThreadsMayAskForUsersWhileTheyChange) {
  for (const auto* name : {"a", "b", "c", "d"}) add_user(a_user(name));
  std::vector<std::thread> threads;
  std::atomic<int> missing{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string name(1, static_cast<char>('a' + (i + t) % 4));
        if (!accounts().effective_user(name)) ++missing;
        if (i % 10 == 0) {
          User user = *accounts().users().get(name);
          user.description = std::to_string(i);
          if (!accounts().users().update(user, Actor{})) ++missing;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(missing, 0);
}

TEST_F(AccountsTest, APatchReplacesMembersForOneLogin) {
  User user = a_user("ann");
  user.password = "secret";
  user.filters.denied_ip = {"192.0.2.0/24"};
  user = add_user(user);
  const auto patched = accounts().effective_user(
      "ann", R"({"home_dir":"/other//x","permissions":{"/":["list"]},"filters":{"denied_protocols":["FTP"]},
                 "username":"root","password":"x","used_quota_size":5})");
  ASSERT_OK(patched);
  EXPECT_EQ((*patched)->user.home_dir, "/other/x");
  EXPECT_EQ((*patched)->user.permissions, (PermissionLists{{"/", {"list"}}}));
  EXPECT_EQ((*patched)->user.filters.denied_protocols, Strings{"FTP"});
  EXPECT_EQ((*patched)->user.filters.denied_ip, Strings{"192.0.2.0/24"});
  EXPECT_EQ((*patched)->user.username, "ann");
  EXPECT_EQ((*patched)->user.password, user.password);
  EXPECT_EQ((*patched)->user.used_quota_size, 0);
  EXPECT_EQ((*accounts().effective_user("ann"))->user.home_dir, "/srv/ann") << "nothing is remembered";
  EXPECT_ERROR(accounts().effective_user("ann", R"({"home_dir":"relative"})"), Errc::InvalidArgument,
               "/home_dir: must be an absolute path");
  EXPECT_EQ(accounts().effective_user("ann", "[1]").code(), Errc::InvalidArgument);
  EXPECT_EQ(accounts().effective_user("bob", "{}").code(), Errc::NotFound);
}

TEST_F(AccountsTest, LastLoginsAreStoredAtMostEveryTenMinutes) {
  add_user(a_user("ann"));
  ASSERT_OK(store().set_user_last_login("ann", 1));
  std::this_thread::sleep_for(std::chrono::milliseconds(2));  // a login is later than the last change
  accounts().record_login("ann");
  const auto first = store().user("ann")->last_login;
  EXPECT_GT(first, 1);
  ASSERT_OK(store().set_user_last_login("ann", 5));
  accounts().record_login("ann");
  EXPECT_EQ(store().user("ann")->last_login, 5) << "the second login was not written";
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  ASSERT_OK(accounts().users().update(*accounts().users().get("ann"), root_));
  accounts().record_login("ann");
  EXPECT_GE(store().user("ann")->last_login, first) << "a changed account's login is written";
}

TEST_F(AccountsTest, FirstTransfersAreMarkedOnceAndForEachAccount) {
  add_user(a_user("ann"));
  EXPECT_TRUE(accounts().mark_first_transfer("ann", true));
  EXPECT_FALSE(accounts().mark_first_transfer("ann", true));
  EXPECT_TRUE(accounts().mark_first_transfer("ann", false));
  EXPECT_GT(store().user("ann")->first_download, 0);
  ASSERT_OK(accounts().users().remove("ann", root_));
  add_user(a_user("ann"));
  EXPECT_TRUE(accounts().mark_first_transfer("ann", true)) << "another account of the same name";
  EXPECT_FALSE(accounts().mark_first_transfer("nobody", true));
}

TEST_F(AccountsTest, QuotaIsResetOrAddedToUnlessItIsNotTracked) {
  add_user(a_user("ann"));
  add(accounts().folders(), a_folder("pub"));
  ASSERT_OK(accounts().update_user_quota("ann", {100, 5}, QuotaUpdate::Reset));
  ASSERT_OK(accounts().update_user_quota("ann", {-20, 1}, QuotaUpdate::Add));
  EXPECT_EQ(*store().user_quota("ann"), (QuotaCounters{80, 6}));
  ASSERT_OK(accounts().update_user_transfer("ann", {3, 4}, QuotaUpdate::Add));
  EXPECT_EQ(*store().user_transfer("ann"), (TransferCounters{3, 4}));
  ASSERT_OK(accounts().update_folder_quota("pub", {7, 1}, QuotaUpdate::Reset));
  EXPECT_EQ(*store().folder_quota("pub"), (QuotaCounters{7, 1}));
  EXPECT_EQ(accounts().update_folder_quota("none", {7, 1}, QuotaUpdate::Reset).code(), Errc::NotFound);
  settings_.track_quota = 0;
  accounts().configure(settings_);
  EXPECT_EQ(accounts().update_user_quota("ann", {1, 1}, QuotaUpdate::Add).code(), Errc::NotSupported);
}

TEST_F(AccountsTest, TheFirstAdministratorIsMadeOnce) {
  EXPECT_TRUE(*accounts().needs_setup());
  const auto admin = accounts().create_first_admin("root", "secret");
  ASSERT_OK(admin);
  EXPECT_EQ(admin->permissions, Strings{"*"});
  EXPECT_EQ(admin->status, 1);
  EXPECT_FALSE(*accounts().needs_setup());
  EXPECT_EQ(accounts().create_first_admin("other", "secret").code(), Errc::Conflict);
  EXPECT_TRUE(*accounts().verify_admin_password("root", "secret"));
}

TEST_F(AccountsTest, TheFirstAdministratorIsMadeOnceByManyAtATime) {
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      if (accounts().create_first_admin("root" + std::to_string(i), "secret")) ++made;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
}

TEST_F(AccountsTest, SharesBelongToTheirOwnerAndKeepTheirPassword) {
  User user = a_user("ann");
  user.filters.max_shares_expiration = 5;
  add_user(user);
  Share share;
  share.name = "s";
  share.scope = 1;
  share.paths = {"/a"};
  share.username = "ann";
  share.password = "secret";
  share.used_tokens = 9;
  EXPECT_ERROR(accounts().shares().add(share, root_), Errc::InvalidArgument,
               "/expires_at: is required: shares of this user must expire");
  user = *accounts().users().get("ann");
  user.filters.max_shares_expiration = 0;
  ASSERT_OK(accounts().users().update(user, root_));
  share = add(accounts().shares(), share);
  EXPECT_EQ(share.id.size(), 22u);
  EXPECT_EQ(share.used_tokens, 0);
  ASSERT_OK(store().use_share(share.id, 2, 77));
  const auto hash = share.password;
  share.password = "[**redacted**]";
  share.username = "somebody else";
  share.description = "d";
  const auto updated = accounts().shares().update(share, root_);
  ASSERT_OK(updated);
  EXPECT_EQ(updated->password, hash);
  EXPECT_EQ(updated->username, "ann");
  EXPECT_EQ(updated->used_tokens, 2);
  EXPECT_TRUE(accounts().verify_share_password(*updated, "secret"));
  EXPECT_FALSE(accounts().verify_share_password(*updated, "wrong"));
  ASSERT_OK(accounts().users().remove("ann", root_));
  EXPECT_EQ(accounts().shares().get(share.id).code(), Errc::NotFound) << "shares go with their owner";
}

TEST_F(AccountsTest, EventActionsInUseStayAndKeepTheirSecrets) {
  EventAction action;
  action.name = "call";
  action.type = 1;
  action.options =
      JsonText(R"({"http_config":{"endpoint":"http://h","password":{"status":"Plain","payload":"hidden"}}})");
  action = add(accounts().event_actions(), action);
  EventRule rule;
  rule.name = "r";
  rule.status = 1;
  rule.trigger = 1;
  rule.actions = {{"call", 1, {}}};
  add(accounts().event_rules(), rule);
  EXPECT_EQ(accounts().event_actions().remove("call", root_).code(), Errc::Conflict);
  ASSERT_OK(accounts().event_actions().describe_uses(action));
  EXPECT_EQ(action.rules, Strings{"r"});
  const auto stored = action.options;
  action.options = JsonText(R"({"http_config":{"endpoint":"http://h","password":{"status":"Redacted"}}})");
  const auto updated = accounts().event_actions().update(action, root_);
  ASSERT_OK(updated);
  EXPECT_EQ(updated->options, stored);
}

TEST_F(AccountsTest, IpListEntriesAreNamedByTypeAndNetwork) {
  IpListEntry entry{.ipornet = "192.0.2.1", .description = {}, .type = 2, .mode = 2};
  add(accounts().ip_lists(), entry);
  EXPECT_EQ(accounts().ip_lists().get("2/192.0.2.1")->ipornet, "192.0.2.1/32");
  EXPECT_EQ(accounts().ip_lists().get("2/192.0.2.1/32")->mode, 2);
  EXPECT_EQ(accounts().ip_lists().get("1/192.0.2.1").code(), Errc::NotFound);
  EXPECT_EQ(accounts().ip_lists().get("nonsense").code(), Errc::NotFound);
  entry.description = "d";
  ASSERT_OK(accounts().ip_lists().update(entry, root_));
  ASSERT_OK(accounts().ip_lists().remove("2/192.0.2.1", root_));
  EXPECT_EQ(events().back(), "delete ip_list_entry 2/192.0.2.1/32 by root");
}

TEST_F(AccountsTest, ServerConfigsKeepRedactedSecrets) {
  ServerConfigs configs;
  configs.smtp = JsonText(R"({"host":"h","password":{"status":"Plain","payload":"hidden"}})");
  const auto first = accounts().update_configs(configs, root_);
  ASSERT_OK(first);
  configs.smtp = JsonText(R"({"host":"h","password":{"status":"Redacted"}})");
  const auto second = accounts().update_configs(configs, root_);
  ASSERT_OK(second);
  EXPECT_EQ(second->smtp, first->smtp);
  EXPECT_EQ(accounts().configs()->smtp, first->smtp);
}

}  // namespace
}  // namespace slipway::accounts
