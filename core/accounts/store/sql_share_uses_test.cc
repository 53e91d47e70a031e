#include <gtest/gtest.h>

#include <thread>

#include "core/accounts/store/test_database.h"

namespace slipway::accounts {
namespace {

class SqlShareUses : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    ASSERT_OK(store().add_user(a_user("ann")));
    ASSERT_OK(store().add_share(a_share("s")));
  }
  static Share a_share(std::string id) {
    Share share;
    share.id = std::move(id);
    share.name = "docs";
    share.scope = 1;
    share.paths = {"/"};
    share.username = "ann";
    return share;
  }
  // Whether the version has changed since the last call.
  bool changed() {
    const std::uint64_t recent = *store().recent_shares_version();
    EXPECT_EQ(recent, *store().shares_version());
    return std::exchange(version_, recent) != recent;
  }

 private:
  std::uint64_t version_ = 0;
};

TEST_F(SqlShareUses, TheVersionChangesWithSharesAndDefinitionsAndNotWithUses) {
  EXPECT_TRUE(changed());
  EXPECT_FALSE(changed());
  ASSERT_OK(store().add_share(a_share("t")));
  EXPECT_TRUE(changed());
  Share share = *store().share("t");
  share.max_tokens = 5;
  ASSERT_OK(store().update_share(share));
  EXPECT_TRUE(changed());
  ASSERT_OK(store().replace_share_password("t", "", "hash"));
  EXPECT_TRUE(changed());
  ASSERT_OK(store().use_share("t", 1, 1));
  ASSERT_OK(store().add_share_uses("t", 1, 2));
  ASSERT_OK(store().set_user_last_login("ann", 1));
  EXPECT_FALSE(changed());
  ASSERT_OK(store().remove_share("t"));
  EXPECT_TRUE(changed());
  ASSERT_OK(store().add_group(Group{.name = "staff"}));
  EXPECT_TRUE(changed()) << "a group may have a hand in a share";
  ASSERT_OK(store().remove_user("ann"));
  EXPECT_TRUE(changed()) << "shares go with their owner";
}

TEST_F(SqlShareUses, ChangesOfSharesAreNoneOfTheDefinitions) {
  const std::uint64_t before = *store().definitions_version();
  ASSERT_OK(store().add_share(a_share("t")));
  ASSERT_OK(store().remove_share("t"));
  EXPECT_EQ(*store().definitions_version(), before);
}

TEST_F(SqlShareUses, AChangeThatIsTakenBackIsNotRemembered) {
  EXPECT_TRUE(changed());
  EXPECT_FALSE(store().in_transaction([&]() -> Status {
    SLIPWAY_TRY(store().add_share(a_share("t")));
    EXPECT_TRUE(changed());
    return Error(Errc::Internal, "test", "taken back");
  }));
  EXPECT_TRUE(changed());
  EXPECT_FALSE(changed());
}

TEST_F(SqlShareUses, ChangesOfAnotherProcessComeIntoTheRecentVersion) {
  const auto other = open_sqlite_store({database_file(), "", "", {}});
  ASSERT_OK(other);
  const std::uint64_t before = *store().recent_shares_version();
  ASSERT_OK((*other)->add_share(a_share("t")));
  while (*store().recent_shares_version() == before) std::this_thread::yield();
  EXPECT_EQ(*store().recent_shares_version(), *(*other)->shares_version());
}

TEST_F(SqlShareUses, GrantedUsesCountWhateverTheLimit) {
  Share share = a_share("s");
  share.max_tokens = 2;
  ASSERT_OK(store().update_share(share));
  ASSERT_OK(store().add_share_uses("s", 3, 70));
  EXPECT_EQ(*store().used_tokens("s"), 3);
  EXPECT_EQ(store().use_share("s", 1, 80).code(), Errc::QuotaExceeded);
  EXPECT_EQ(store().share("s")->last_use_at, 70);
}

TEST_F(SqlShareUses, UsesThatAreTakenAwayEndAtNoneAndTheTimeDoesNotGoBack) {
  ASSERT_OK(store().add_share_uses("s", 2, 70));
  ASSERT_OK(store().add_share_uses("s", -1, 0));
  EXPECT_EQ(*store().used_tokens("s"), 1);
  ASSERT_OK(store().add_share_uses("s", -5, 60));
  EXPECT_EQ(*store().used_tokens("s"), 0);
  EXPECT_EQ(store().share("s")->last_use_at, 70);
}

TEST_F(SqlShareUses, AShareThatIsGoneHasNoUses) {
  ASSERT_OK(store().remove_share("s"));
  EXPECT_EQ(store().add_share_uses("s", 1, 1).code(), Errc::NotFound);
  EXPECT_EQ(store().used_tokens("s").code(), Errc::NotFound);
  EXPECT_EQ(store().share("s").code(), Errc::NotFound);
}

}  // namespace
}  // namespace slipway::accounts
