#include "core/accounts/effective_user.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "core/accounts/placeholders.h"

namespace slipway::accounts {
namespace {

using Strings = std::vector<std::string>;

User member_of(GroupType type) {
  User user;
  user.username = "ann";
  user.role = "sales";
  user.home_dir = "/srv/ann";
  user.permissions["/"] = {"list"};
  user.created_at = 1000;
  user.filters.custom_placeholders = {"blue", "../up"};
  user.groups = {{"g", type}};
  return user;
}

// One row of the merge table: what user and group say, and what comes of it. `secondary` is what a secondary group
// leads to; unset: nothing of the group arrives.
struct Row {
  const char* name;
  std::function<void(User&, Group&)> given;
  std::function<void(const EffectiveUser&)> primary;
  std::function<void(const EffectiveUser&)> secondary;
};

// A row for a member that is inherited when it is at its default: from the primary group, and only then.
template <class T>
Row inherited(const char* name, std::function<T&(User&)> of_user, std::function<T&(Group&)> of_group, T value,
              T other) {
  return {name, [=](User&, Group& g) { of_group(g) = value; },
          [=](const EffectiveUser& e) {
            User copy = e.user;
            EXPECT_EQ(of_user(copy), value);
            User own = member_of(GroupType::Primary);
            of_user(own) = other;
            Group group;
            group.name = "g";
            of_group(group) = value;
            auto kept = make_effective_user(own, {group}, {});
            EXPECT_EQ(of_user(kept.user), other) << "the user's own value must win";
          },
          [=](const EffectiveUser& e) {
            User copy = e.user;
            EXPECT_EQ(of_user(copy), T{}) << "secondary groups do not give this";
          }};
}

#define INHERITED(member, value, other)                                                                               \
  inherited<decltype(User::member)>(                                                                                  \
      #member, [](User & u) -> auto& { return u.member; }, [](Group & g) -> auto& { return g.user_settings.member; }, \
      value, other)
#define INHERITED_FILTER(member, value, other)                     \
  inherited<decltype(BaseUserFilters::member)>(                    \
      #member, [](User & u) -> auto& { return u.filters.member; }, \
      [](Group & g) -> auto& { return g.user_settings.filters.member; }, value, other)
#define INHERITED_POLICY(member)                                                   \
  inherited<int>(                                                                  \
      #member, [](User & u) -> auto& { return u.filters.password_policy.member; }, \
      [](Group & g) -> auto& { return g.user_settings.filters.password_policy.member; }, 3, 5)
#define FLAG(member)                                                                                   \
  Row {                                                                                                \
#member, [](User&, Group& g) { g.user_settings.filters.member = true; },                             \
        [](const EffectiveUser& e) { EXPECT_TRUE(e.user.filters.member); },                              \
        [](const EffectiveUser& e) { EXPECT_FALSE(e.user.filters.member); } \
  }
// Lists that add up without duplicates, from primary and secondary groups.
#define UNION(member, a, b, c)                                                                              \
  Row {                                                                                                     \
#member,                                                                                                  \
        [](User& u, Group& g) {                                                                               \
          u.filters.member = {a, b};                                                                          \
          g.user_settings.filters.member = {b, c};                                                            \
        },                                                                                                    \
        [](const EffectiveUser& e) { EXPECT_EQ(e.user.filters.member, (Strings{a, b, c})); },                 \
        [](const EffectiveUser& e) { EXPECT_EQ(e.user.filters.member, (Strings{a, b, c})); } \
  }

const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = {
      {"home_dir", [](User&, Group& g) { g.user_settings.home_dir = "/data/%role%/%username%/"; },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.home_dir, "/data/sales/ann"); },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.home_dir, "/srv/ann"); }},
      {"filesystem",
       [](User& u, Group& g) {
         u.filesystem.osconfig.read_buffer_size = 2;
         g.user_settings.filesystem.provider = FsProvider::S3;
         g.user_settings.filesystem.s3config.bucket = "b";
         g.user_settings.filesystem.s3config.key_prefix = "u/%username%/%custom1%/";
       },
       [](const EffectiveUser& e) {
         EXPECT_EQ(e.user.filesystem.provider, FsProvider::S3);
         EXPECT_EQ(e.user.filesystem.s3config.key_prefix, "u/ann/blue/");
         EXPECT_EQ(e.user.filesystem.osconfig.read_buffer_size, 0);
       },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.filesystem.provider, FsProvider::Local); }},
      {"local buffers",
       [](User& u, Group& g) {
         u.filesystem.osconfig.read_buffer_size = 2;
         g.user_settings.filesystem.osconfig = {.read_buffer_size = 4, .write_buffer_size = 5, .extra = {}};
       },
       [](const EffectiveUser& e) {
         EXPECT_EQ(e.user.filesystem.osconfig.read_buffer_size, 2);
         EXPECT_EQ(e.user.filesystem.osconfig.write_buffer_size, 5);
       },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.filesystem.osconfig.write_buffer_size, 0); }},
      INHERITED(max_sessions, 3, 9),
      INHERITED(quota_size, 3, 9),
      INHERITED(quota_files, 3, 9),
      INHERITED(upload_bandwidth, 3, 9),
      INHERITED(download_bandwidth, 3, 9),
      {"transfer limits are inherited together",
       [](User&, Group& g) {
         g.user_settings.upload_data_transfer = 1;
         g.user_settings.total_data_transfer = 7;
       },
       [](const EffectiveUser& e) {
         EXPECT_EQ(e.user.upload_data_transfer, 1);
         EXPECT_EQ(e.user.total_data_transfer, 7);
       },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.total_data_transfer, 0); }},
      {"transfer limits are not mixed",
       [](User& u, Group& g) {
         u.download_data_transfer = 5;
         g.user_settings.upload_data_transfer = 1;
       },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.upload_data_transfer, 0); },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.download_data_transfer, 5); }},
      {"expires_in counts from creation", [](User&, Group& g) { g.user_settings.expires_in = 2; },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.expiration_date, 1000 + 2 * 86'400'000); },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.expiration_date, 0); }},
      {"expires_in yields to the user's date",
       [](User& u, Group& g) {
         u.expiration_date = 5;
         g.user_settings.expires_in = 2;
       },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.expiration_date, 5); },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.expiration_date, 5); }},
      {"huge expires_in", [](User&, Group& g) { g.user_settings.expires_in = INT64_MAX; },
       [](const EffectiveUser& e) { EXPECT_GT(e.user.expiration_date, 0); },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.expiration_date, 0); }},
      INHERITED_FILTER(max_upload_file_size, 3, 9),
      INHERITED_FILTER(external_auth_cache_time, 3, 9),
      INHERITED_FILTER(pre_login_cache_time, 3, 9),
      INHERITED_FILTER(ftp_security, 1, 2),
      INHERITED_FILTER(default_shares_expiration, 3, 9),
      INHERITED_FILTER(max_shares_expiration, 3, 9),
      INHERITED_FILTER(password_expiration, 3, 9),
      INHERITED_FILTER(password_strength, 3, 9),
      INHERITED_FILTER(start_directory, "/in", "/own"),
      INHERITED_FILTER(tls_username, "CommonName", "Other"),
      INHERITED_POLICY(length),
      INHERITED_POLICY(uppers),
      INHERITED_POLICY(lowers),
      INHERITED_POLICY(digits),
      INHERITED_POLICY(specials),
      {"tls_username None counts as none",
       [](User& u, Group& g) {
         u.filters.tls_username = "None";
         g.user_settings.filters.tls_username = "CommonName";
       },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.filters.tls_username, "CommonName"); },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.filters.tls_username, "None"); }},
      {"tls_username stays with certificates",
       [](User& u, Group& g) {
         u.filters.tls_certs = {"pem"};
         g.user_settings.filters.tls_username = "CommonName";
       },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.filters.tls_username, ""); },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.filters.tls_username, ""); }},
      FLAG(hooks.check_password_disabled),
      FLAG(hooks.pre_login_disabled),
      FLAG(hooks.external_auth_disabled),
      FLAG(disable_fs_checks),
      FLAG(allow_api_key_auth),
      FLAG(is_anonymous),
      FLAG(enforce_secure_algorithms),
      {"permissions of the root", [](User&, Group& g) { g.user_settings.permissions["/"] = {"*"}; },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.permissions.at("/"), Strings{"*"}); },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.permissions.at("/"), Strings{"list"}); }},
      {"permissions of other paths",
       [](User& u, Group& g) {
         u.permissions["/taken"] = {"list"};
         g.user_settings.permissions = {{"/taken", {"*"}}, {"/%username%", {"upload"}}};
       },
       [](const EffectiveUser& e) {
         EXPECT_EQ(e.user.permissions.at("/taken"), Strings{"list"});
         EXPECT_EQ(e.user.permissions.at("/ann"), Strings{"upload"});
       },
       [](const EffectiveUser& e) {
         EXPECT_EQ(e.user.permissions.at("/taken"), Strings{"list"});
         EXPECT_EQ(e.user.permissions.at("/ann"), Strings{"upload"});
       }},
      {"file patterns",
       [](User& u, Group& g) {
         u.filters.file_patterns = {{"/taken", {"*.txt"}, {}, 0}};
         g.user_settings.filters.file_patterns = {
             {"/", {}, {"*.exe"}, 0}, {"/taken", {"*"}, {}, 0}, {"/%username%", {"*.a"}, {}, 1}};
       },
       [](const EffectiveUser& e) {
         EXPECT_EQ(e.user.filters.file_patterns,
                   (std::vector<PatternsFilter>{
                       {"/taken", {"*.txt"}, {}, 0}, {"/", {}, {"*.exe"}, 0}, {"/ann", {"*.a"}, {}, 1}}));
       },
       [](const EffectiveUser& e) {
         EXPECT_EQ(e.user.filters.file_patterns,
                   (std::vector<PatternsFilter>{{"/taken", {"*.txt"}, {}, 0}, {"/ann", {"*.a"}, {}, 1}}));
       }},
      {"virtual folders",
       [](User& u, Group& g) {
         u.virtual_folders = {{"f", "/taken", 0, 0, ""}};
         g.virtual_folders = {
             {"f", "/", 0, 0, "/a"}, {"f", "/taken", 0, 0, "/b"}, {"f", "/%username%", 0, 0, "/%custom1%"}};
       },
       [](const EffectiveUser& e) {
         ASSERT_EQ(e.folders.size(), 3u);
         EXPECT_EQ(e.folders[1].virtual_path, "/");
         EXPECT_EQ(e.folders[2].virtual_path, "/ann");
         EXPECT_EQ(e.folders[2].folder.mapped_path, "/srv/f/ann/blue");
       },
       [](const EffectiveUser& e) {
         ASSERT_EQ(e.folders.size(), 2u);
         EXPECT_EQ(e.folders[0].folder.mapped_path, "/srv/f/%username%") << "own folders are taken literally";
         EXPECT_EQ(e.folders[1].virtual_path, "/ann");
       }},
      {"bandwidth limits are appended with duplicates",
       [](User& u, Group& g) {
         u.filters.bandwidth_limits = g.user_settings.filters.bandwidth_limits = {{{"10.0.0.0/8"}, 1, 2}};
       },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.filters.bandwidth_limits.size(), 2u); },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.filters.bandwidth_limits.size(), 2u); }},
      {"data transfer limits",
       [](User&, Group& g) {
         g.user_settings.filters.data_transfer_limits = {{{"10.0.0.0/8"}, 1, 2, 0}};
       },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.filters.data_transfer_limits.size(), 1u); },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.filters.data_transfer_limits.size(), 1u); }},
      {"access times",
       [](User&, Group& g) {
         g.user_settings.filters.access_time = {{1, "08:00", "17:00"}};
       },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.filters.access_time.size(), 1u); },
       [](const EffectiveUser& e) { EXPECT_EQ(e.user.filters.access_time.size(), 1u); }},
      UNION(allowed_ip, "10.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24"),
      UNION(denied_ip, "10.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24"),
      UNION(denied_login_methods, "publickey", "password", "TLSCertificate"),
      UNION(denied_protocols, "SSH", "FTP", "DAV"),
      UNION(two_factor_protocols, "SSH", "FTP", "HTTP"),
      UNION(web_client, "mfa-disabled", "write-disabled", "shares-disabled"),
      UNION(allowed_share_paths, "/a", "/b", "/c"),
      UNION(denied_share_paths, "/a", "/b", "/c"),
      UNION(denied_share_scopes, "read", "write", "read_write"),
      {"share policies",
       [](User&, Group& g) {
         g.user_settings.filters.share_policy = {3, 2};
       },
       [](const EffectiveUser& e) {
         ASSERT_EQ(e.share_policies.size(), 1u);
         EXPECT_EQ(e.share_policies[0].group, "g");
       },
       [](const EffectiveUser& e) { EXPECT_EQ(e.share_policies.size(), 1u); }},
  };
  return kRows;
}

