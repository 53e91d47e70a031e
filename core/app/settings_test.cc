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

TEST_F(SettingsTest, DefencesAreReadWhole) {
  const auto settings =
      read(R"({"common":{"allowlist_status":1,"proxy_protocol":2,"proxy_allowed":["192.0.2.1","10.0.0.0/8"],
      "proxy_skipped":["127.0.0.1"],
      "defender":{"enabled":true,"driver":"provider","ban_time":5,"ban_time_increment":20,"threshold":9,"score_invalid":4,
        "score_valid":3,"score_limit_exceeded":2,"score_no_auth":-1,"observation_time":7,"entries_soft_limit":10,
        "entries_hard_limit":20},
      "rate_limiters":[{"average":10,"period":2000,"burst":3,"type":1,"protocols":["FTP"],"entries_soft_limit":7,
        "entries_hard_limit":8},{"average":0},{"average":1,"generate_defender_events":true}]}})");
  EXPECT_EQ(problems(), "");
  EXPECT_TRUE(settings.admission.allow_list);
  EXPECT_EQ(settings.admission.defender,
            (admission::DefenderSettings{.enabled = true,
                                         .driver = admission::DefenderSettings::Driver::Provider,
                                         .ban_time = std::chrono::minutes(5),
                                         .ban_time_increment = 20,
                                         .threshold = 9,
                                         .score_invalid = 4,
                                         .score_valid = 3,
                                         .score_limit_exceeded = 2,
                                         .score_no_auth = 0,
                                         .observation_time = std::chrono::minutes(7),
                                         .entries_soft_limit = 10,
                                         .entries_hard_limit = 20}));
  ASSERT_EQ(settings.admission.rate_limiters.size(), 2U) << "those that are off are left out";
  const auto& limiter = settings.admission.rate_limiters[0];
  EXPECT_EQ(limiter, (admission::RateLimiterSettings{.average = 10,
                                                     .period = std::chrono::milliseconds(2000),
                                                     .burst = 3,
                                                     .type = admission::RateLimiterSettings::Type::Global,
                                                     .protocols = {"FTP"},
                                                     .entries_soft_limit = 7,
                                                     .entries_hard_limit = 8}));
  EXPECT_EQ(settings.admission.rate_limiters[1].protocols.size(), 4U);
  EXPECT_TRUE(settings.admission.rate_limiters[1].generate_defender_events);
  EXPECT_EQ(settings.proxy.mode, net::ProxySettings::Mode::Required);
  ASSERT_EQ(settings.proxy.allowed.size(), 2U);
  EXPECT_TRUE(settings.proxy.allowed[1].contains(*IpAddress::parse("10.9.9.9")));
  EXPECT_EQ(settings.proxy.skipped.size(), 1U);
}

TEST_F(SettingsTest, DefencesThatCannotWorkStopTheStart) {
  read(R"({"common":{"defender":{"enabled":true,"threshold":3,"entries_soft_limit":150}}})");
  EXPECT_EQ(problems(),
            "common.defender.score_limit_exceeded: must be below the threshold, 3: one event must not be enough for a "
            "ban\ncommon.defender.entries_hard_limit: must be larger than entries_soft_limit, 150\n");
  read(R"({"common":{"rate_limiters":[{"average":1,"entries_hard_limit":100}]}})");
  EXPECT_EQ(problems(), "common.rate_limiters[0].entries_hard_limit: must be larger than entries_soft_limit, 100\n");
  read(R"({"common":{"proxy_protocol":1,"proxy_allowed":["proxy.example.com"]}})");
  EXPECT_EQ(problems(),
            "common.proxy_allowed: \"proxy.example.com\" is not an IP address or network, write 192.0.2.1 or "
            "192.0.2.0/24\n");
  for (const char* wrong :
       {R"({"common":{"defender":{"driver":"redis"}}})", R"({"common":{"defender":{"ban_time":0}}})",
        R"({"common":{"defender":{"observation_time":0}}})", R"({"common":{"proxy_protocol":3}})",
        R"({"common":{"allowlist_status":2}})", R"({"common":{"rate_limiters":[{"burst":0}]}})",
        R"({"common":{"rate_limiters":[{"period":99}]}})", R"({"common":{"rate_limiters":[{"type":3}]}})",
        R"({"common":{"rate_limiters":[{"protocols":["SFTP"]}]}})"}) {
    read(wrong);
    ASSERT_EQ(problems_.size(), 1U) << wrong << "\n" << problems();
    EXPECT_TRUE(problems_[0].fatal) << wrong;
  }
}

TEST_F(SettingsTest, ToRequireAHeaderFromNobodyIsAWarning) {
  read(R"({"common":{"proxy_protocol":2}})");
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_FALSE(problems_[0].fatal);
}

}  // namespace
}  // namespace slipway::app
