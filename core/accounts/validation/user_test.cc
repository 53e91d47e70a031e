#include <gtest/gtest.h>

#include <functional>

#include "core/accounts/validation/test_context.h"
#include "core/crypto/passwords.h"

namespace slipway::accounts {
namespace {

using Strings = std::vector<std::string>;

User valid_user() {
  User user;
  user.username = "ann";
  user.status = 1;
  user.home_dir = "/srv/ann";
  user.permissions["/"] = {"*"};
  return user;
}

constexpr const char* kEd25519 =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPHz8D2z1QdyeCpHwfstwXdF75PvkMuXjjPucstX9elR ann@host";

// One refusal: what is wrong, and the pointer that must be named.
struct Refusal {
  const char* name;
  const char* pointer;
  std::function<void(User&)> edit;
};

class RefusedUser : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedUser, IsRefusedWithThePointerOfWhatIsWrong) {
  User user = valid_user();
  GetParam().edit(user);
  const auto status = TestContext().check(user);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Errc::InvalidArgument);
  EXPECT_EQ(where(status), GetParam().pointer) << status.error().message();
  EXPECT_FALSE(status.error().cause().empty());
}

FilesystemConfig storage(FsProvider provider, const std::function<void(FilesystemConfig&)>& edit) {
  FilesystemConfig config;
  config.provider = provider;
  edit(config);
  return config;
}

