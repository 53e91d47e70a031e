#include "core/config/options.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/config/option_value.h"

namespace slipway::config {
namespace {

constexpr OptionSpec kTable[] = {
    {"bindings[]", OptionType::Integer, "1", "where to listen", 0, 8},
    {"bindings[].port", OptionType::Integer, "2022", "TCP port", 0, 65535},
    {"bindings[].address", OptionType::String, "", "address"},
    {"bindings[].proxy.enabled", OptionType::Boolean, "true", "PROXY protocol"},
    {"bindings[].overrides[].ip", OptionType::String, "", "announced address"},
    {"bindings[].overrides[].networks", OptionType::StringList, "", "client networks"},
    {"timeout", OptionType::Duration, "30s", "time limit", 1000, 3'600'000},
    {"max_size", OptionType::Bytes, "64M", "size limit", 0},
    {"ratio", OptionType::Number, "0.5", "a share", 0, 1},
    {"driver", OptionType::String, "memory", "where it lives", INT64_MIN, INT64_MAX, "memory,provider"},
    {"password", OptionType::Secret, "", "secret"},
    {"keys", OptionType::SecretList, "", "older secrets"},
    {"banner_file", OptionType::Path, "banner.txt", "text"},
    {"protocols", OptionType::StringList, "SSH,FTP", "where", INT64_MIN, INT64_MAX, "SSH,FTP,DAV"},
    {"cors.enabled", OptionType::Boolean, "false", "switch"},
    {"dashed-name", OptionType::Integer, "7", "a name with a dash"},
};

struct Outcome {
  OptionValues values;
  std::vector<Problem> problems;

