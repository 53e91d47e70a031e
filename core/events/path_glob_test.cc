#include "core/events/path_glob.h"

#include <gtest/gtest.h>

namespace slipway::events {
namespace {

bool match(std::string_view pattern, std::string_view path) {
  const auto glob = PathGlob::parse(pattern);
  EXPECT_TRUE(glob) << pattern;
  return glob && glob->matches(path);
}

TEST(PathGlob, AStarStaysInItsComponent) {
  EXPECT_TRUE(match("/in/*", "/in/a"));
  EXPECT_FALSE(match("/in/*", "/in/a/b"));
  EXPECT_FALSE(match("/in/*", "/in"));
  EXPECT_TRUE(match("/*/x", "/a/x"));
  EXPECT_FALSE(match("/*/x", "/a/b/x"));
  EXPECT_TRUE(match("/in/?.t[x-z]t", "/in/a.txt"));
  EXPECT_FALSE(match("/in/?.txt", "/in//.txt"));
}

TEST(PathGlob, TwoStarsStandForAnyNumberOfComponents) {
  for (const char* path : {"/in", "/in/a", "/in/a/b/c"}) EXPECT_TRUE(match("/in/**", path)) << path;
  for (const char* path : {"/", "/inn", "/x/in/a"}) EXPECT_FALSE(match("/in/**", path)) << path;
  for (const char* path : {"/x.exe", "/a/x.exe", "/a/b/x.exe", "x.exe"}) EXPECT_TRUE(match("**/*.exe", path)) << path;
  EXPECT_FALSE(match("**/*.exe", "/a/x.txt"));
  for (const char* path : {"/a/b", "/a/x/b", "/a/x/y/b"}) EXPECT_TRUE(match("/a/**/b", path)) << path;
  EXPECT_FALSE(match("/a/**/b", "/a/x"));
  EXPECT_TRUE(match("/**", "/"));
  EXPECT_TRUE(match("/**", "/a/b"));
  EXPECT_TRUE(match("**", "/a/b"));
}

TEST(PathGlob, SeveralDepthsComeBackToTheRightPlace) {
  EXPECT_TRUE(match("/**/a/**/b/*.c", "/x/a/y/a/b/z/b/q.c"));
  EXPECT_FALSE(match("/**/a/**/b/*.c", "/x/a/y/a/z/q.c"));
  EXPECT_TRUE(match("/**/a/b", "/a/a/a/b"));
  EXPECT_FALSE(match("/**/a/b", "/a/b/a"));
}

TEST(PathGlob, TwoStarsInsideANameAreOne) {
  EXPECT_TRUE(match("/a**b", "/axxb"));
  EXPECT_FALSE(match("/a**b", "/ax/xb"));
}

TEST(PathGlob, ABackslashMakesTheNextCharacterOrdinary) {
  EXPECT_TRUE(match("/a\\*", "/a*"));
  EXPECT_FALSE(match("/a\\*", "/ab"));
  EXPECT_TRUE(match("/\\**/x", "/*abc/x"));  // a literal star, then any text
  EXPECT_FALSE(match("/\\**/x", "/abc/x"));
}

TEST(PathGlob, CaseAndWholePathsCount) {
  EXPECT_FALSE(match("/In", "/in"));
  EXPECT_FALSE(match("in", "/in"));
  EXPECT_FALSE(match("/in/", "/in"));
  EXPECT_TRUE(match("/", "/"));
}

TEST(PathGlob, MalformedPatternsAreRefused) {
  for (const char* bad : {"", "/[a", "/a\\", "/[a/b]"})
    EXPECT_EQ(PathGlob::parse(bad).code(), Errc::InvalidArgument) << bad;
  EXPECT_EQ(PathGlob::parse(std::string(5000, 'a')).code(), Errc::InvalidArgument);
}

TEST(PathGlob, ManyStarsTakeNoLongTime) {
  std::string pattern, path;
  for (int i = 0; i < 400; ++i) pattern += "/**/*a*a*a*b";
  for (int i = 0; i < 300; ++i) path += "/aaaaaaaaaa";
  EXPECT_FALSE(match(pattern.substr(0, 4000), path));
}

}  // namespace
}  // namespace slipway::events
