// Permissions and patterns: what an account's rules say about a path.
#include <gtest/gtest.h>

#include "core/vfs/path.h"
#include "core/vfs/policy.h"

namespace slipway::vfs {
namespace {

Permissions of(std::string_view token) { return permissions_of_token(token).value_or(0); }

TEST(Permissions, TokensOfTheAccountModelAreKnown) {
  EXPECT_EQ(of("*"), kAllPermissions);
  EXPECT_EQ(of("delete"), of("delete_files") | of("delete_dirs"));
  EXPECT_EQ(of("rename"), of("rename_files") | of("rename_dirs"));
  Permissions all = 0;
  for (const char* token : {"list", "download", "upload", "overwrite", "delete", "rename", "create_dirs",
                            "create_symlinks", "chmod", "chown", "chtimes", "copy"}) {
    EXPECT_TRUE(permissions_of_token(token)) << token;
    all |= of(token);
  }
  EXPECT_EQ(all, kAllPermissions);
  EXPECT_FALSE(permissions_of_token("admin"));
  EXPECT_FALSE(permissions_of_token(""));
}

TEST(PermissionMap, NearestAncestorReplacesAndNeverMerges) {
  PermissionMap map;
  map.add(VPath(), kAllPermissions);
  map.add(VPath("/a"), of("list"));
  map.add(VPath("/a/b/c"), of("download"));
  map.add(VPath("/none"), 0);
  EXPECT_EQ(map.at(VPath()), kAllPermissions);
  EXPECT_EQ(map.at(VPath("/x/y")), kAllPermissions);
  EXPECT_EQ(map.at(VPath("/a")), of("list"));
  EXPECT_EQ(map.at(VPath("/a/b")), of("list"));
  EXPECT_EQ(map.at(VPath("/a/b/c/d")), of("download"));
  EXPECT_EQ(map.at(VPath("/ab")), kAllPermissions);
  EXPECT_EQ(map.at(VPath("/none/x")), 0u);
}

TEST(PermissionMap, ASecondEntryForAPathIsIgnored) {
  PermissionMap map;
  map.add(VPath("/a"), of("list"));
  map.add(VPath("/a"), kAllPermissions);
  EXPECT_EQ(map.at(VPath("/a")), of("list"));
}

TEST(PermissionMap, PatternsMatchOneLevelAndYieldToExactEntries) {
  PermissionMap map;
  map.add(VPath(), 0);
  map.add(VPath("/projects/*/in"), of("upload"));
  map.add(VPath("/projects/special/in"), of("list"));
  EXPECT_EQ(map.at(VPath("/projects/x/in")), of("upload"));
  EXPECT_EQ(map.at(VPath("/projects/x/in/deep/er")), of("upload"));
  EXPECT_EQ(map.at(VPath("/projects/special/in")), of("list"));
  EXPECT_EQ(map.at(VPath("/projects/x/y/in")), 0u);
  EXPECT_EQ(map.at(VPath("/projects/x")), 0u);
  EXPECT_EQ(map.at(VPath("/projects/*/in")), of("upload"));
}

TEST(PermissionMap, WithoutARootEntryNothingIsAllowed) {
  PermissionMap map;
  EXPECT_EQ(map.at(VPath("/a")), 0u);
}

TEST(PermissionMap, DiffersBelowSeesStricterEntriesOnly) {
  PermissionMap map;
  map.add(VPath(), of("list"));
  map.add(VPath("/a/b"), of("list"));
  map.add(VPath("/free/x"), kAllPermissions);
  map.add(VPath("/p/*/in"), of("list"));
  EXPECT_TRUE(map.differs_below(VPath("/a")));
  EXPECT_TRUE(map.differs_below(VPath("/a/b")));
  EXPECT_FALSE(map.differs_below(VPath("/a/b/c")));
  EXPECT_FALSE(map.differs_below(VPath("/a/bb")));
  EXPECT_FALSE(map.differs_below(VPath("/free")));
  EXPECT_TRUE(map.differs_below(VPath("/p")));
  EXPECT_TRUE(map.differs_below(VPath("/p/q")));
  EXPECT_TRUE(map.differs_below(VPath("/p/q/in")));
  EXPECT_FALSE(map.differs_below(VPath("/p/q/out")));
  EXPECT_TRUE(map.differs_below(VPath()));
}

PatternRule rule(std::string path, std::vector<std::string> allowed, std::vector<std::string> denied,
                 bool hide = false) {
  return {VPath(std::move(path)), std::move(allowed), std::move(denied), hide};
}

TEST(PatternRules, AllowedWinsOverDeniedAndExcludesTheRest) {
  PatternRules rules;
  rules.add(rule("/", {"*.jpg", "*.png"}, {"*.png", "*.exe"}));
  EXPECT_EQ(rules.check(VPath("/a.JPG")), PatternVerdict::Visible);
  EXPECT_EQ(rules.check(VPath("/a.png")), PatternVerdict::Visible);
  EXPECT_EQ(rules.check(VPath("/a.txt")), PatternVerdict::Denied);
  EXPECT_EQ(rules.check(VPath()), PatternVerdict::Visible);
}

TEST(PatternRules, DeniedAloneRefusesOnlyItsMatches) {
  PatternRules rules;
  rules.add(rule("/", {}, {"*.exe", "[bad"}, true));
  EXPECT_EQ(rules.check(VPath("/sub/a.exe")), PatternVerdict::Hidden);
  // An unreadable denied pattern closes rather than opens.
  EXPECT_EQ(rules.check(VPath("/sub/a.txt")), PatternVerdict::Hidden);
}

TEST(PatternRules, TheDeepestEntryDecidesAlone) {
  PatternRules rules;
  rules.add(rule("/", {}, {"*.zip"}));
  rules.add(rule("/in", {}, {"*.exe"}));
  EXPECT_EQ(rules.check(VPath("/a.zip")), PatternVerdict::Denied);
  EXPECT_EQ(rules.check(VPath("/in/a.zip")), PatternVerdict::Visible);
  EXPECT_EQ(rules.check(VPath("/in/deep/a.exe")), PatternVerdict::Denied);
}

TEST(PatternRules, AHiddenAncestorHidesEverythingBelow) {
  PatternRules rules;
  rules.add(rule("/", {}, {"secret"}, true));
  rules.add(rule("/secret/open", {"*"}, {}));
  EXPECT_EQ(rules.check(VPath("/secret")), PatternVerdict::Hidden);
  EXPECT_EQ(rules.check(VPath("/secret/x/y")), PatternVerdict::Hidden);
  EXPECT_EQ(rules.check(VPath("/secret/open/y")), PatternVerdict::Hidden);
  EXPECT_EQ(rules.check(VPath("/secrets")), PatternVerdict::Visible);
}

TEST(PatternRules, ADirectoryNamedByNothingButTheseIsOpenInside) {
  PatternRules rules;
  rules.add(rule("/", {"public"}, {"*"}, true));
  EXPECT_EQ(rules.check(VPath("/public")), PatternVerdict::Visible);
  EXPECT_EQ(rules.check(VPath("/public/any/name.txt")), PatternVerdict::Visible);
  EXPECT_EQ(rules.check(VPath("/other")), PatternVerdict::Hidden);
  EXPECT_EQ(rules.check(VPath("/other/public")), PatternVerdict::Hidden);
}

TEST(PatternRules, NamesOfAListingAgreeWithSinglePaths) {
  PatternRules rules;
  rules.add(rule("/", {}, {"*.tmp"}, true));
  const auto names = rules.names_in(VPath("/a/b"));
  EXPECT_EQ(names.check("x.TMP"), PatternVerdict::Hidden);
  EXPECT_EQ(names.check("x.txt"), PatternVerdict::Visible);
  EXPECT_EQ(PatternRules().names_in(VPath("/a")).check("x"), PatternVerdict::Visible);
}

}  // namespace
}  // namespace slipway::vfs