  bool has(std::string_view where, std::string_view text, bool fatal = true) const {
    for (const Problem& problem : problems)
      if (problem.where == where && problem.message.find(text) != std::string::npos && problem.fatal == fatal)
        return true;
    return false;
  }
  std::string all() const {
    std::string text;
    for (const Problem& p : problems) text += (p.fatal ? "fatal " : "warning ") + p.where + ": " + p.message + "\n";
    return text;
  }
};

bool documented(std::string_view section, std::string_view key) {
  return section == "sftpd" &&
         (key == "opkssh_path" || key == "bindings[].debug" || key == "cache" || key == "cache.users");
}

Outcome read(std::string_view document, Environment environment = {}) {
  const boost::json::object object = boost::json::parse(document).as_object();
  Outcome outcome;
  outcome.values = read_options(kTable,
                                {.document = &object,
                                 .environment = &environment,
                                 .environment_section = "SFTPD",
                                 .where = "sftpd",
                                 .config_dir = "/etc/slipway",
                                 .documented = documented},
                                outcome.problems);
  return outcome;
}

TEST(Options, DefaultsApplyWithoutADocument) {
  std::vector<Problem> problems;
  const OptionValues values = read_options(kTable, {.config_dir = "/etc/slipway"}, problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(values.count("bindings"), 1u);
  EXPECT_EQ(values.integer("bindings[0].port"), 2022);
  EXPECT_TRUE(values.flag("bindings[0].proxy.enabled"));
  EXPECT_EQ(values.count("bindings[0].overrides"), 0u);
  EXPECT_EQ(values.integer("timeout"), 30'000);
  EXPECT_EQ(values.integer("max_size"), 64 << 20);
  EXPECT_EQ(values.number("ratio"), 0.5);
  EXPECT_EQ(values.string("driver"), "memory");
  EXPECT_EQ(values.string("banner_file"), "/etc/slipway/banner.txt");
  ASSERT_EQ(values.count("protocols"), 2u);
  EXPECT_EQ(values.item("protocols", 1), "FTP");
  EXPECT_FALSE(values.is_set("timeout"));
  EXPECT_FALSE(values.is_set("bindings"));
  EXPECT_FALSE(values.is_set("cors"));
}

TEST(Options, DocumentValuesWin) {
  const Outcome o =
      read(R"({"bindings":[{"port":22},{"address":"::1","overrides":[{"ip":"1.2.3.4","networks":["10.0.0.0/8"]}]}],
                             "timeout":"1m30s","max_size":1024,"ratio":1,"banner_file":"/abs/b","protocols":["DAV"],
                             "cors":{"enabled":true},"dashed-name":"9"})");
  EXPECT_EQ(o.all(), "");
  EXPECT_EQ(o.values.count("bindings"), 2u);
  EXPECT_EQ(o.values.integer("bindings[0].port"), 22);
  EXPECT_EQ(o.values.integer("bindings[1].port"), 2022);
  EXPECT_EQ(o.values.string("bindings[1].overrides[0].ip"), "1.2.3.4");
  EXPECT_EQ(o.values.item("bindings[1].overrides[0].networks", 0), "10.0.0.0/8");
  EXPECT_EQ(o.values.integer("timeout"), 90'000);
  EXPECT_EQ(o.values.integer("max_size"), 1024);
  EXPECT_EQ(o.values.number("ratio"), 1.0);
  EXPECT_EQ(o.values.string("banner_file"), "/abs/b");
  EXPECT_EQ(o.values.count("protocols"), 1u);
  EXPECT_TRUE(o.values.is_set("cors"));
  EXPECT_TRUE(o.values.is_set("bindings[0].port"));
  EXPECT_FALSE(o.values.is_set("bindings[1].port"));
  EXPECT_EQ(o.values.integer("dashed-name"), 9);
}

TEST(Options, AnEmptyListReplacesDefaultElements) {
  const Outcome o = read(R"({"bindings":[]})");
  EXPECT_EQ(o.values.count("bindings"), 0u);
  EXPECT_TRUE(o.values.is_set("bindings"));
}

TEST(Options, NullMeansNotConfigured) {
  const Outcome o = read(R"({"timeout":null,"bindings":null,"cors":null})");
  EXPECT_EQ(o.all(), "");
  EXPECT_EQ(o.values.integer("timeout"), 30'000);
  EXPECT_EQ(o.values.count("bindings"), 1u);
}

TEST(Options, EveryProblemIsReportedAtOnceWithItsPath) {
  const Outcome o = read(R"({"bindings":[{"port":70000},{"port":"ssh","proxy":{"enabled":"maybe"}},7],"timeout":"soon",
                             "max_size":-1,"ratio":2,"driver":"providr","protocols":["SSH","GOPHER",{}],"cors":true})");
  EXPECT_TRUE(o.has("sftpd.bindings[0].port", "between 0 and 65535")) << o.all();
  EXPECT_TRUE(o.has("sftpd.bindings[1].port", "must be an integer, not \"ssh\""));
  EXPECT_TRUE(o.has("sftpd.bindings[1].proxy.enabled", "must be true or false"));
  EXPECT_TRUE(o.has("sftpd.bindings[2]", "must be an object"));
  EXPECT_TRUE(o.has("sftpd.timeout", "must be a duration"));
  EXPECT_TRUE(o.has("sftpd.max_size", "at least 0"));
  EXPECT_TRUE(o.has("sftpd.ratio", "between 0 and 1"));
  EXPECT_TRUE(o.has("sftpd.driver", "did you mean \"provider\"?"));
  EXPECT_TRUE(o.has("sftpd.protocols", "\"GOPHER\" is not one of SSH, FTP, DAV"));
  EXPECT_TRUE(o.has("sftpd.cors", "must be an object"));
  EXPECT_EQ(o.problems.size(), 10u) << o.all();
  EXPECT_EQ(o.values.integer("bindings[0].port"), 2022) << "a refused value is the default";
}

TEST(Options, WrongKindsAreRefused) {
  for (const char* document :
       {R"({"timeout":1.5})", R"({"timeout":[]})", R"({"driver":5})", R"({"bindings":{}})", R"({"cors":{"enabled":2}})",
        R"({"max_size":18446744073709551615})", R"({"password":{}})", R"({"banner_file":"a\u0000b"})"})
    EXPECT_EQ(read(document).problems.size(), 1u) << document;
}

TEST(Options, UnknownKeysNameTheNearestKnownOne) {
  const Outcome o = read(R"({"timout":"3s","bindings":[{"Port":1,"adress":""}],"cors":{"xyz":1}})");
  EXPECT_TRUE(o.has("sftpd.timout", "did you mean \"timeout\"?")) << o.all();
  EXPECT_TRUE(o.has("sftpd.bindings[0].Port", "did you mean \"port\"?"));
  EXPECT_TRUE(o.has("sftpd.bindings[0].adress", "did you mean \"address\"?"));
  EXPECT_TRUE(o.has("sftpd.cors.xyz", "known here: enabled"));
}

TEST(Options, DocumentedKeysWithoutUseAreWarnings) {
  const Outcome o =
      read(R"({"opkssh_path":"/usr/bin/opkssh","bindings":[{"debug":true}],"cache":{"users":{"max_size":1}}})",
           {{"SFTPGO_SFTPD__BINDINGS__0__DEBUG", "1"}, {"SLIPWAY_SFTPD__OPKSSH_PATH", "x"}});
  EXPECT_TRUE(o.has("sftpd.opkssh_path", "documented", false)) << o.all();
  EXPECT_TRUE(o.has("sftpd.bindings[0].debug", "documented", false));
  EXPECT_TRUE(o.has("sftpd.cache", "documented", false));
  for (const Problem& problem : o.problems) EXPECT_FALSE(problem.fatal) << problem.message;
  EXPECT_EQ(o.problems.size(), 5u) << o.all();
}

TEST(Options, MembersReadElsewhereAreIgnored) {
  const boost::json::object document = boost::json::parse(R"({"load":{"a":1},"lod":{}})").as_object();
  const Environment environment = {{"SLIPWAY_MODULES__LOAD__A__ENABLED", "1"}};
  constexpr std::string_view kIgnored[] = {"load"};
  std::vector<Problem> problems;
  read_options(kTable,
               {.document = &document,
                .environment = &environment,
                .environment_section = "MODULES",
                .where = "modules",
                .ignored = kIgnored},
               problems);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].where, "modules.lod");
}

TEST(Options, TheEnvironmentOverlaysTheDocument) {
  const Outcome o = read(R"({"timeout":"5s","bindings":[{"port":1,"address":"a"},{"port":2}],"password":"file"})",
                         {{"SLIPWAY_SFTPD__TIMEOUT", "6s"},
                          {"SFTPGO_SFTPD__BINDINGS__1__PORT", " 22 "},
                          {"SLIPWAY_SFTPD__BINDINGS__0__PROXY__ENABLED", "F"},
                          {"SLIPWAY_SFTPD__PROTOCOLS", " DAV , SSH,"},
                          {"SLIPWAY_SFTPD__DASHED_NAME", "8"},
                          {"SLIPWAY_SFTPD__PASSWORD", ""},
                          {"SLIPWAY_FTPD__TIMEOUT", "7s"}});
  EXPECT_EQ(o.all(), "");
  EXPECT_EQ(o.values.integer("timeout"), 6000);
  EXPECT_EQ(o.values.integer("bindings[0].port"), 1);
  EXPECT_EQ(o.values.string("bindings[0].address"), "a");
  EXPECT_FALSE(o.values.flag("bindings[0].proxy.enabled"));
  EXPECT_EQ(o.values.integer("bindings[1].port"), 22);
  ASSERT_EQ(o.values.count("protocols"), 2u);
  EXPECT_EQ(o.values.item("protocols", 0), "DAV");
  EXPECT_EQ(o.values.integer("dashed-name"), 8);
  EXPECT_EQ(o.values.string("password"), "") << "an empty variable counts";
  EXPECT_TRUE(o.values.is_set("password"));
}

TEST(Options, OurPrefixWins) {
  const Outcome o = read("{}", {{"SLIPWAY_SFTPD__RATIO", "0.25"}, {"SFTPGO_SFTPD__RATIO", "nonsense"}});
  EXPECT_EQ(o.all(), "");
  EXPECT_EQ(o.values.number("ratio"), 0.25);
}

TEST(Options, VariablesAppendElementsAndAGapHidesTheRest) {
  const Outcome o = read(R"({"bindings":[{"port":1}]})", {{"SLIPWAY_SFTPD__BINDINGS__1__PORT", "2"},
                                                          {"SLIPWAY_SFTPD__BINDINGS__1__OVERRIDES__0__IP", "9.9.9.9"},
                                                          {"SFTPGO_SFTPD__BINDINGS__2__PORT", "3"},
                                                          {"SLIPWAY_SFTPD__BINDINGS__4__PORT", "5"}});
  EXPECT_EQ(o.values.count("bindings"), 3u);
  EXPECT_EQ(o.values.integer("bindings[2].port"), 3);
  EXPECT_EQ(o.values.string("bindings[1].overrides[0].ip"), "9.9.9.9");
  EXPECT_EQ(o.problems.size(), 1u);
  EXPECT_TRUE(o.has("sftpd.bindings", "SLIPWAY_SFTPD__BINDINGS__4__PORT has no effect", false)) << o.all();
}

TEST(Options, IndexZeroOverridesTheDefaultElement) {
  const Outcome o = read("{}", {{"SFTPGO_SFTPD__BINDINGS__0__ADDRESS", "::1"}});
  EXPECT_EQ(o.values.count("bindings"), 1u);
  EXPECT_EQ(o.values.integer("bindings[0].port"), 2022);
  EXPECT_EQ(o.values.string("bindings[0].address"), "::1");
}

TEST(Options, ListLengthsAreLimited) {
  EXPECT_TRUE(read(R"({"bindings":[{},{},{},{},{},{},{},{},{}]})").has("sftpd.bindings", "between 0 and 8"));
}

TEST(Options, MistypedVariablesAreFoundAndForeignOnesOnlyMentioned) {
  const Outcome o = read("{}", {{"SLIPWAY_SFTPD__TIMOUT", "1s"},
                                {"SFTPGO_SFTPD__TIMOUT", "1s"},
                                {"SLIPWAY_SFTPD__BINDINGS__0__PROT", "1"},
                                {"SLIPWAY_SFTPD__BINDINGS__PORT", "1"},
                                {"SLIPWAY_SFTPD__CORS", "1"}});
  EXPECT_TRUE(o.has("sftpd.timout", "SLIPWAY_SFTPD__TIMOUT: unknown key; did you mean \"timeout\"?")) << o.all();
  EXPECT_TRUE(o.has("sftpd.timout", "SFTPGO_SFTPD__TIMOUT", false));
  EXPECT_TRUE(o.has("sftpd.bindings[0].prot", "did you mean \"port\"?"));
  EXPECT_TRUE(o.has("sftpd.cors", "names an object or a list"));
  EXPECT_EQ(o.problems.size(), 5u) << o.all();
}

TEST(Options, BadVariablesAreNamed) {
  const Outcome o = read(R"({"timeout":"5s"})", {{"SFTPGO_SFTPD__TIMEOUT", "x"}});
  EXPECT_TRUE(o.has("sftpd.timeout", "the variable SFTPGO_SFTPD__TIMEOUT must be a duration"));
}

TEST(Options, MissingRequiredOptionsAreFatal) {
  constexpr OptionSpec table[] = {{"hook", OptionType::String, nullptr, "where"},
                                  {"list[].name", OptionType::String, nullptr, "name"}};
  const boost::json::object document = boost::json::parse(R"({"list":[{}]})").as_object();
  std::vector<Problem> problems;
  read_options(table, {.document = &document, .where = "x"}, problems);
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].where, "x.hook");
  EXPECT_EQ(problems[1].where, "x.list[0].name");
}