class MergeTable : public testing::TestWithParam<std::size_t> {};

EffectiveUser merged(const Row& row, GroupType type) {
  User user = member_of(type);
  Group group;
  group.name = "g";
  row.given(user, group);
  Folder folder;
  folder.name = "f";
  folder.mapped_path = "/srv/f/%username%";
  return make_effective_user(user, {group}, {folder});
}

TEST_P(MergeTable, PrimaryGroupsGiveWhatTheTableSays) {
  const auto& row = rows()[GetParam()];
  SCOPED_TRACE(row.name);
  row.primary(merged(row, GroupType::Primary));
}

TEST_P(MergeTable, SecondaryGroupsGiveWhatTheTableSays) {
  const auto& row = rows()[GetParam()];
  SCOPED_TRACE(row.name);
  row.secondary(merged(row, GroupType::Secondary));
}

TEST_P(MergeTable, MembershipGroupsGiveNothing) {
  const auto& row = rows()[GetParam()];
  SCOPED_TRACE(row.name);
  User user = member_of(GroupType::Membership);
  Group group;
  row.given(user, group);
  const auto result = merged(row, GroupType::Membership);
  EXPECT_EQ(result.user, user);
  EXPECT_TRUE(result.share_policies.empty());
}

INSTANTIATE_TEST_SUITE_P(Rows, MergeTable, testing::Range<std::size_t>(0, rows().size()));

