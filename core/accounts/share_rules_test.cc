#include "core/accounts/share_rules.h"

#include <gtest/gtest.h>

namespace slipway::accounts {
namespace {

BaseUserFilters filters(std::vector<std::string> allowed, std::vector<std::string> denied) {
  BaseUserFilters f;
  f.allowed_share_paths = std::move(allowed);
  f.denied_share_paths = std::move(denied);
  return f;
}

TEST(ShareRules, WithoutListsEverythingMayBeShared) {
  EXPECT_TRUE(may_share_path(filters({}, {}), "/"));
  EXPECT_TRUE(may_share_path(filters({}, {}), "/a/b"));
}

TEST(ShareRules, OnlyWhatIsAllowedMayBeSharedWhereSomethingIs) {
  const auto f = filters({"/pub"}, {});
  EXPECT_TRUE(may_share_path(f, "/pub"));
  EXPECT_TRUE(may_share_path(f, "/pub/a"));
  EXPECT_FALSE(may_share_path(f, "/public"));
  EXPECT_FALSE(may_share_path(f, "/"));
}

TEST(ShareRules, TheLongestEntryDecidesAndATieIsDenied) {
  const auto f = filters({"/a", "/a/b/c", "/x"}, {"/a/b", "/x"});
  EXPECT_TRUE(may_share_path(f, "/a/z"));
  EXPECT_FALSE(may_share_path(f, "/a/b/z"));
  EXPECT_TRUE(may_share_path(f, "/a/b/c/z"));
  EXPECT_FALSE(may_share_path(f, "/x"));
}

TEST(ShareRules, TheRootMeansAllWhereAllowedAndItselfWhereDenied) {
  EXPECT_TRUE(may_share_path(filters({"/"}, {}), "/a"));
  EXPECT_FALSE(may_share_path(filters({}, {"/"}), "/"));
  EXPECT_TRUE(may_share_path(filters({}, {"/"}), "/a"));
  EXPECT_FALSE(may_share_path(filters({"/"}, {"/a"}), "/a/b"));
}

TEST(ShareRules, ScopesAndPathsOfAShareAreChecked) {
  auto f = filters({}, {"/private"});
  f.denied_share_scopes = {"write"};
  Share share;
  share.scope = 1;
  share.paths = {"/a", "/b"};
  EXPECT_TRUE(check_share_rules(f, share));
  share.paths = {"/a", "/private/x/"};
  EXPECT_EQ(check_share_rules(f, share).code(), Errc::PermissionDenied);
  share.paths = {"/a"};
  share.scope = 2;
  EXPECT_EQ(check_share_rules(f, share).code(), Errc::PermissionDenied);
  share.scope = 3;
  EXPECT_TRUE(check_share_rules(f, share));
}

TEST(ShareRules, TheDefaultEndIsNeverBeyondTheMost) {
  constexpr std::int64_t kDay = 24 * 60 * 60 * 1000;
  BaseUserFilters f;
  EXPECT_EQ(default_share_expiration(f, 5), 0);
  f.max_shares_expiration = 7;
  EXPECT_EQ(default_share_expiration(f, 5), 0);
  f.default_shares_expiration = 30;  // the user's own, and the most is that of a group
  EXPECT_EQ(default_share_expiration(f, 5), 5 + 7 * kDay);
  f.max_shares_expiration = 0;
  EXPECT_EQ(default_share_expiration(f, 5), 5 + 30 * kDay);
}

TEST(ShareRules, RightsAddUpOverGroups) {
  User user;
  user.username = "ann";
  user.groups = {{"a", GroupType::Primary}, {"b", GroupType::Membership}};
  Share share;
  share.username = "bob";
  EXPECT_EQ(share_rights(user, share), 0);
  share.groups = {{"a", kShareRead}, {"b", kShareDelete}, {"c", kShareWrite}};
  EXPECT_EQ(share_rights(user, share), kShareRead | kShareDelete);
  share.username = "ann";
  EXPECT_EQ(share_rights(user, share), kShareAll);
}

}  // namespace
}  // namespace slipway::accounts