const Refusal kRefusals[] = {
    {"EmptyName", "/username", [](User& u) { u.username = " "; }},
    {"LongName", "/username", [](User& u) { u.username.assign(256, 'a'); }},
    {"SlashInName", "/username", [](User& u) { u.username = "a/b"; }},
    {"InvisibleInName", "/username",
     [](User& u) {
       u.username =
           "a\xE2\x80\x8B"
           "b";
     }},
    {"BrokenUtf8", "/username", [](User& u) { u.username = "a\xFF"; }},
    {"DotDot", "/username", [](User& u) { u.username = ".."; }},
    {"Device", "/username", [](User& u) { u.username = "com1.txt"; }},
    {"TrailingDot", "/username", [](User& u) { u.username = "ann."; }},
    {"Reserved", "/username", [](User& u) { u.username = "__system__"; }},
    {"Email", "/email", [](User& u) { u.email = "ann at example.com"; }},
    {"OtherEmail", "/filters/additional_emails/1",
     [](User& u) {
       u.filters.additional_emails = {"a@b.c", "x@"};
     }},
    {"RelativeHome", "/home_dir", [](User& u) { u.home_dir = "ann"; }},
    {"NulInHome", "/home_dir", [](User& u) { u.home_dir = std::string("/a\0b", 4); }},
    {"NoPermissions", "/permissions", [](User& u) { u.permissions.clear(); }},
    {"NoRootPermission", "/permissions",
     [](User& u) {
       u.permissions = {{"/a", {"*"}}};
     }},
    {"EmptyRootPermission", "/permissions/~1", [](User& u) { u.permissions["/"] = {}; }},
    {"UnknownPermission", "/permissions/~1/1",
     [](User& u) {
       u.permissions["/"] = {"list", "downlod"};
     }},
    {"RelativePermission", "/permissions/a", [](User& u) { u.permissions["a"] = {"*"}; }},
    {"RootSpeltDifferently", "/permissions/~1a~1..", [](User& u) { u.permissions["/a/.."] = {"*"}; }},
    {"SameDirectoryTwice", "/permissions/~1a~1",
     [](User& u) {
       u.permissions = {{"/", {"*"}}, {"/a", {"*"}}, {"/a/", {"*"}}};
     }},
    {"GroupType", "/groups/0/type",
     [](User& u) {
       u.groups = {{"g", GroupType(4)}};
     }},
    {"TwoPrimaries", "/groups/1/type",
     [](User& u) {
       u.groups = {{"g", GroupType::Primary}, {"h", GroupType::Primary}};
     }},
    {"SameGroupTwice", "/groups/1/name",
     [](User& u) {
       u.groups = {{"g", GroupType::Primary}, {"g", GroupType::Secondary}};
     }},
    {"TotpUnknownConfig", "/filters/totp_config/config_name",
     [](User& u) {
       u.filters.totp_config = {true, "x", plain("s"), {"SSH"}};
     }},
    {"TotpNoSecret", "/filters/totp_config/secret",
     [](User& u) {
       u.filters.totp_config = {true, "Default", {}, {"SSH"}};
     }},
    {"TotpNoProtocol", "/filters/totp_config/protocols",
     [](User& u) {
       u.filters.totp_config = {true, "Default", plain("s"), {}};
     }},
    {"TotpOddProtocol", "/filters/totp_config/protocols/0",
     [](User& u) {
       u.filters.totp_config = {true, "Default", plain("s"), {"DAV"}};
     }},
    {"MixedQuota", "/virtual_folders/0/quota_files",
     [](User& u) {
       u.virtual_folders = {{"f", "/f", -1, 0, ""}};
     }},
    {"SmallQuota", "/virtual_folders/0/quota_size",
     [](User& u) {
       u.virtual_folders = {{"f", "/f", -2, -2, ""}};
     }},
    {"SamePath", "/virtual_folders/1/virtual_path",
     [](User& u) {
       u.virtual_folders = {{"f", "/f", 0, 0, ""}, {"g", "/f/", 0, 0, ""}};
     }},
    {"SameFolder", "/virtual_folders/1",
     [](User& u) {
       u.virtual_folders = {{"f", "/f", 0, 0, ""}, {"f", "/g", 0, 0, ""}};
     }},
    {"UnequalLimits", "/virtual_folders/1/quota_size",
     [](User& u) {
       u.virtual_folders = {{"f", "/f", 1, 0, ""}, {"f", "/g", 2, 0, "/a"}};
     }},
    {"RootSubpath", "/virtual_folders/0/subpath",
     [](User& u) {
       u.virtual_folders = {{"f", "/f", 0, 0, "/a/.."}};
     }},
    {"LongSubpath", "/virtual_folders/0/subpath",
     [](User& u) {
       u.virtual_folders = {{"f", "/f", 0, 0, "/" + std::string(191, 'a')}};
     }},
    {"NoVirtualPath", "/virtual_folders/0/virtual_path",
     [](User& u) {
       u.virtual_folders = {{"f", "", 0, 0, ""}};
     }},
    {"Status", "/status", [](User& u) { u.status = 2; }},
    {"LongPassword", "/password", [](User& u) { u.password.assign(73, 'x'); }},
    {"GarbageKey", "/public_keys/0", [](User& u) { u.public_keys = {"ssh-ed25519 AAAA"}; }},
    {"NotANetwork", "/filters/allowed_ip/0", [](User& u) { u.filters.allowed_ip = {"192.0.2.1"}; }},
    {"BandwidthWithoutSource", "/filters/bandwidth_limits/0/sources",
     [](User& u) {
       u.filters.bandwidth_limits = {{{}, 1, 1}};
     }},
    {"EveryProtocolDenied", "/filters/denied_protocols",
     [](User& u) {
       u.filters.denied_protocols = {"SSH", "FTP", "DAV", "HTTP"};
     }},
    {"UnknownMethod", "/filters/denied_login_methods/0", [](User& u) { u.filters.denied_login_methods = {"passwd"}; }},
    {"TwoFactorOverDav", "/filters/two_factor_protocols/0", [](User& u) { u.filters.two_factor_protocols = {"DAV"}; }},
    {"TlsUsername", "/filters/tls_username", [](User& u) { u.filters.tls_username = "SAN"; }},
    {"Certificate", "/filters/tls_certs/0",
     [](User& u) { u.filters.tls_certs = {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}; }},
    {"WebClient", "/filters/web_client/0", [](User& u) { u.filters.web_client = {"mfa-disable"}; }},
    {"ShareExpirations", "/filters/max_shares_expiration",
     [](User& u) {
       u.filters.default_shares_expiration = 5;
       u.filters.max_shares_expiration = 4;
     }},
    {"Weekday", "/filters/access_time/0/day_of_week",
     [](User& u) {
       u.filters.access_time = {{7, "08:00", "09:00"}};
     }},
    {"Hour", "/filters/access_time/0/from",
     [](User& u) {
       u.filters.access_time = {{1, "24:00", "25:00"}};
     }},
    {"ShortTime", "/filters/access_time/0/to",
     [](User& u) {
       u.filters.access_time = {{1, "08:00", "9:00"}};
     }},
    {"EmptyPeriod", "/filters/access_time/0/to",
     [](User& u) {
       u.filters.access_time = {{1, "08:00", "08:00"}};
     }},
    {"RelativePattern", "/filters/file_patterns/0/path",
     [](User& u) {
       u.filters.file_patterns = {{"a", {"*"}, {}, 0}};
     }},
    {"PatternTwice", "/filters/file_patterns/1/path",
     [](User& u) {
       u.filters.file_patterns = {{"/a", {"*"}, {}, 0}, {"/a/", {"*"}, {}, 0}};
     }},
    {"NoPattern", "/filters/file_patterns/0",
     [](User& u) {
       u.filters.file_patterns = {{"/a", {}, {}, 0}};
     }},
    {"DenyPolicy", "/filters/file_patterns/0/deny_policy",
     [](User& u) {
       u.filters.file_patterns = {{"/a", {"*"}, {}, 2}};
     }},
    {"BadGlob", "/filters/file_patterns/0/denied_patterns/0",
     [](User& u) {
       u.filters.file_patterns = {{"/a", {}, {"[a"}, 0}};
     }},
    {"UserType", "/filters/user_type", [](User& u) { u.filters.user_type = "Unix"; }},
    {"FtpSecurity", "/filters/ftp_security", [](User& u) { u.filters.ftp_security = 2; }},
    {"ShareScope", "/filters/denied_share_scopes/0", [](User& u) { u.filters.denied_share_scopes = {"all"}; }},
    {"TooManyPlaceholders", "/filters/custom_placeholders",
     [](User& u) { u.filters.custom_placeholders.assign(11, "x"); }},
    {"TotpAndMfaOff", "/filters/web_client",
     [](User& u) {
       u.filters.totp_config = {true, "Default", plain("s"), {"SSH"}};
       u.filters.web_client = {"mfa-disabled"};
     }},
    {"ChangeAndChangeOff", "/filters/web_client",
     [](User& u) {
       u.filters.require_password_change = true;
       u.filters.web_client = {"password-change-disabled"};
     }},
    {"TwoFactorAndMfaOff", "/filters/web_client",
     [](User& u) {
       u.filters.two_factor_protocols = {"SSH"};
       u.filters.web_client = {"mfa-disabled"};
     }},
    {"OidcFields", "/oidc_custom_fields", [](User& u) { u.oidc_custom_fields = JsonText("[1]"); }},
    {"Provider", "/filesystem/provider", [](User& u) { u.filesystem.provider = FsProvider(8); }},
    {"LocalBuffer", "/filesystem/osconfig/read_buffer_size",
     [](User& u) { u.filesystem.osconfig.read_buffer_size = 11; }},
    {"CryptPassphrase", "/filesystem/cryptconfig/passphrase",
     [](User& u) { u.filesystem.provider = FsProvider::Crypt; }},
    {"RedactedSecret", "/filesystem/cryptconfig/passphrase",
     [](User& u) {
       u.filesystem = storage(FsProvider::Crypt, [](auto& c) { c.cryptconfig.passphrase.status = "Redacted"; });
     }},
    {"PlainWithoutPayload", "/filesystem/cryptconfig/passphrase",
     [](User& u) { u.filesystem = storage(FsProvider::Crypt, [](auto& c) { c.cryptconfig.passphrase = plain(""); }); }},
    {"SealedWithShortKey", "/filesystem/cryptconfig/passphrase",
     [](User& u) {
       u.filesystem = storage(FsProvider::Crypt, [](auto& c) {
         c.cryptconfig.passphrase = {"Secretbox", "cGF5", "ab", "", 0};
       });
     }},
    {"S3Bucket", "/filesystem/s3config/bucket", [](User& u) { u.filesystem.provider = FsProvider::S3; }},
    {"S3Region", "/filesystem/s3config/region",
     [](User& u) { u.filesystem = storage(FsProvider::S3, [](auto& c) { c.s3config.bucket = "b"; }); }},
    {"S3HalfKey", "/filesystem/s3config/access_secret",
     [](User& u) {
       u.filesystem = storage(FsProvider::S3, [](auto& c) {
         c.s3config.bucket = c.s3config.region = "b";
         c.s3config.access_key = "k";
       });
     }},
    {"S3PartSize", "/filesystem/s3config/upload_part_size",
     [](User& u) {
       u.filesystem = storage(FsProvider::S3, [](auto& c) {
         c.s3config.bucket = c.s3config.region = "b";
         c.s3config.upload_part_size = 4;
       });
     }},
    {"S3Prefix", "/filesystem/s3config/key_prefix",
     [](User& u) {
       u.filesystem = storage(FsProvider::S3, [](auto& c) {
         c.s3config.bucket = c.s3config.region = "b";
         c.s3config.key_prefix = "a/..";
       });
     }},
    {"S3Checksum", "/filesystem/s3config/checksum_algorithm",
     [](User& u) {
       u.filesystem = storage(FsProvider::S3, [](auto& c) {
         c.s3config.bucket = c.s3config.region = "b";
         c.s3config.checksum_algorithm = "md5";
       });
     }},
    {"GcsCredentials", "/filesystem/gcsconfig/credentials",
     [](User& u) { u.filesystem = storage(FsProvider::Gcs, [](auto& c) { c.gcsconfig.bucket = "b"; }); }},
    {"AzureContainer", "/filesystem/azblobconfig/container",
     [](User& u) {
       u.filesystem = storage(FsProvider::AzureBlob, [](auto& c) { c.azblobconfig.account_name = "a"; });
     }},
    {"AzureTier", "/filesystem/azblobconfig/access_tier",
     [](User& u) {
       u.filesystem = storage(FsProvider::AzureBlob, [](auto& c) {
         c.azblobconfig.sas_url = plain("u");
         c.azblobconfig.access_tier = "Cold";
       });
     }},
    {"SftpUser", "/filesystem/sftpconfig/username",
     [](User& u) { u.filesystem = storage(FsProvider::Sftp, [](auto& c) { c.sftpconfig.endpoint = "h"; }); }},
    {"SftpCredential", "/filesystem/sftpconfig/password",
     [](User& u) {
       u.filesystem = storage(FsProvider::Sftp, [](auto& c) { c.sftpconfig.endpoint = c.sftpconfig.username = "h"; });
     }},
    {"SftpKey", "/filesystem/sftpconfig/private_key",
     [](User& u) {
       u.filesystem = storage(FsProvider::Sftp, [](auto& c) {
         c.sftpconfig.endpoint = c.sftpconfig.username = "h";
         c.sftpconfig.private_key = plain("x");
       });
     }},
    {"SftpProxy", "/filesystem/sftpconfig/socks_proxy",
     [](User& u) {
       u.filesystem = storage(FsProvider::Sftp, [](auto& c) {
         c.sftpconfig.endpoint = c.sftpconfig.username = "h";
         c.sftpconfig.password = plain("x");
         c.sftpconfig.socks_proxy = "http://p";
       });
     }},
    {"HttpScheme", "/filesystem/httpconfig/endpoint",
     [](User& u) { u.filesystem = storage(FsProvider::Http, [](auto& c) { c.httpconfig.endpoint = "ftp://h"; }); }},
    {"HttpSocket", "/filesystem/httpconfig/endpoint",
     [](User& u) {
       u.filesystem = storage(FsProvider::Http, [](auto& c) { c.httpconfig.endpoint = "http://unix?socket_path=run"; });
     }},
    {"FtpTls", "/filesystem/ftpconfig/tls_mode",
     [](User& u) {
       u.filesystem = storage(FsProvider::Ftp, [](auto& c) {
         c.ftpconfig.endpoint = c.ftpconfig.username = "h";
         c.ftpconfig.tls_mode = 3;
       });
     }},
    {"ModuleName", "/filesystem/module", [](User& u) { u.filesystem.provider = FsProvider::Module; }},
    {"ModuleConfig", "/filesystem/moduleconfig",
     [](User& u) {
       u.filesystem = storage(FsProvider::Module, [](auto& c) {
         c.module = "m";
         c.moduleconfig = JsonText("3");
       });
     }},
};