Group named(std::string name) {
  Group group;
  group.name = std::move(name);
  return group;
}

TEST(EffectiveUser, SecondaryGroupsCountInTheUsersOrderWhateverTheListsOrder) {
  User user = member_of(GroupType::Secondary);
  user.groups = {{"b", GroupType::Secondary}, {"p", GroupType::Primary}, {"a", GroupType::Secondary}};
  auto a = named("a"), b = named("b"), p = named("p");
  a.user_settings.permissions["/x"] = {"download"};
  b.user_settings.permissions["/x"] = {"upload"};
  EXPECT_EQ(make_effective_user(user, {a, b, p}, {}).user.permissions.at("/x"), Strings{"upload"});
  EXPECT_EQ(make_effective_user(user, {p, b, a}, {}).user.permissions.at("/x"), Strings{"upload"});
  p.user_settings.permissions["/x"] = {"copy"};
  EXPECT_EQ(make_effective_user(user, {a, b, p}, {}).user.permissions.at("/x"), Strings{"copy"});
}

TEST(EffectiveUser, MountsOfOneFolderShareTheLimitsOfTheFirst) {
  User user = member_of(GroupType::Primary);
  user.virtual_folders = {{"f", "/a", 100, 5, "/x"}};
  auto group = named("g");
  group.virtual_folders = {{"f", "/b", 7, 7, "/y"}};
  Folder folder;
  folder.name = "f";
  folder.mapped_path = "/srv/f";
  const auto result = make_effective_user(user, {group}, {folder});
  ASSERT_EQ(result.folders.size(), 2u);
  EXPECT_EQ(result.folders[1].quota_size, 100);
  EXPECT_EQ(result.folders[1].quota_files, 5);
  EXPECT_EQ(result.user.virtual_folders[1].quota_size, 100);
}

