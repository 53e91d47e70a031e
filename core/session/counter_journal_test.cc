#include "core/session/counter_journal.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "core/accounts/test_accounts.h"
#include "core/session/shared_counters.h"

namespace slipway::session {
namespace {

using accounts::QuotaCounters;
using accounts::TransferCounters;

class CounterJournalTest : public accounts::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    for (const char* name : {"ann", "bob"}) {
      accounts::User user;
      user.username = name;
      user.password = "irrelevant";
      user.home_dir = "/srv/" + std::string(name);
      user.permissions["/"] = {"*"};
      add_user(user);
    }
  }
  QuotaCounters quota(const char* name) {
    const auto stored = store().user_quota(name);
    EXPECT_TRUE(stored.ok());
    return stored ? *stored : QuotaCounters{};
  }
};

TEST_F(CounterJournalTest, ChangesAreSummedByName) {
  CounterJournal journal(store());
  journal.add_user_quota("ann", {100, 1});
  journal.add_user_quota("bob", {5, 1});
  journal.add_user_quota("ann", {-30, 0});
  journal.add_user_transfer("ann", {7, 8});
  journal.flush();
  EXPECT_EQ(quota("ann"), (QuotaCounters{70, 1}));
  EXPECT_EQ(quota("bob"), (QuotaCounters{5, 1}));
  EXPECT_EQ(*store().user_transfer("ann"), (TransferCounters{7, 8}));
}

TEST_F(CounterJournalTest, ChangesAreWrittenWithoutAFlush) {
  CounterJournal journal(store());
  journal.add_user_quota("ann", {100, 1});
  while (quota("ann").files == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(quota("ann"), (QuotaCounters{100, 1}));
}

TEST_F(CounterJournalTest, TheEndWritesWhatWaits) {
  { CounterJournal(store()).add_user_quota("ann", {100, 1}); }
  EXPECT_EQ(quota("ann"), (QuotaCounters{100, 1}));
}

TEST_F(CounterJournalTest, UsesOfSharesAreSummedAndThoseOfOneAreWrittenFirst) {
  CounterJournal journal(store());
  for (const char* id : {"one", "two"}) {
    accounts::Share share;
    share.id = id;
    share.name = "docs";
    share.username = "ann";
    share.paths = {"/"};
    ASSERT_OK(store().add_share(share));
  }
  const auto version = *store().shares_version();
  EXPECT_TRUE(journal.add_share_uses("one", 1, 50, version));
  EXPECT_TRUE(journal.add_share_uses("one", 1, 40, version));
  EXPECT_TRUE(journal.add_share_uses("one", -1, 60, version));
  journal.flush_share("one");
  EXPECT_EQ(store().share("one")->used_tokens, 1);
  EXPECT_EQ(store().share("one")->last_use_at, 50) << "what is given back is no use";
  EXPECT_TRUE(journal.add_share_uses("two", 1, 70, version));
  journal.flush_share("one");
  journal.flush_share("two");
  EXPECT_EQ(*store().used_tokens("two"), 1);
  ASSERT_OK(store().remove_share("two"));
  EXPECT_FALSE(journal.add_share_uses("one", 1, 80, version)) << "shares have changed";
  journal.flush();
  EXPECT_EQ(*store().used_tokens("one"), 1);
}

TEST_F(CounterJournalTest, SomebodyWhoWasRemovedDoesNotKeepTheOthersChangesOut) {
  CounterJournal journal(store());
  journal.add_user_quota("aaron", {1, 1});
  journal.add_folder_quota("nowhere", {1, 1});
  journal.add_user_quota("bob", {5, 1});
  journal.flush();
  EXPECT_EQ(quota("bob"), (QuotaCounters{5, 1}));
}

TEST_F(CounterJournalTest, NothingIsLostBetweenManyThreads) {
  CounterJournal journal(store());
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 200; ++n) {
          journal.add_user_quota("ann", {3, 1});
          if (n % 50 == 0) journal.flush();
        }
      });
    }
  }
  journal.flush();
  EXPECT_EQ(quota("ann"), (QuotaCounters{2400, 800}));
}

TEST_F(CounterJournalTest, CountersThatAreLoadedAgainKnowWhatWaited) {
  SharedCounters counters(store(), QuotaTracking::All);
  {
    const auto quota = counters.user_quota("ann", {});
    ASSERT_TRUE(quota);
    (*quota)->add({100, 1});
  }
  const auto again = counters.user_quota("ann", {});
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->used().size, 100);
}

TEST_F(CounterJournalTest, AResetCountsFromWhatWasStoredThen) {
  SharedCounters counters(store(), QuotaTracking::All);
  const auto quota = counters.user_quota("ann", {});
  ASSERT_TRUE(quota);
  (*quota)->add({100, 1});
  counters.flush();
  ASSERT_TRUE(store().set_user_quota("ann", {10, 2}, 1).ok());
  counters.reload_user("ann");
  EXPECT_EQ((*quota)->used().size, 10);
  (*quota)->add({1, 1});
  counters.flush();
  EXPECT_EQ(this->quota("ann"), (QuotaCounters{11, 3}));
}

}  // namespace
}  // namespace slipway::session