INSTANTIATE_TEST_SUITE_P(Refusals, RefusedUser, testing::ValuesIn(kRefusals),
                         [](const auto& info) { return std::string(info.param.name); });

User saved(User user, const TestContext& context = {}) {
  const auto status = context.check(user);
  EXPECT_TRUE(status.ok()) << status.error().message();
  return user;
}

TEST(ValidUser, ConvertsItsNameByTheNamingRules) {
  TestContext context;
  context.settings.naming_rules = 7;
  auto user = valid_user();
  user.username = " \xC3\x84nn\xC2\xA0";
  user.groups = {{"Staff ", GroupType::Primary}};
  user.virtual_folders = {{" PUB", "/pub", 0, 0, ""}};
  user = saved(user, context);
  EXPECT_EQ(user.username, "\xC3\xA4nn");
  EXPECT_EQ(user.groups[0].name, "staff");
  EXPECT_EQ(user.virtual_folders[0].name, "pub");
}

TEST(ValidUser, MayHaveOnlyPlainNamesWhenTheRulesSaySo) {
  TestContext context;
  context.settings.naming_rules = 4;
  auto user = valid_user();
  user.username =
      "b\xC3\xB6"
      "b";
  EXPECT_EQ(where(context.check(user)), "/username");
}

TEST(ValidUser, GetsAHomeBelowTheBaseDirectory) {
  auto user = valid_user();
  user.home_dir.clear();
  EXPECT_EQ(saved(user).home_dir, "/srv/data/ann");
  user.filesystem = storage(FsProvider::Gcs, [](auto& c) {
    c.gcsconfig.bucket = "b";
    c.gcsconfig.automatic_credentials = 1;
  });
  EXPECT_EQ(saved(user).home_dir, "/tmp/ann");
  TestContext context;
  context.settings.users_base_dir.clear();
  auto homeless = valid_user();
  homeless.home_dir.clear();
  EXPECT_EQ(where(context.check(homeless)), "/home_dir");
}

