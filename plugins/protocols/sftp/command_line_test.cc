#include "command_line.h"

#include <gtest/gtest.h>

namespace slipway::sftp {
namespace {

using Words = std::vector<std::string>;

TEST(CommandLine, BlanksSeparateWords) {
  EXPECT_EQ(split_command_line("md5sum  /a\t/b\n"), (Words{"md5sum", "/a", "/b"}));
  EXPECT_EQ(split_command_line(""), Words{});
  EXPECT_EQ(split_command_line(" \t "), Words{});
}

TEST(CommandLine, QuotesKeepBlanksAndJoin) {
  EXPECT_EQ(split_command_line("scp -t 'a b'\"c d\"e"), (Words{"scp", "-t", "a bc de"}));
  EXPECT_EQ(split_command_line("cd ''"), (Words{"cd", ""}));
  EXPECT_EQ(split_command_line("x \"\""), (Words{"x", ""}));
  EXPECT_EQ(split_command_line("x 'a\"b' \"a'b\""), (Words{"x", "a\"b", "a'b"}));
  EXPECT_EQ(split_command_line("x 'new\nline'"), (Words{"x", "new\nline"}));
}

TEST(CommandLine, BackslashesEscape) {
  EXPECT_EQ(split_command_line("x a\\ b \\\\ \\' \\\""), (Words{"x", "a b", "\\", "'", "\""}));
  EXPECT_EQ(split_command_line("x 'a\\b' \"a\\b\" \"a\\\\b\" \"\\$\\`\\\"\""),
            (Words{"x", "a\\b", "a\\b", "a\\b", "$`\""}));
  EXPECT_EQ(split_command_line("x a\\\nb \"a\\\nb\""), (Words{"x", "ab", "ab"}));
}

TEST(CommandLine, NothingIsExpanded) {
  EXPECT_EQ(split_command_line("x *.txt $HOME ~ a;b a|b `id` $(id) #c"),
            (Words{"x", "*.txt", "$HOME", "~", "a;b", "a|b", "`id`", "$(id)", "#c"}));
}

TEST(CommandLine, WhatDoesNotEndIsRefused) {
  for (const std::string line : {"x 'a", "x \"a", "x a\\", "x \"a\\", "x '"})
    EXPECT_FALSE(split_command_line(line)) << line;
  EXPECT_FALSE(split_command_line(std::string_view("x \0y", 4)));
}

TEST(CommandLine, ThereAreLimits) {
  std::string many;
  for (std::size_t i = 0; i < kMaxCommandWords; ++i) many += "w ";
  EXPECT_TRUE(split_command_line(many));
  EXPECT_FALSE(split_command_line(many + "w"));
  EXPECT_TRUE(split_command_line(std::string(kMaxCommandLine, 'a')));
  EXPECT_FALSE(split_command_line(std::string(kMaxCommandLine + 1, 'a')));
}

}  // namespace
}  // namespace slipway::sftp
