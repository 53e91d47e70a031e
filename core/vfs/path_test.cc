#include "core/vfs/path.h"

#include <gtest/gtest.h>

namespace slipway::vfs {
namespace {

std::string clean(std::string_view text, const char* base = "/") {
  auto path = clean_path(VPath(base), text);
  return path ? path->str() : std::string(to_string(path.code()));
}

TEST(CleanPath, ResolvesDotsWithoutLeavingTheRoot) {
  EXPECT_EQ(clean(""), "/");
  EXPECT_EQ(clean("/"), "/");
  EXPECT_EQ(clean("//a//./b/"), "/a/b");
  EXPECT_EQ(clean("/a/../../../etc"), "/etc");
  EXPECT_EQ(clean("../.."), "/");
  EXPECT_EQ(clean("/a/b/.."), "/a");
  EXPECT_EQ(clean("/..a/...b"), "/..a/...b");
}

TEST(CleanPath, RelativePathsStartAtTheBase) {
  EXPECT_EQ(clean("x", "/home/u"), "/home/u/x");
  EXPECT_EQ(clean("", "/home/u"), "/home/u");
  EXPECT_EQ(clean("../v", "/home/u"), "/home/v");
  EXPECT_EQ(clean("../../../v", "/home/u"), "/v");
  EXPECT_EQ(clean("/x", "/home/u"), "/x");
}

TEST(CleanPath, BackslashesSeparate) {
  EXPECT_EQ(clean("\\a\\..\\..\\b"), "/b");
  EXPECT_EQ(clean("a\\b/c"), "/a/b/c");
  EXPECT_EQ(clean("..\\x", "/home/u"), "/home/x");
}

TEST(CleanPath, NamesAreBytes) { EXPECT_EQ(clean("/\xff\xfe\n \"'"), "/\xff\xfe\n \"'"); }

TEST(CleanPath, RefusesNulBytesAndLengths) {
  EXPECT_EQ(clean(std::string_view("a\0b", 3)), "invalid-argument");
  EXPECT_EQ(clean(std::string(256, 'x')), "too-large");
  EXPECT_EQ(clean(std::string(255, 'x')), "/" + std::string(255, 'x'));
  std::string deep;
  while (deep.size() + 11 <= kMaxPath) deep += "/0123456789";
  EXPECT_EQ(clean(deep), deep);
  EXPECT_EQ(clean("0123456789", deep.c_str()), "too-large");
  EXPECT_EQ(clean(std::string(kMaxPath + 1, '/')), "too-large");
}

}  // namespace
}  // namespace slipway::vfs