TEST(ValidUser, HasCleanPaths) {
  auto user = valid_user();
  user.home_dir = "/srv//x/../ann/";
  user.permissions = {{"/", {"*", "list"}}, {"/a//b/", {"list", "list", "upload"}}, {"/w\\x", {}}};
  user.virtual_folders = {{"f", "vf/x/", 0, 0, "a/./b/"}};
  user.filters.start_directory = "\\in\\";
  user.filters.file_patterns = {{"/P/", {"*.TXT", "*.txt"}, {}, 1}};
  user = saved(user);
  EXPECT_EQ(user.home_dir, "/srv/ann");
  EXPECT_EQ(user.permissions, (PermissionLists{{"/", {"*"}}, {"/a/b", {"list", "upload"}}, {"/w/x", {}}}));
  EXPECT_EQ(user.virtual_folders[0].virtual_path, "/vf/x");
  EXPECT_EQ(user.virtual_folders[0].subpath, "/a/b");
  EXPECT_EQ(user.filters.start_directory, "/in");
  EXPECT_EQ(user.filters.file_patterns[0].path, "/P");
  EXPECT_EQ(user.filters.file_patterns[0].allowed_patterns, Strings{"*.txt"});
}

TEST(ValidUser, MayMountNestedFoldersAndOneAtTheRoot) {
  auto user = valid_user();
  user.virtual_folders = {{"f", "/", 0, 0, ""}, {"g", "/a", -1, -1, ""}, {"h", "/a/b", 5, 5, ""}};
  EXPECT_EQ(saved(user).virtual_folders.size(), 3u);
}

