#include "core/log/line.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "core/base/text.h"

namespace slipway::log {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

const system_clock::time_point kMoment = system_clock::from_time_t(1'795'216'265) + milliseconds(7);

std::string json_of(std::string_view message, std::initializer_list<LogField> fields,
                    std::string_view connection_id = {}) {
  return render_json({LogLevel::Info, kMoment, "sftpd", connection_id, message, {fields.begin(), fields.size()}}, true);
}

boost::json::object parsed(const std::string& line) { return boost::json::parse(line).as_object(); }

TEST(LogLine, MembersComeInTheDocumentedOrder) {
  EXPECT_EQ(json_of("hello", {{"port", 2022}, {"tls", true}, {"user", "ann"}}, "SFTP_1"),
            R"({"level":"info","time":"2026-11-20T23:11:05.007","sender":"sftpd","connection_id":"SFTP_1",)"
            R"("port":2022,"tls":true,"user":"ann","message":"hello"})");
}

TEST(LogLine, EmptyConnectionAndMessageAreLeftOut) {
  EXPECT_EQ(json_of("", {{"size_bytes", -1}}),
            R"({"level":"info","time":"2026-11-20T23:11:05.007","sender":"sftpd","size_bytes":-1})");
}

TEST(LogLine, TimesAreRightWhicheverWasWrittenBefore) {
  const auto second = system_clock::from_time_t(1'795'216'265);
  for (const bool utc : {true, false, true}) {
    const std::string text = format_time(second, utc);
    EXPECT_EQ(format_time(second + milliseconds(41), utc), text.substr(0, 20) + "041");
    EXPECT_EQ(format_time(second + milliseconds(999), utc), text.substr(0, 20) + "999");
    EXPECT_NE(format_time(second + milliseconds(1000), utc).substr(0, 19), text.substr(0, 19));
  }
  EXPECT_EQ(format_time(second, true), "2026-11-20T23:11:05.000");
  EXPECT_EQ(format_time(system_clock::from_time_t(-1), true), "1969-12-31T23:59:59.000");
}

TEST(LogLine, EveryByteValueStaysValidJsonAndUtf8) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const std::string line = json_of(all, {{all, all}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_TRUE(is_valid_utf8(line));
  const auto object = parsed(line);
  const std::string message(object.at("message").as_string());
  EXPECT_EQ(message.substr(0, 128), all.substr(0, 128));
  EXPECT_NE(message.find("\\xff"), std::string::npos);
}

TEST(LogLine, TextSurvivesAsItWas) {
  const std::string text = "a \"quoted\" \\path\\ naïve 文件 😀";
  EXPECT_EQ(std::string(parsed(json_of(text, {})).at("message").as_string()), text);
}

TEST(LogLine, FieldsCannotReplaceOurMembers) {
  const auto object = parsed(json_of("real", {{"message", "forged"}, {"level", "error"}, {"sender", "x"}}));
  EXPECT_EQ(object.at("message").as_string(), "real");
  EXPECT_EQ(object.at("level").as_string(), "info");
  EXPECT_EQ(object.at("message_").as_string(), "forged");
}

TEST(LogLine, ConnectionIdMayBeAFieldWhereTheFormatWantsItLater) {
  const auto object = parsed(json_of("", {{"file_path", "/a"}, {"connection_id", "FTP_0_1"}}));
  EXPECT_EQ(object.at("connection_id").as_string(), "FTP_0_1");
}

TEST(LogLine, TextHoldsNoControlCharacters) {
  const std::string evil =
      "up\x1b[2Jload\r\n\x7f\xc2\x9b"
      "31m\xe2\x80\xae"
      "fdp.exe";
  const LogField fields[] = {{"path", evil}};
  const std::string line = render_text({LogLevel::Warn, kMoment, "sftpd", "SFTP_1", evil, fields}, true, false);
  for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << line;
  EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos);
  EXPECT_EQ(line.find("\xe2\x80\xae"), std::string::npos);
  EXPECT_EQ(line.find("\x7f"), std::string::npos);
  EXPECT_TRUE(line.starts_with("23:11:05.007 WRN sftpd: up\\x1b[2Jload"));
}

TEST(LogLine, ColoursAreOnlyThereWhenAsked) {
  const Line line{LogLevel::Error, kMoment, "sftpd", {}, "no", {}};
  EXPECT_EQ(render_text(line, true, false), "23:11:05.007 ERR sftpd: no");
  EXPECT_NE(render_text(line, true, true).find("\x1b[31mERR\x1b[0m"), std::string::npos);
}

TEST(LogLine, FieldsWithBlanksAreQuotedInText) {
  const LogField fields[] = {{"a", "x y"}, {"b", 7}, {"c", false}, {"d", ""}};
  EXPECT_EQ(render_text({LogLevel::Debug, kMoment, "s", {}, "m", fields}, true, false),
            "23:11:05.007 DBG s: m a=\"x y\" b=7 c=false d=\"\"");
}

}  // namespace
}  // namespace slipway::log
