#include "core/session/revocations.h"

#include <gtest/gtest.h>

#include "core/accounts/store/test_database.h"

namespace slipway::session {
namespace {

using namespace std::chrono_literals;

class RevocationsTest : public accounts::StoreTest {
 protected:
  // Another server on the same database.
  std::unique_ptr<Revocations> make(std::chrono::milliseconds every = 1h) {
    return std::make_unique<Revocations>(
        store(), Revocations::Settings{
                     .every = every, .now = [this] { return now_; }, .wall_clock = [this] { return wall_clock_; }});
  }
  static bool knows(const Revocations& server, std::string_view id) {
    const auto known = server.is_revoked(id);
    EXPECT_OK(known);
    return known && *known;
  }
  void break_database() {
    auto engine = sql::make_sqlite_engine({.path = database_file()});
    auto connection = engine->connect(sql::Access::ReadWrite);
    ASSERT_TRUE(connection);
    ASSERT_TRUE((*connection)->execute("ALTER TABLE {revoked_tokens} RENAME TO {gone}", {}));
  }
  void mend_database() {
    auto engine = sql::make_sqlite_engine({.path = database_file()});
    auto connection = engine->connect(sql::Access::ReadWrite);
    ASSERT_TRUE(connection);
    ASSERT_TRUE((*connection)->execute("ALTER TABLE {gone} RENAME TO {revoked_tokens}", {}));
  }

  Revocations::Clock::time_point now_ = Revocations::Clock::now();
  Revocations::WallClock::time_point wall_clock_{std::chrono::seconds(1'800'000'000)};
};

TEST_F(RevocationsTest, WhoRevokesATokenKnowsAtOnceAndOthersWhenTheyAsk) {
  const auto one = make(), other = make();
  ASSERT_OK(one->revoke("token", wall_clock_ + 1h));
  EXPECT_TRUE(knows(*one, "token"));
  EXPECT_FALSE(knows(*other, "token"));
  other->refresh();
  EXPECT_TRUE(knows(*other, "token"));
  EXPECT_FALSE(knows(*other, "tokens"));
}

TEST_F(RevocationsTest, AServerThatStartsKnowsThemAll) {
  ASSERT_OK(make()->revoke("before", wall_clock_ + 1h));
  reopen();
  const auto later = make();
  ASSERT_OK(later->start());
  EXPECT_TRUE(knows(*later, "before"));
}

TEST_F(RevocationsTest, AServerThatRunsLearnsByItself) {
  const auto one = make(), other = make(1ms);
  ASSERT_OK(other->start());
  ASSERT_OK(one->revoke("token", wall_clock_ + 1h));
  while (!knows(*other, "token")) std::this_thread::yield();
  other->stop();
}

TEST_F(RevocationsTest, ManyComeAtOnce) {
  const auto one = make(), other = make();
  ASSERT_OK(store().in_transaction([&]() -> Status {
    for (int i = 0; i < 2500; ++i) SLIPWAY_TRY(store().add_revoked_token({std::to_string(i), 1'900'000'000}));
    return ok();
  }));
  other->refresh();
  EXPECT_TRUE(knows(*other, "0"));
  EXPECT_TRUE(knows(*other, "2499"));
}

TEST_F(RevocationsTest, TheyAreForgottenSomeTimeAfterTheirEnd) {
  const auto one = make(), other = make();
  ASSERT_OK(one->revoke("token", wall_clock_ + 10s));
  wall_clock_ += 100s;
  one->forget_expired();
  EXPECT_TRUE(knows(*one, "token"));
  other->refresh();
  EXPECT_TRUE(knows(*other, "token")) << "the clock of another server may be behind";
  wall_clock_ += 60s;
  one->forget_expired();
  EXPECT_FALSE(knows(*one, "token"));
  EXPECT_TRUE(store().revoked_tokens_after(0, 10)->tokens.empty());
  ASSERT_OK(one->revoke("another", wall_clock_ + 1h));
  other->refresh();
  EXPECT_TRUE(knows(*other, "another"));
}

TEST_F(RevocationsTest, WithoutTheDatabaseNobodyIsLetInForLong) {
  const auto one = make(), other = make();
  ASSERT_OK(one->revoke("known", wall_clock_ + 1h));
  other->refresh();
  break_database();
  other->refresh();
  EXPECT_FALSE(knows(*other, "unknown")) << "it may be a hiccup";
  now_ += 11s;
  other->refresh();
  EXPECT_EQ(other->is_revoked("unknown").code(), Errc::Unavailable);
  EXPECT_TRUE(other->is_revoked("unknown").error().retryable());
  EXPECT_TRUE(knows(*other, "known"));
  EXPECT_FALSE(one->revoke("late", wall_clock_ + 1h));
  EXPECT_TRUE(knows(*one, "late")) << "here at least";
  EXPECT_FALSE(make()->start());
  mend_database();
  other->refresh();
  EXPECT_FALSE(knows(*other, "unknown"));
}

TEST_F(RevocationsTest, OddIdsAreRefused) {
  const auto one = make();
  EXPECT_EQ(one->revoke("", wall_clock_ + 1h).code(), Errc::InvalidArgument);
  EXPECT_EQ(one->revoke(std::string(65, 'x'), wall_clock_ + 1h).code(), Errc::InvalidArgument);
}

}  // namespace
}  // namespace slipway::session
