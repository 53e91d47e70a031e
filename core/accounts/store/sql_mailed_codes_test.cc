// Codes that were sent by mail.
#include <gtest/gtest.h>

#include "core/accounts/store/test_database.h"

namespace slipway::accounts {
namespace {

class SqlMailedCodes : public StoreTest {
 protected:
  static MailedCode code(std::string digest, std::string name = "ann", std::int64_t expires_at = 100) {
    return {std::move(digest), CodeOwner::User, 7, std::move(name), expires_at, 2};
  }
  bool add(const MailedCode& code, std::int64_t now = 1, MailedCodeLimits limits = {3, 100}) {
    const auto added = store().add_mailed_code(code, now, limits);
    EXPECT_OK(added);
    return added && *added;
  }
  Errc take(std::string_view digest, std::int64_t now = 1, CodeOwner account = CodeOwner::User) {
    return store().take_mailed_code(digest, account, now).code();
  }
};

TEST_F(SqlMailedCodes, TheyComeBackOnceAlsoAfterARestart) {
  ASSERT_TRUE(add(code("d1")));
  reopen();
  const auto taken = store().take_mailed_code("d1", CodeOwner::User, 99);
  ASSERT_OK(taken);
  EXPECT_EQ(*taken, code("d1"));
  EXPECT_EQ(take("d1"), Errc::NotFound);
}

TEST_F(SqlMailedCodes, ThoseOfTheOtherKindOfAccountStay) {
  ASSERT_TRUE(add(code("d1")));
  EXPECT_EQ(take("d1", 1, CodeOwner::Admin), Errc::Conflict);
  EXPECT_EQ(take("d1"), Errc::Ok);
}

TEST_F(SqlMailedCodes, ExpiredOnesAreNotThere) {
  ASSERT_TRUE(add(code("d1", "ann", 100)));
  ASSERT_TRUE(add(code("d2", "ann", 200)));
  EXPECT_EQ(take("d1", 100), Errc::NotFound);
  ASSERT_OK(store().remove_expired_mailed_codes(100));
  EXPECT_EQ(take("d1", 1), Errc::NotFound) << "it is gone, not hidden";
  EXPECT_TRUE(add(code("d3", "bob", 500), 200)) << "purges, too";
  EXPECT_EQ(take("d2", 1), Errc::NotFound);
  EXPECT_EQ(take("d3", 200), Errc::Ok);
}

TEST_F(SqlMailedCodes, ThereAreOnlySoMany) {
  EXPECT_TRUE(add(code("d1")));
  EXPECT_TRUE(add(code("d2")));
  EXPECT_FALSE(add(code("d3"), 1, {2, 100}));
  MailedCode other = code("d4");
  other.owner = CodeOwner::Admin;
  EXPECT_TRUE(add(other, 1, {2, 100})) << "an administrator of the same name is somebody else";
  EXPECT_FALSE(add(code("d5", "bob"), 1, {2, 2}));
  EXPECT_TRUE(add(code("d5", "bob"), 100, {2, 2})) << "the others have expired";
}

TEST_F(SqlMailedCodes, TheyAreForgottenOneByOneOrByOwner) {
  for (const char* digest : {"d1", "d2", "d3"}) ASSERT_TRUE(add(code(digest)));
  ASSERT_TRUE(add(code("d4", "bob")));
  ASSERT_OK(store().remove_mailed_code("d1"));
  ASSERT_OK(store().remove_mailed_code("d1"));
  EXPECT_EQ(take("d1"), Errc::NotFound);
  ASSERT_OK(store().remove_mailed_codes_of(CodeOwner::Admin, "ann"));
  EXPECT_EQ(take("d2"), Errc::Ok);
  ASSERT_OK(store().remove_mailed_codes_of(CodeOwner::User, "ann"));
  EXPECT_EQ(take("d3"), Errc::NotFound);
  EXPECT_EQ(take("d4"), Errc::Ok);
}

TEST_F(SqlMailedCodes, KindsOfOwnersDoNotCrowdEachOtherOut) {
  MailedCode visitor = code("v1", "link");
  visitor.owner = CodeOwner::Visitor;
  EXPECT_TRUE(add(visitor, 1, {1, 1}));
  EXPECT_TRUE(add(code("d1"), 1, {1, 1}));
  visitor.digest = "v2";
  visitor.name = "another link";
  EXPECT_FALSE(add(visitor, 1, {1, 1}));
}

class SqlTriedCodes : public SqlMailedCodes {
 protected:
  static MailedCode of_visitor(std::string digest, std::string name = "link", std::int64_t expires_at = 100) {
    return {std::move(digest), CodeOwner::Visitor, 7, std::move(name), expires_at, 0};
  }
  bool shows(std::string digest, std::string name = "link", std::int64_t now = 1) {
    const auto right = store().try_mailed_code(of_visitor(std::move(digest), std::move(name)), now, 3);
    EXPECT_OK(right);
    return right && *right;
  }
};

TEST_F(SqlTriedCodes, TheRightOneWorksOnceForItsName) {
  ASSERT_TRUE(add(of_visitor("v1")));
  EXPECT_FALSE(shows("v1", "another link"));
  reopen();
  EXPECT_TRUE(shows("v1"));
  EXPECT_FALSE(shows("v1"));
}

TEST_F(SqlTriedCodes, AnExpiredOneDoesNot) {
  ASSERT_TRUE(add(of_visitor("v1")));
  EXPECT_FALSE(shows("v1", "link", 100));
  EXPECT_FALSE(shows("v1", "link", 1)) << "it is gone";
}

TEST_F(SqlTriedCodes, WrongOnesEndAllOfTheName) {
  ASSERT_TRUE(add(of_visitor("v1")));
  ASSERT_TRUE(add(of_visitor("v2")));
  ASSERT_TRUE(add(of_visitor("other", "another link")));
  EXPECT_FALSE(shows("wrong"));
  EXPECT_FALSE(shows("wrong")) << "the same one again";
  ASSERT_TRUE(add(of_visitor("v3")));
  EXPECT_TRUE(shows("v1"));
  EXPECT_FALSE(shows("wronger"));
  EXPECT_FALSE(shows("v2"));
  EXPECT_TRUE(shows("v3")) << "it is newer, and has been missed twice only";
  EXPECT_TRUE(shows("other", "another link"));
}

TEST_F(SqlTriedCodes, CodesOfOthersAreNoneOfAVisitors) {
  ASSERT_TRUE(add(code("d1", "link")));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(shows("wrong"));
  EXPECT_FALSE(shows("d2"));
  const auto taken = store().take_mailed_code("d1", CodeOwner::User, 1);
  ASSERT_OK(taken);
  EXPECT_EQ(taken->tries, 2);
}

}  // namespace
}  // namespace slipway::accounts
