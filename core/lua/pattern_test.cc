#include "core/lua/pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace slipway::lua {
namespace {

constexpr std::uint64_t kSteps = 1'000'000;

// "start-end:capture,capture", or "none".
std::string search(std::string_view subject, std::string_view text) {
  const Pattern pattern(text, true);
  if (pattern.problem() != nullptr) return pattern.problem();
  Matcher matcher(pattern, subject, kSteps);
  switch (matcher.search(0)) {
    case Matcher::Outcome::NoMatch:
      return "none";
    case Matcher::Outcome::TooComplex:
      return "too complex";
    case Matcher::Outcome::Match:
      break;
  }
  std::string out = std::to_string(matcher.start()) + "-" + std::to_string(matcher.end());
  for (std::size_t i = 0; i < matcher.capture_count(); ++i) {
    const auto& capture = matcher.capture(i);
    out += i == 0 ? ":" : ",";
    out += capture.position ? "@" + std::to_string(capture.begin)
                            : std::string(subject.substr(capture.begin, capture.length));
  }
  return out;
}

TEST(Pattern, OrdinaryCharactersClassesAndSets) {
  EXPECT_EQ(search("hello", "ll"), "2-4");
  EXPECT_EQ(search("hello", "xx"), "none");
  EXPECT_EQ(search("a1b22", "%d%d"), "3-5");
  EXPECT_EQ(search("a1b22", "%D%D"), "none");
  EXPECT_EQ(search("x = y", "%s=%s"), "1-4");
  EXPECT_EQ(search("a.b", "%."), "1-2");
  EXPECT_EQ(search("abc]", "[]]"), "3-4");
  EXPECT_EQ(search("abc-", "[a%-]$"), "3-4");
  EXPECT_EQ(search("abc", "[^a-b]"), "2-3");
  EXPECT_EQ(search("a-z", "[a-]+"), "0-2");
  EXPECT_EQ(search("\xC3\xA4", "%a"), "none");
  EXPECT_EQ(search(std::string_view("a\0b", 3), std::string_view("\0", 1)), "1-2");
}

TEST(Pattern, Repetitions) {
  EXPECT_EQ(search("aaab", "a*b"), "0-4");
  EXPECT_EQ(search("b", "a*b"), "0-1");
  EXPECT_EQ(search("b", "a+b"), "none");
  EXPECT_EQ(search("aab", "a-b"), "0-3");
  EXPECT_EQ(search("<a><b>", "<.->"), "0-3");
  EXPECT_EQ(search("<a><b>", "<.*>"), "0-6");
  EXPECT_EQ(search("color colour", "colou?r$"), "6-12");
  EXPECT_EQ(search("aaa", "a+a"), "0-3");
  EXPECT_EQ(search("", "a*"), "0-0");
  EXPECT_EQ(search("", ""), "0-0");
}

TEST(Pattern, Anchors) {
  EXPECT_EQ(search("abc", "^bc"), "none");
  EXPECT_EQ(search("abc", "^ab"), "0-2");
  EXPECT_EQ(search("abc", "ab$"), "none");
  EXPECT_EQ(search("a$c", "a$c"), "0-3");
  EXPECT_EQ(search("x^", "x^"), "0-2");
  EXPECT_EQ(search("abc", "$"), "3-3");
}

TEST(Pattern, Captures) {
  EXPECT_EQ(search("key=value", "(%w+)=(%w+)"), "0-9:key,value");
  EXPECT_EQ(search("abc", "()b()"), "1-2:@1,@2");
  EXPECT_EQ(search("abc", "((a)(b))c"), "0-3:ab,a,b");
  EXPECT_EQ(search("say \"hi\" 'x'", "([\"'])(.-)%1"), "4-8:\",hi");
  EXPECT_EQ(search("aXbX", "(a)(.-)X$"), "0-4:a,Xb");
  EXPECT_EQ(search("THE (quick) fox", "%((%a+)%)"), "4-11:quick");
}

TEST(Pattern, BalancesAndFrontiers) {
  EXPECT_EQ(search("f(a(b)c)d", "%b()"), "1-8");
  EXPECT_EQ(search("f(a(b", "%b()"), "none");
  EXPECT_EQ(search("x||y|", "%b||"), "1-3");
  EXPECT_EQ(search("THE (quick) fox", "%f[%a]%a+%f[%A]"), "0-3");
  EXPECT_EQ(search("  word", "%f[%w]%w+"), "2-6");
}

TEST(Pattern, MalformedOnesSaySo) {
  EXPECT_EQ(search("", "%"), "malformed pattern (ends with '%')");
  EXPECT_EQ(search("", "[a"), "malformed pattern (missing ']')");
  EXPECT_EQ(search("", "[]"), "malformed pattern (missing ']')");
  EXPECT_EQ(search("", "[a%"), "malformed pattern (missing ']')");
  EXPECT_EQ(search("", "(a"), "unfinished capture");
  EXPECT_EQ(search("", "a)"), "invalid pattern capture");
  EXPECT_EQ(search("", "%1"), "invalid capture index in pattern");
  EXPECT_EQ(search("", "(%1)"), "invalid capture index in pattern");
  EXPECT_EQ(search("", "%b("), "malformed pattern (missing arguments to '%b')");
  EXPECT_EQ(search("", "%fa"), "missing '[' after '%f' in pattern");
  EXPECT_EQ(search("", std::string(33, '(') + std::string(33, ')')), "too many captures");
  EXPECT_EQ(search("", std::string(600, 'a')), "pattern too long");
}

TEST(Pattern, AHopelessSearchEndsAfterItsSteps) {
  EXPECT_EQ(search(std::string(200, 'a'), "a*a*a*a*a*a*a*a*b"), "too complex");
  EXPECT_EQ(search(std::string(5000, '('), "%b()"), "too complex");
  EXPECT_EQ(search(std::string(5000, 'a'), ".-.-.-b"), "too complex");
}

}  // namespace
}  // namespace slipway::lua
