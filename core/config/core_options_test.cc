#include "core/config/core_options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "core/base/json.h"
#include "core/config/document.h"
#include "core/config/known_keys.h"
#include "core/config/read_file.h"
#include "core/config/test_folder.h"

namespace slipway::config {
namespace {

const std::filesystem::path kSource = SLIPWAY_SOURCE_DIR;

TEST(CoreOptions, EveryTableIsSound) {
  for (const DocumentedSection& section : documented_core_sections()) {
    const Status status = check_options(section.table);
    EXPECT_TRUE(status.ok()) << section.name << ": " << status.error().message();
    for (const OptionSpec& spec : section.table) {
      EXPECT_NE(spec.default_value, nullptr) << spec.name << ": the server must start without a file";
      EXPECT_GT(std::string_view(spec.help).size(), 3u) << spec.name;
    }
  }
  EXPECT_TRUE(check_options(kModuleInstanceOptions).ok());
  EXPECT_TRUE(check_options(kSwitches).ok());
}

TEST(CoreOptions, EverySectionThatIsReadIsDocumented) {
  const auto documented = documented_core_sections();
  ASSERT_EQ(documented.size(), core_sections().size());
  for (std::size_t i = 0; i < documented.size(); ++i) EXPECT_EQ(documented[i].name, core_sections()[i]);
}

TEST(CoreOptions, KeysBesideOurOwnAreTheDocumentedOnes) {
  for (const DocumentedSection& section : documented_core_sections()) {
    if (section.name == "modules" || section.name == "lua") continue;
    for (const OptionSpec& spec : section.table) {
      std::string_view key = spec.name;
      if (key.ends_with("[]")) key.remove_suffix(2);
      EXPECT_TRUE(is_documented_key(section.name, key)) << section.name << "." << key;
    }
  }
}

TEST(CoreOptions, DefaultsOfListsComeThrough) {
  std::vector<Problem> problems;
  const OptionValues mfa = read_options(kMfaOptions, {}, problems);
  ASSERT_EQ(mfa.count("totp"), 1u);
  EXPECT_EQ(mfa.string("totp[0].name"), "Default");
  EXPECT_EQ(mfa.string("totp[0].algo"), "sha1");
}

TEST(CoreOptions, TheShippedFileIsTheDefaultsAndValid) {
  const auto text = read_file((kSource / "conf" / "slipway.json").native(), kMaxDocumentBytes);
  ASSERT_TRUE(text.ok()) << text.error().message();
  EXPECT_EQ(*text, default_document()) << "make it with `slipway config defaults`";

  const auto document = parse_document(DocumentFormat::Json, *text);
  ASSERT_TRUE(document.ok());
  const auto configuration = Configuration::from_document(*document, "");
  std::vector<Problem> problems = configuration->unknown_sections(core_sections());
  for (const DocumentedSection& section : documented_core_sections()) {
    const OptionValues values = configuration->section(section.name, section.table, problems);
    EXPECT_EQ(values.redacted(), read_options(section.table, {}, problems).redacted()) << section.name;
  }
  for (const Problem& problem : problems) ADD_FAILURE() << problem.where << ": " << problem.message;
}

TEST(CoreOptions, TheReferenceIsUpToDate) {
  const auto text = read_file((kSource / "docs" / "configuration-reference.md").native(), kMaxDocumentBytes);
  ASSERT_TRUE(text.ok()) << text.error().message();
  EXPECT_EQ(*text, reference_markdown()) << "make it with `slipway config reference`";
}

TEST(CoreOptions, AFileOfSftpgoBringsWarningsOnly) {
  const auto document = parse_document(DocumentFormat::Json, R"({
    "common": {"idle_timeout": 15, "upload_mode": 2, "actions": {"execute_on": [], "execute_sync": [], "hook": ""},
      "setstat_mode": 0, "rename_mode": 0, "resume_max_size": 0, "temp_path": "", "proxy_protocol": 0, "proxy_allowed": [],
      "startup_hook": "", "defender": {"enabled": false, "driver": "memory", "ban_time": 30,
        "login_delay": {"success": 0, "password_failed": 1000}},
      "rate_limiters": [{"average": 0, "period": 1000, "protocols": ["SSH", "FTP"]}], "umask": "", "tz": "", "server_version": "",
      "metadata": {"read": 0}, "event_manager": {"enabled_commands": []}},
    "acme": {"domains": []},
    "webdavd": {"bindings": [{"port": 0}]},
    "data_provider": {"driver": "sqlite", "name": "sftpgo.db", "host": "", "port": 0, "sslmode": 0, "pool_size": 0,
      "node": {"host": "", "port": 0, "proto": "http"}, "naming_rules": 5, "is_shared": 0, "backups_path": "backups"},
    "kms": {"secrets": {"url": "", "master_key": "", "master_key_path": ""}},
    "mfa": {"totp": [{"name": "Default", "issuer": "SFTPGo", "algo": "sha1"}]},
    "smtp": {"host": "", "port": 587},
    "plugins": []
  })");
  ASSERT_TRUE(document.ok());
  const auto configuration = Configuration::from_document(*document, "/etc/sftpgo");
  std::vector<Problem> problems = configuration->unknown_sections(core_sections());
  for (const DocumentedSection& section : documented_core_sections())
    (void)configuration->section(section.name, section.table, problems);
  for (const Problem& problem : problems) EXPECT_FALSE(problem.fatal) << problem.where << ": " << problem.message;
  const auto warned = [&](std::string_view where) {
    return std::any_of(problems.begin(), problems.end(),
                       [&](const Problem& problem) { return problem.where == where; });
  };
  EXPECT_TRUE(warned("common.resume_max_size"));
  EXPECT_TRUE(warned("data_provider.node"));
  EXPECT_TRUE(warned("smtp"));
  EXPECT_TRUE(warned("plugins"));
}

TEST(Switches, ComeFromEitherPrefix) {
  const TestFolder folder;
  folder.write("env.d/x",
               "SFTPGO_HOOK__MEMORY_PIPES__ENABLED=1\nSLIPWAY_HOOK__HTTPD_MAX_EDIT_SIZE=5\nSFTPGO_HOOK__FROM_THE_"
               "FUTURE=1\nSLIPWAY_HOOK__AUTO_FOLDRES=1\n");
  const auto configuration = Configuration::load({folder.native(), ""});
  ASSERT_TRUE(configuration.ok());
  std::vector<Problem> problems;
  const OptionValues switches = read_switches(**configuration, problems);
  EXPECT_TRUE(switches.flag("memory_pipes.enabled"));
  EXPECT_FALSE(switches.flag("auto_folders"));
  EXPECT_EQ(switches.integer("httpd_max_edit_size"), 5);
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_TRUE(problems[0].fatal);
  EXPECT_NE(problems[0].message.find("did you mean \"auto_folders\"?"), std::string::npos) << problems[0].message;
  EXPECT_FALSE(problems[1].fatal);
}

}  // namespace
}  // namespace slipway::config
