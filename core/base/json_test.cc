#include "core/base/json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace slipway {
namespace {

std::string refused(std::string_view text, JsonLimits limits = {}) {
  auto parsed = parse_json(text, limits);
  return parsed ? "accepted" : parsed.error().message();
}

TEST(Json, ErrorsNameLineAndColumn) {
  EXPECT_EQ(refused("{\n  \"a\": 1,\n  oops\n}").substr(0, 16), "line 3, column 3");
  EXPECT_EQ(refused("[1,2"), "line 1, column 5: the JSON document ends too early");
  EXPECT_EQ(refused("{} x"), "line 1, column 4: something follows the end of the JSON document");
}

TEST(Json, DuplicateMembersAreRefusedUnlessAllowed) {
  EXPECT_NE(refused("{\"a\":1,\n\"a\":2}").find("duplicate member \"a\""), std::string::npos);
  EXPECT_EQ(refused("{\"a\":{\"b\":1},\"b\":{\"b\":2}}"), "accepted");
  auto parsed = parse_json("{\"a\":1,\"a\":2}", {.refuse_duplicates = false});
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(serialize_json(*parsed), "{\"a\":2}");
}

TEST(Json, NumbersThatWouldLoseTheirValueAreRefused) {
  EXPECT_EQ(refused("18446744073709551615"), "accepted");
  EXPECT_NE(refused("18446744073709551616").find("64 bits"), std::string::npos);
  EXPECT_NE(refused("[1e400]").find("out of range"), std::string::npos);
  EXPECT_EQ(refused("[1e300]"), "accepted");
}

TEST(Json, DepthAndSizeAreLimited) {
  EXPECT_EQ(refused(std::string(8, '[') + std::string(8, ']'), {.max_depth = 8}), "accepted");
  EXPECT_NE(refused(std::string(9, '[') + std::string(9, ']'), {.max_depth = 8}), "accepted");
  auto big = parse_json("[1,2,3]", {.max_bytes = 6});
  ASSERT_FALSE(big.ok());
  EXPECT_EQ(big.code(), Errc::TooLarge);
}

TEST(Json, InvalidUtf8IsRefused) { EXPECT_NE(refused("\"\xC3\x28\""), "accepted"); }

TEST(Json, NumbersAreWrittenAsShortAsPossible) {
  auto value = parse_json("[2.5,1e21,-3,0.1]");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(serialize_json(*value), "[2.5,1e+21,-3,0.1]");
}

TEST(Json, WholeDoublesStayDoubles) {
  const std::string text = "[2.0,-0.0,123456789012345667584.0]";
  auto value = parse_json(text);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(serialize_json(*value), text);
}

TEST(Json, IndentedTextHasOneMemberALine) {
  auto value = parse_json(R"({"a":[1,{}],"b":[]})");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(serialize_json(*value, 2), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

TEST(Json, WrittenTextIsReadBackUnchanged) {
  const std::string text = "\"quotes \\\" slash / back \\\\ tab \\t bell \\u0007 \xE2\x82\xAC\"";
  auto value = parse_json(text);
  ASSERT_TRUE(value.ok());
  auto again = parse_json(serialize_json(*value));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, *value);
}

TEST(Json, BytesThatAreNotUtf8AreReplacedInText) { EXPECT_EQ(quote_json("a\xFFz"), "\"a\xEF\xBF\xBDz\""); }

TEST(Json, TextIsEscapedWhereverItStands) {
  EXPECT_EQ(quote_json(""), "\"\"");
  EXPECT_EQ(quote_json("\"a\\b\ncd\x7F"), R"("\"a\\b\ncd\u007f")");
  EXPECT_EQ(quote_json("\xE2\x82\xACx\xE2\x82"), "\"\xE2\x82\xACx\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(Json, ADuplicateIsFoundAmongFewAndAmongManyMembers) {
  for (const int count : {1, 23, 24, 25, 26, 100}) {
    std::string members;
    for (int i = 0; i < count; ++i) members += "\"member" + std::to_string(i) + "\":0,";
    EXPECT_TRUE(parse_json("{" + members + "\"other\":0}").ok()) << count;
    for (const int again : {0, count / 2, count - 1}) {
      const auto name = "\"member" + std::to_string(again) + "\"";
      const auto refused = parse_json("{" + members + name + ":0}");
      ASSERT_FALSE(refused.ok()) << count << " " << again;
      EXPECT_EQ(refused.error().cause(), "duplicate member " + name);
    }
  }
}

TEST(Json, PointersEscapeSlashAndTilde) { EXPECT_EQ(json_pointer("/permissions", "/a~b"), "/permissions/~1a~0b"); }

}  // namespace
}  // namespace slipway