TEST(Options, SecretsAppearNowhere) {
  const Outcome o = read(R"({"password":"s3cr3t","keys":["k1s3cr3t","b"]})");
  EXPECT_EQ(o.values.string("password"), "s3cr3t");
  EXPECT_EQ(o.values.count("keys"), 2u);
  EXPECT_EQ(o.values.item("keys", 0), "k1s3cr3t");
  const std::string dump = boost::json::serialize(o.values.redacted());
  EXPECT_EQ(dump.find("s3cr3t"), std::string::npos) << dump;
  EXPECT_NE(dump.find(R"("password":"[**redacted**]")"), std::string::npos);
  EXPECT_EQ(read(R"({"password":["s3cr3t"],"keys":[["s3cr3t"]]})").all().find("s3cr3t"), std::string::npos);
}

TEST(Options, TheDumpHasTheShapeOfTheDocument) {
  const auto dump = read(R"({"bindings":[{"port":1,"overrides":[{"ip":"x"}]}]})").values.redacted();
  EXPECT_EQ(dump.at("bindings").at(0).at("overrides").at(0).at("ip").as_string(), "x");
  EXPECT_EQ(dump.at("cors").at("enabled").as_bool(), false);
  EXPECT_EQ(dump.at("password").as_string(), "");
  EXPECT_EQ(read(R"({"bindings":[]})").values.redacted().at("bindings").as_array().size(), 0u);
}