TEST(ValidUser, HasItsNegativeLimitsRaisedToNone) {
  auto user = valid_user();
  user.upload_bandwidth = user.download_bandwidth = -1;
  user.upload_data_transfer = 5;
  user.total_data_transfer = 7;
  user.filters.bandwidth_limits = {{{"10.0.0.0/8", "10.0.0.0/8"}, -1, 4}};
  user.filters.external_auth_cache_time = 60;
  user = saved(user);
  EXPECT_EQ(user.upload_bandwidth, 0);
  EXPECT_EQ(user.upload_data_transfer, 0);
  EXPECT_EQ(user.filters.bandwidth_limits, (std::vector<BandwidthLimit>{{{"10.0.0.0/8"}, 0, 4}}));
  EXPECT_EQ(user.filters.external_auth_cache_time, 0) << "there is no external authentication";
}

TEST(ValidUser, KeepsTheCacheTimeWithExternalAuthentication) {
  TestContext context;
  context.settings.external_auth = true;
  auto user = valid_user();
  user.filters.external_auth_cache_time = 60;
  EXPECT_EQ(saved(user, context).filters.external_auth_cache_time, 60);
  user.filters.hooks.external_auth_disabled = true;
  EXPECT_EQ(saved(user, context).filters.external_auth_cache_time, 0);
}

