#include "core/base/text.h"

#include <gtest/gtest.h>

namespace slipway {
namespace {

TEST(Text, NearestFindsTheTypingMistake) {
  const std::string_view keys[] = {"idle_timeout", "upload_mode", "umask"};
  EXPECT_EQ(nearest("idle_timout", keys), "idle_timeout");
  EXPECT_EQ(nearest("uploadmode", keys), "upload_mode");
  EXPECT_EQ(nearest("umaks", keys), "umask");
  EXPECT_EQ(nearest("", keys), "");
  EXPECT_EQ(nearest("completely_different", keys), "");
}

TEST(Text, GlobMatchesLikeAShell) {
  EXPECT_TRUE(glob_match("*.txt", "a.txt"));
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_FALSE(glob_match("?", ""));
  EXPECT_TRUE(glob_match("[a-c]?[!x]", "bzy"));
  EXPECT_FALSE(glob_match("[a-c]?[!x]", "bzx"));
  EXPECT_TRUE(glob_match("\\*", "*"));
  EXPECT_FALSE(glob_match("\\*", "x"));
  EXPECT_TRUE(glob_match("a*b*c", "a--b--b-c"));
  EXPECT_FALSE(glob_match("[a", "a"));
  EXPECT_TRUE(glob_match("[]]", "]"));
}

TEST(Text, ManyStarsStayLinear) { EXPECT_FALSE(glob_match("a*a*a*a*a*a*a*a*a*a*a*b", std::string(20'000, 'a'))); }

TEST(Text, MalformedGlobsAreFound) {
  EXPECT_TRUE(is_valid_glob("*.[jJ]pg"));
  EXPECT_FALSE(is_valid_glob("[a-"));
  EXPECT_FALSE(is_valid_glob("x\\"));
}

TEST(Text, PrintableEscapesWhatIsNotText) {
  EXPECT_EQ(printable("a\nb"), "a\\x0ab");
  EXPECT_EQ(printable("\xff"
                      "é"),
            "\\xffé");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
}

TEST(Text, Utf8IsCheckedStrictly) {
  EXPECT_EQ(utf8_length("a"), 1u);
  EXPECT_EQ(utf8_length("é"), 2u);
  EXPECT_EQ(utf8_length(""), 0u);
  EXPECT_EQ(utf8_length("\xc0\x80"), 0u);
  EXPECT_EQ(utf8_length("\xf4\x90\x80\x80"), 0u);
  EXPECT_TRUE(is_valid_utf8("naïve 文件 😀"));
  EXPECT_FALSE(is_valid_utf8("ok\xe2\x82"));
}

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_TRUE(split("", ',').empty());
}

}  // namespace
}  // namespace slipway