TEST(Options, TheDumpReadsBack) {
  const boost::json::object dump = read(R"({"bindings":[{"port":1},{"port":2}],"timeout":"9s"})").values.redacted();
  const Outcome again = read(boost::json::serialize(dump));
  EXPECT_EQ(again.all(), "");
  EXPECT_EQ(again.values.redacted(), dump);
}

TEST(Options, CopiesAreIndependentOfTheirSource) {
  OptionValues copy;
  {
    const Outcome o = read(R"({"driver":"provider"})");
    copy = o.values;
  }
  EXPECT_EQ(copy.string("driver"), "provider");
}

TEST(Options, BrokenTablesAreRefusedWithAReason) {
  const auto broken = [](std::initializer_list<OptionSpec> specs) {
    const std::vector<OptionSpec> table(specs);
    const Status status = check_options(table);
    return status ? std::string() : status.error().message();
  };
  EXPECT_EQ(broken({{"a", OptionType::Integer, "1", ""}}), "");
  EXPECT_NE(broken({{"a", OptionType::Integer, "one", ""}}), "");
  EXPECT_NE(broken({{"a", OptionType::Integer, "1", "", 2, 3}}), "");
  EXPECT_NE(broken({{"a", OptionType::Integer, "1", "", 3, 2}}), "");
  EXPECT_NE(broken({{"a", OptionType::String, "x", "", INT64_MIN, INT64_MAX, "y,z"}}), "");
  EXPECT_NE(broken({{nullptr, OptionType::String, "", ""}}), "");
  EXPECT_NE(broken({{"", OptionType::String, "", ""}}), "");
  EXPECT_NE(broken({{"a..b", OptionType::String, "", ""}}), "");
  EXPECT_NE(broken({{"a b", OptionType::String, "", ""}}), "");
  EXPECT_NE(broken({{"a", OptionType::String, "", ""}, {"a", OptionType::String, "", ""}}), "");
  EXPECT_NE(broken({{"a", OptionType::String, "", ""}, {"a.b", OptionType::String, "", ""}}), "");
  EXPECT_NE(broken({{"a.b", OptionType::String, "", ""}, {"a", OptionType::String, "", ""}}), "");
  EXPECT_NE(broken({{"a.b", OptionType::String, "", ""}, {"a[].b", OptionType::String, "", ""}}), "");
  EXPECT_NE(broken({{"a[]", OptionType::Integer, "0", ""}}), "");
  EXPECT_NE(broken({{"a[]", OptionType::String, "0", ""}, {"a[].b", OptionType::String, "", ""}}), "");
  EXPECT_NE(broken({{"a", static_cast<OptionType>(99), "", ""}}), "");
  std::vector<Problem> problems;
  constexpr OptionSpec table[] = {{"a", OptionType::Integer, "one", ""}};
  read_options(table, {.where = "m"}, problems);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_TRUE(problems[0].fatal);
}

