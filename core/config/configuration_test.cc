#include "core/config/configuration.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/config/known_keys.h"
#include "core/config/test_folder.h"

namespace slipway::config {
namespace {

constexpr OptionSpec kTable[] = {
    {"idle_timeout", OptionType::Integer, "15", "minutes", 0},
    {"temp_path", OptionType::Path, "", "folder"},
};

std::string text_of(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& p : problems) text += (p.fatal ? "fatal " : "warning ") + p.where + ": " + p.message + "\n";
  return text;
}

TEST(Configuration, WithoutAFileTheDefaultsApply) {
  const TestFolder folder;
  const auto configuration = Configuration::load({folder.native(), ""});
  ASSERT_TRUE(configuration.ok());
  EXPECT_EQ((*configuration)->file(), "");
  EXPECT_EQ((*configuration)->config_dir(), folder.native());
  std::vector<Problem> problems;
  EXPECT_EQ((*configuration)->section("common", kTable, problems).integer("idle_timeout"), 15);
  EXPECT_TRUE(problems.empty());
}

TEST(Configuration, OurFileComesBeforeTheirs) {
  const TestFolder folder;
  folder.write("sftpgo.json", R"({"common":{"idle_timeout":1}})");
  EXPECT_EQ((*Configuration::load({folder.native(), ""}))->file(), (folder.path() / "sftpgo.json").native());
  folder.write("slipway.toml", "[common]\nidle_timeout = 2\ntemp_path = 'tmp'\n");
  const auto configuration = Configuration::load({folder.native(), ""});
  ASSERT_TRUE(configuration.ok());
  std::vector<Problem> problems;
  const OptionValues values = (*configuration)->section("common", kTable, problems);
  EXPECT_EQ(values.integer("idle_timeout"), 2);
  EXPECT_EQ(values.string("temp_path"), (folder.path() / "tmp").native());
}

TEST(Configuration, AnExplicitFileMustExist) {
  const TestFolder folder;
  folder.write("slipway.json", "{}");
  EXPECT_EQ(Configuration::load({folder.native(), "other.yaml"}).code(), Errc::NotFound);
  const auto file = folder.write("sub/other.yaml", "common: {idle_timeout: 3}");
  for (const std::string& name : {std::string("sub/other.yaml"), file.native()}) {
    const auto configuration = Configuration::load({folder.native(), name});
    ASSERT_TRUE(configuration.ok()) << configuration.error().message();
    EXPECT_EQ((*configuration)->file(), file.native());
  }
}

TEST(Configuration, UnsupportedFormatsAreNotPassedOver) {
  const TestFolder folder;
  folder.write("sftpgo.hcl", "");
  const auto configuration = Configuration::load({folder.native(), ""});
  ASSERT_FALSE(configuration);
  EXPECT_EQ(configuration.code(), Errc::NotSupported);
  folder.write("sftpgo.json", "{}");
  EXPECT_TRUE(Configuration::load({folder.native(), ""}).ok());
}

TEST(Configuration, SyntaxErrorsAndMissingFoldersStopTheStart) {
  const TestFolder folder;
  folder.write("slipway.json", "{]");
  EXPECT_NE(Configuration::load({folder.native(), ""}).error().message().find("slipway.json: line 1, column 2"),
            std::string::npos)
      << Configuration::load({folder.native(), ""}).error().message();
  EXPECT_EQ(Configuration::load({folder.native() + "/none", ""}).code(), Errc::NotFound);
  folder.write("slipway.json", "{}");
  folder.write("env.d/x", "bad line");
  EXPECT_EQ(Configuration::load({folder.native(), ""}).code(), Errc::InvalidArgument);
}

TEST(Configuration, EnvFilesOverlaySectionsAndModuleOptions) {
  const TestFolder folder;
  folder.write("slipway.json", R"({"modules":{"load":{"storage-mine":{"options":{"idle_timeout":1}}}}})");
  folder.write("env.d/x",
               "SFTPGO_COMMON__IDLE_TIMEOUT=7\nSLIPWAY_MODULES__LOAD__STORAGE_MINE__OPTIONS__TEMP_PATH=here\n");
  const auto configuration = Configuration::load({folder.native(), ""});
  ASSERT_TRUE(configuration.ok());
  std::vector<Problem> problems;
  EXPECT_EQ((*configuration)->section("common", kTable, problems).integer("idle_timeout"), 7);
  const OptionValues options = (*configuration)->module_options("storage-mine", kTable, problems);
  EXPECT_EQ(options.integer("idle_timeout"), 1);
  EXPECT_EQ(options.string("temp_path"), (folder.path() / "here").native());
  EXPECT_EQ((*configuration)->module_options("absent", kTable, problems).integer("idle_timeout"), 15);
  EXPECT_EQ(text_of(problems), "");
}

TEST(Configuration, SectionsOfTheWrongKindAreProblems) {
  const auto configuration = Configuration::from_document(
      boost::json::parse(R"({"common":[],"modules":{"load":{"x":{"options":3}}}})").as_object(), "/etc");
  std::vector<Problem> problems;
  (void)configuration->section("common", kTable, problems);
  (void)configuration->module_options("x", kTable, problems);
  EXPECT_EQ(text_of(problems), "fatal common: must be an object\nfatal modules.load.x.options: must be an object\n");
}

TEST(Configuration, UnclaimedSectionsAreNamed) {
  const TestFolder folder;
  folder.write("slipway.json", R"({"common":{},"commom":{},"webdavd":{},"mine":{}})");
  folder.write("env.d/x",
               "SLIPWAY_COMON__X=1\nSFTPGO_FOO__X=1\nSFTPGO_FTPD__X=1\nSLIPWAY_LOG_LEVEL=info\nSFTPGO_HOOK__AUTO_"
               "FOLDERS=1\nSLIPWAY_COMMON__Y=1\n");
  const auto configuration = Configuration::load({folder.native(), ""});
  ASSERT_TRUE(configuration.ok());
  constexpr std::string_view kKnown[] = {"common"};
  const std::string text = text_of((*configuration)->unknown_sections(kKnown));
  EXPECT_NE(text.find("fatal commom: unknown section; did you mean \"common\"?"), std::string::npos) << text;
  EXPECT_NE(text.find("warning webdavd: is a documented section"), std::string::npos);
  EXPECT_NE(text.find("fatal mine: unknown section\n"), std::string::npos);
  EXPECT_NE(text.find("fatal comon: the variable SLIPWAY_COMON__X"), std::string::npos);
  EXPECT_NE(text.find("warning foo: the variable SFTPGO_FOO__X"), std::string::npos);
  EXPECT_NE(text.find("warning ftpd: the variable SFTPGO_FTPD__X"), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6) << text;
}

TEST(KnownKeys, KeysObjectsAndListsAreFound) {
  EXPECT_TRUE(is_documented_key("sftpd", "bindings[].port"));
  EXPECT_TRUE(is_documented_key("sftpd", "bindings"));
  EXPECT_TRUE(is_documented_key("httpd", "cors.allowed_origins"));
  EXPECT_TRUE(is_documented_key("httpd", "bindings[].branding.web_client.extra_css"));
  EXPECT_TRUE(is_documented_key("webdavd", "cache"));
  EXPECT_FALSE(is_documented_key("sftpd", "bindings[].por"));
  EXPECT_FALSE(is_documented_key("sftpd", ""));
  EXPECT_FALSE(is_documented_key("nothing", "bindings"));
}

}  // namespace
}  // namespace slipway::config