TEST(ValidUser, HasPlainPasswordsHashedAndHashesKept) {
  auto user = valid_user();
  user.password = "correct horse";
  const auto hashed = saved(user);
  EXPECT_TRUE(crypto::verify_password(hashed.password, "correct horse"));
  EXPECT_EQ(hashed.last_password_change, TestContext().now_ms);
  user.password = "$6$salt$hash";
  const auto kept = saved(user);
  EXPECT_EQ(kept.password, "$6$salt$hash");
  EXPECT_EQ(kept.last_password_change, 0);
}

TEST(ValidUser, MustHaveAPasswordOfTheStrengthThatCountsForIt) {
  TestContext context;
  context.settings.user_passwords.min_entropy = 70;
  auto user = valid_user();
  user.password = "abcdef";
  EXPECT_EQ(where(context.check(user)), "/password");
  user = valid_user();
  user.password = "abcdef";
  user.filters.password_strength = 1;  // its own value wins, weaker ones too
  EXPECT_EQ(where(context.check(user)), "");
  PasswordRules group;
  group.policy.digits = 2;
  context.inherited_rules = &group;
  user.password = "abcdef1";
  const auto status = context.check(user);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().cause().find("2 digits"), std::string::npos);
}

TEST(ValidUser, KeepsItsKeysAsTheyWereTyped) {
  auto user = valid_user();
  const std::string with_options = std::string("from=\"10.0.0.0/8\",no-pty ") + kEd25519;
  user.public_keys = {kEd25519, "  ", with_options, kEd25519};
  EXPECT_EQ(saved(user).public_keys, (Strings{kEd25519, with_options}));
}