TEST(OptionText, SizesAreCountedInPowersOf1024) {
  EXPECT_EQ(*parse_bytes("0"), 0);
  EXPECT_EQ(*parse_bytes("64M"), 64LL << 20);
  EXPECT_EQ(*parse_bytes("1 GiB"), 1LL << 30);
  EXPECT_EQ(*parse_bytes("3kb"), 3072);
  EXPECT_EQ(*parse_bytes("-1"), -1);
  for (const char* text : {"", "M", "1X", "1.5G", "9999999999G", "8192P", "0x10", "1 2", "-1M"})
    EXPECT_FALSE(parse_bytes(text)) << text;
}

TEST(OptionText, DurationsAreMilliseconds) {
  EXPECT_EQ(*parse_duration("250"), 250);
  EXPECT_EQ(*parse_duration("30s"), 30'000);
  EXPECT_EQ(*parse_duration("1h30m"), 5'400'000);
  EXPECT_EQ(*parse_duration("2d"), 172'800'000);
  EXPECT_EQ(*parse_duration("1s500ms"), 1500);
  for (const char* text : {"", "s", "1x", "1s5", "-1s", "1.5s", "99999999999999999s", "200000000000d"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(OptionText, DescriptionsComeFromTheTable) {
  const std::string markdown = describe_markdown(kTable), text = describe_text(kTable);
  EXPECT_NE(markdown.find("| `bindings[].port` | integer | `2022` | TCP port; between 0 and 65535 |\n"),
            std::string::npos)
      << markdown;
  EXPECT_NE(markdown.find("| `timeout` | duration | `30s` | time limit; between 1s and 1h |"), std::string::npos);
  EXPECT_NE(markdown.find("| `password` | secret | empty | secret |"), std::string::npos);
  EXPECT_NE(markdown.find("one of memory, provider"), std::string::npos);
  EXPECT_NE(text.find("(default 64M)"), std::string::npos) << text;
  constexpr OptionSpec table[] = {{"a", OptionType::String, "x", "rare", INT64_MIN, INT64_MAX, nullptr, true},
                                  {"b", OptionType::String, nullptr, "a | b"}};
  EXPECT_EQ(describe_markdown(table),
            "| Key | Type | Default | Meaning |\n|---|---|---|---|\n| `b` | text | required | a \\| b |\n| `a` | text "
            "| `x` | rare |\n");
}

}  // namespace
}  // namespace slipway::config