TEST(EffectiveUser, MissingFoldersAndImpossibleSubpathsStayAsMountsWithAProblem) {
  User user = member_of(GroupType::Membership);
  user.virtual_folders = {{"gone", "/a", 0, 0, ""}, {"web", "/b", 0, 0, "/sub"}};
  Folder folder;
  folder.name = "web";
  folder.filesystem.provider = FsProvider::Http;
  const auto result = make_effective_user(user, {}, {folder});
  ASSERT_EQ(result.folders.size(), 2u);
  EXPECT_EQ(result.folders[0].problem, "the virtual folder does not exist");
  EXPECT_EQ(result.folders[1].problem, "this storage has no sub-paths");
}

TEST(EffectiveUser, SubpathsBecomePartOfEveryStorageThatHasThem) {
  for (const auto provider : {FsProvider::S3, FsProvider::Gcs, FsProvider::AzureBlob}) {
    User user = member_of(GroupType::Membership);
    user.virtual_folders = {{"f", "/a", 0, 0, "/x/y"}};
    Folder folder;
    folder.name = "f";
    folder.filesystem.provider = provider;
    folder.filesystem.s3config.key_prefix = folder.filesystem.gcsconfig.key_prefix =
        folder.filesystem.azblobconfig.key_prefix = "base/";
    const auto config = make_effective_user(user, {}, {folder}).folders.at(0).folder.filesystem;
    const std::set<std::string> prefixes = {config.s3config.key_prefix, config.gcsconfig.key_prefix,
                                            config.azblobconfig.key_prefix};
    EXPECT_EQ(prefixes, (std::set<std::string>{"base/", "base/x/y/"}));
  }
  User user = member_of(GroupType::Membership);
  user.virtual_folders = {{"f", "/a", 0, 0, "/x"}};
  Folder folder;
  folder.name = "f";
  folder.filesystem.provider = FsProvider::Sftp;
  folder.filesystem.sftpconfig.prefix = "/data";
  EXPECT_EQ(make_effective_user(user, {}, {folder}).folders.at(0).folder.filesystem.sftpconfig.prefix, "/data/x");
}