TEST(ValidUser, HasItsSecretsSealedForItsName) {
  auto user = valid_user();
  user.filesystem = storage(FsProvider::S3, [](auto& c) {
    c.s3config.bucket = c.s3config.region = "b";
    c.s3config.access_key = "k";
    c.s3config.access_secret = plain("hidden");
    c.s3config.key_prefix = "/a/./b";
    c.s3config.storage_class = " STANDARD ";
    c.s3config.checksum_algorithm = "SHA256";
    c.sftpconfig.endpoint = "left over";
  });
  const TestContext context;
  user = saved(user, context);
  const auto& s3 = user.filesystem.s3config;
  EXPECT_EQ(s3.access_secret.status, "Secretbox");
  EXPECT_EQ(s3.access_secret.additional_data, "ann");
  EXPECT_EQ(*context.keeper().open(s3.access_secret), "hidden");
  EXPECT_EQ(s3.key_prefix, "a/b/");
  EXPECT_EQ(s3.storage_class, "STANDARD");
  EXPECT_EQ(s3.checksum_algorithm, "sha256");
  EXPECT_TRUE(user.filesystem.sftpconfig.endpoint.empty()) << "settings of other storages are cleared";
  const auto again = saved(user, context);
  EXPECT_EQ(again, user) << "a second save must change nothing";
}

TEST(ValidUser, HasSecretsOfModuleOptionsSealed) {
  auto user = valid_user();
  user.filesystem = storage(FsProvider::Module, [](auto& c) {
    c.module = "storage-mine";
    c.moduleconfig = JsonText(R"({"deep":[{"token":{"status":"Plain","payload":"hidden"}}],"status":"Plain"})");
  });
  user = saved(user);
  EXPECT_EQ(user.filesystem.moduleconfig.text.find("hidden"), std::string::npos);
  EXPECT_NE(user.filesystem.moduleconfig.text.find("Secretbox"), std::string::npos);
}

TEST(ValidUser, MustHaveStrongPassphrasesWhenTheServerAsksForThem) {
  TestContext context;
  context.settings.secret_min_entropy = 80;
  auto user = valid_user();
  user.filesystem = storage(FsProvider::Crypt, [](auto& c) { c.cryptconfig.passphrase = plain("abc"); });
  EXPECT_EQ(where(context.check(user)), "/filesystem/cryptconfig/passphrase");
}

TEST(ValidUser, HasEndpointsCompleted) {
  auto user = valid_user();
  user.filesystem = storage(FsProvider::Sftp, [](auto& c) {
    c.sftpconfig.endpoint = "host";
    c.sftpconfig.username = "u";
    c.sftpconfig.password = plain("p");
    c.sftpconfig.prefix = "data/";
  });
  EXPECT_EQ(saved(user).filesystem.sftpconfig.endpoint, "host:22");
  EXPECT_EQ(saved(user).filesystem.sftpconfig.prefix, "/data");
  user.filesystem.sftpconfig.endpoint = "[2001:db8::1]";
  EXPECT_EQ(saved(user).filesystem.sftpconfig.endpoint, "[2001:db8::1]:22");
  user.filesystem = storage(FsProvider::Http, [](auto& c) { c.httpconfig.endpoint = "http://h/api//"; });
  EXPECT_EQ(saved(user).filesystem.httpconfig.endpoint, "http://h/api");
  user.filesystem.httpconfig.endpoint = "http://unix?socket_path=%2Frun%2Fx.sock&api_prefix=/v1";
  EXPECT_TRUE(TestContext().check(user).ok());
}

TEST(ValidUser, ThatIsAnonymousMayOnlyListAndDownload) {
  auto user = valid_user();
  user.filters.is_anonymous = true;
  user = saved(user);
  EXPECT_EQ(user.permissions.at("/"), (Strings{"list", "download"}));
  EXPECT_EQ(user.filters.denied_protocols, (Strings{"SSH", "HTTP"}));
}

TEST(ValidUser, WithoutTotpHasNoRemainsOfIt) {
  auto user = valid_user();
  user.filters.totp_config = {false, "Default", plain("x"), {"SSH"}};
  EXPECT_EQ(saved(user).filters.totp_config, TotpConfig{});
}

}  // namespace
}  // namespace slipway::accounts
