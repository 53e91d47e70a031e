#include "core/app/settings.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "core/base/ids.h"
#include "core/base/json.h"

namespace slipway::app {
namespace {

class SettingsTest : public testing::Test {
 protected:
  SettingsTest() : folder_(std::filesystem::temp_directory_path() / ("slipway-settings-" + make_sortable_id())) {
    std::filesystem::create_directory(folder_);
  }
  ~SettingsTest() override { std::filesystem::remove_all(folder_); }

  CoreSettings read(const std::string& document) {
    problems_.clear();
    return read_core_settings(*config::Configuration::from_document(*parse_json_object(document), folder_.string()),
                              problems_);
  }
  // "where: message" of each problem.
  std::string problems() const {
    std::string text;
    for (const auto& problem : problems_) text += problem.where + ": " + problem.message + "\n";
    return text;
  }
  void write(const char* name, const char* content) { std::ofstream(folder_ / name) << content; }

  const std::filesystem::path folder_;
  std::vector<config::Problem> problems_;
};

TEST_F(SettingsTest, TheDataProviderIsReadWhole) {
  const auto settings = read(R"({"data_provider":{"name":"x.db","connection_string":"file:y.db","pool_size":9,
                                "sql_tables_prefix":"p_","update_mode":1}})");
  EXPECT_EQ(problems(), "");
  EXPECT_EQ(settings.data_provider.database, (folder_ / "x.db").string());
  EXPECT_EQ(settings.data_provider.connection_string, "file:y.db");
  EXPECT_EQ(settings.data_provider.pool_size, 9U);
  EXPECT_EQ(settings.data_provider.table_prefix, "p_");
  EXPECT_EQ(settings.data_provider.update_mode, 1);
}

TEST_F(SettingsTest, KeyFilesComeBeforeKeys) {
  write("key", " from file \n");
  write("ring", "old\n\nolder\r\nold\n");
  const auto settings = read(R"({"kms":{"secrets":{"master_key":"inline","master_key_path":"key",
      "additional_master_keys":["inline"],"additional_master_keys_path":"ring"}}})");
  EXPECT_EQ(problems(), "");
  EXPECT_EQ(settings.secrets.master_key, "from file");
  EXPECT_EQ(settings.secrets.additional_master_keys, (std::vector<std::string>{"old", "older"}));
}

TEST_F(SettingsTest, AnEmptyOrMissingKeyFileIsNotNoKey) {
  write("key", "\n");
  read(R"({"kms":{"secrets":{"master_key_path":"key"}}})");
  EXPECT_EQ(problems(), "kms.secrets.master_key_path: master key file: is empty\n");
  read(R"({"kms":{"secrets":{"master_key_path":"none"}}})");
  EXPECT_EQ(problems(), "kms.secrets.master_key_path: unable to read " + (folder_ / "none").string() + "\n");
}

TEST_F(SettingsTest, TheUmaskIsOctal) {
  EXPECT_EQ(read(R"({"common":{"umask":""}})").umask, std::nullopt);
  EXPECT_EQ(read(R"({"common":{"umask":"027"}})").umask, mode_t{027});
  EXPECT_EQ(problems(), "");
  for (const char* mask : {"9", "01000", "-1", "22 "}) {
    read(R"({"common":{"umask":")" + std::string(mask) + "\"}}");
    EXPECT_EQ(problems(), "common.umask: '" + std::string(mask) + "' is no octal mask; write one like 022\n");
  }
}

TEST_F(SettingsTest, HashSettingsThatNobodyCouldPayAreProblems) {
  read(R"({"data_provider":{"password_hashing":{"algo":"argon2id",
           "argon2_options":{"memory":524288,"iterations":100}}}})");
  EXPECT_EQ(problems().find("data_provider.password_hashing: argon2id options: memory"), 0U) << problems();
}

}  // namespace
}  // namespace slipway::app