TEST(EffectiveUser, SubpathsWhosePlaceholdersHaveNoValueDropTheMount) {
  User user = member_of(GroupType::Primary);
  user.role.clear();
  auto group = named("g");
  group.virtual_folders = {{"f", "/a", 0, 0, "/%role%"}, {"f", "/b", 0, 0, "/%username%"}};
  const auto result = make_effective_user(user, {group}, {});
  ASSERT_EQ(result.folders.size(), 1u);
  EXPECT_EQ(result.folders[0].virtual_path, "/b");
}

TEST(EffectiveUser, AnonymousUsersMayOnlyListAndDownload) {
  User user = member_of(GroupType::Primary);
  user.permissions["/up"] = {"*"};
  auto group = named("g");
  group.user_settings.filters.is_anonymous = true;
  const auto result = make_effective_user(user, {group}, {});
  for (const auto& [path, tokens] : result.user.permissions) EXPECT_EQ(tokens, (Strings{"list", "download"})) << path;
  EXPECT_EQ(result.user.filters.denied_protocols, (Strings{"SSH", "HTTP"}));
  const auto& denied = result.user.filters.denied_login_methods;
  EXPECT_EQ(std::count(denied.begin(), denied.end(), "password"), 0);
  EXPECT_EQ(denied.size(), 9u);
}

TEST(EffectiveUser, ModuleOptionsAreExpandedAsJson) {
  User user = member_of(GroupType::Primary);
  user.filters.custom_placeholders = {"a\"b"};
  auto group = named("g");
  group.user_settings.filesystem.provider = FsProvider::Module;
  group.user_settings.filesystem.moduleconfig = JsonText(R"({"dir":"/%username%/%custom1%"})");
  EXPECT_EQ(make_effective_user(user, {group}, {}).user.filesystem.moduleconfig.text, R"({"dir":"/ann/a\"b"})");
}

TEST(Placeholders, ValuesCannotLeaveTheirComponent) {
  User user;
  user.username = "ann";
  user.filters.custom_placeholders = {"../../etc", "..", "."};
  const Placeholders values(user);
  EXPECT_EQ(values.expand_path("/srv/%custom1%/x"), "/srv/.._.._etc/x");
  EXPECT_EQ(values.expand_path("/srv/%custom2%"), "/srv/__");
  EXPECT_EQ(values.expand_path("/srv/%custom3%%custom3%"), "/srv/__");
  EXPECT_EQ(values.expand_path("/srv/../%username%"), "/srv/../ann");
}

TEST(Placeholders, OnlyKnownPlaceholdersWithValuesAreReplacedAndOnlyOnce) {
  User user;
  user.username = "%role%";
  user.filters.custom1 = "one";
  const Placeholders values(user);
  EXPECT_EQ(values.expand("%username%-%role%-%custom1%-%custom2%-%custom11%-%custom01%-%Custom1%-100%"),
            "%role%-%role%-one-%custom2%-%custom11%-%custom01%-%Custom1%-100%");
  EXPECT_FALSE(values.complete("/a/%custom2%"));
  EXPECT_TRUE(values.complete("/a/%custom1%/%custom11%"));
}

TEST(Placeholders, PathsAreCleanedLexically) {
  EXPECT_EQ(clean_path_text("/a//b/./c/../d/"), "/a/b/d");
  EXPECT_EQ(clean_path_text("/../.."), "/");
  EXPECT_EQ(clean_path_text("//a"), "/a");
  EXPECT_EQ(clean_path_text("//"), "/");
  EXPECT_EQ(clean_path_text(""), "");
  EXPECT_EQ(clean_path_text("a/.."), ".");
}

}  // namespace
}  // namespace slipway::accounts
