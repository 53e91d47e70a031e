// Codes for forgotten passwords.
#include <gtest/gtest.h>

#include "core/accounts/store/test_database.h"

namespace slipway::accounts {
namespace {

class SqlResetCodes : public StoreTest {
 protected:
  static ResetCode code(std::string digest, std::string name = "ann", std::int64_t expires_at = 100) {
    return {std::move(digest), ResetAccount::User, 7, std::move(name), expires_at, 2};
  }
  bool add(const ResetCode& code, std::int64_t now = 1, ResetCodeLimits limits = {3, 100}) {
    const auto added = store().add_reset_code(code, now, limits);
    EXPECT_OK(added);
    return added && *added;
  }
  Errc take(std::string_view digest, std::int64_t now = 1, ResetAccount account = ResetAccount::User) {
    return store().take_reset_code(digest, account, now).code();
  }
};

TEST_F(SqlResetCodes, TheyComeBackOnceAlsoAfterARestart) {
  ASSERT_TRUE(add(code("d1")));
  reopen();
  const auto taken = store().take_reset_code("d1", ResetAccount::User, 99);
  ASSERT_OK(taken);
  EXPECT_EQ(*taken, code("d1"));
  EXPECT_EQ(take("d1"), Errc::NotFound);
}

TEST_F(SqlResetCodes, ThoseOfTheOtherKindOfAccountStay) {
  ASSERT_TRUE(add(code("d1")));
  EXPECT_EQ(take("d1", 1, ResetAccount::Admin), Errc::Conflict);
  EXPECT_EQ(take("d1"), Errc::Ok);
}

TEST_F(SqlResetCodes, ExpiredOnesAreNotThere) {
  ASSERT_TRUE(add(code("d1", "ann", 100)));
  ASSERT_TRUE(add(code("d2", "ann", 200)));
  EXPECT_EQ(take("d1", 100), Errc::NotFound);
  ASSERT_OK(store().remove_expired_reset_codes(100));
  EXPECT_EQ(take("d1", 1), Errc::NotFound) << "it is gone, not hidden";
  EXPECT_TRUE(add(code("d3", "bob", 500), 200)) << "purges, too";
  EXPECT_EQ(take("d2", 1), Errc::NotFound);
  EXPECT_EQ(take("d3", 200), Errc::Ok);
}

TEST_F(SqlResetCodes, ThereAreOnlySoMany) {
  EXPECT_TRUE(add(code("d1")));
  EXPECT_TRUE(add(code("d2")));
  EXPECT_FALSE(add(code("d3"), 1, {2, 100}));
  ResetCode other = code("d4");
  other.account = ResetAccount::Admin;
  EXPECT_TRUE(add(other, 1, {2, 100})) << "an administrator of the same name is somebody else";
  EXPECT_FALSE(add(code("d5", "bob"), 1, {2, 3}));
  EXPECT_TRUE(add(code("d5", "bob"), 100, {2, 3})) << "the others have expired";
}

TEST_F(SqlResetCodes, TheyAreForgottenOneByOneOrByAccount) {
  for (const char* digest : {"d1", "d2", "d3"}) ASSERT_TRUE(add(code(digest)));
  ASSERT_TRUE(add(code("d4", "bob")));
  ASSERT_OK(store().remove_reset_code("d1"));
  ASSERT_OK(store().remove_reset_code("d1"));
  EXPECT_EQ(take("d1"), Errc::NotFound);
  ASSERT_OK(store().remove_reset_codes_of(ResetAccount::Admin, "ann"));
  EXPECT_EQ(take("d2"), Errc::Ok);
  ASSERT_OK(store().remove_reset_codes_of(ResetAccount::User, "ann"));
  EXPECT_EQ(take("d3"), Errc::NotFound);
  EXPECT_EQ(take("d4"), Errc::Ok);
}

}  // namespace
}  // namespace slipway::accounts
