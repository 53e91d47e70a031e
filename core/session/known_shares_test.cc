#include "core/session/known_shares.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/accounts/test_accounts.h"

namespace slipway::session {
namespace {

using accounts::Share;
using Others = KnownShares::Others;

constexpr int kVisitors = 8;

class KnownSharesTest : public accounts::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    add_user(a_user("ann"));
    counters_ = std::make_unique<SharedCounters>(store(), QuotaTracking::All);
    shares_ = std::make_unique<KnownShares>(store(), *counters_, Others::None);
  }
  void TearDown() override {
    shares_.reset();
    counters_.reset();
  }

  KnownShares& shares() { return *shares_; }
  SharedCounters& counters() { return *counters_; }
  std::string add_share(std::int64_t max_tokens = 0) {
    Share share;
    share.name = "docs";
    share.scope = 1;
    share.paths = {"/"};
    share.username = "ann";
    share.max_tokens = max_tokens;
    return add(accounts().shares(), share).id;
  }
  // As an owner does it.
  void set_limit(const std::string& id, std::int64_t max_tokens) {
    Share share = *accounts().shares().get(id);
    share.max_tokens = max_tokens;
    ASSERT_OK(accounts().shares().update(share, root_));
  }
  std::int64_t stored_uses(const std::string& id) {
    counters().flush();
    return *store().used_tokens(id);
  }

 private:
  std::unique_ptr<SharedCounters> counters_;
  std::unique_ptr<KnownShares> shares_;
};

template <class Visit>
void at_once(int visitors, Visit visit) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < visitors; ++i) threads.emplace_back([&visit, i] { visit(i); });
}

// ---- what is remembered

TEST_F(KnownSharesTest, AShareIsReadOnce) {
  const std::string id = add_share();
  const auto first = shares().get(id);
  ASSERT_OK(first);
  EXPECT_EQ(first->share->username, "ann");
  ASSERT_OK(shares().use(id, 1));
  counters().flush();
  EXPECT_EQ(shares().get(id)->share, first->share) << "uses do not change what a share is";
}

TEST_F(KnownSharesTest, AChangeIsSeenAtOnce) {
  const std::string id = add_share();
  for (int i = 1; i <= 50; ++i) {
    ASSERT_OK(shares().get(id));
    set_limit(id, i);
    EXPECT_EQ(shares().get(id)->share->max_tokens, i);
  }
  ASSERT_OK(accounts().shares().remove(id, root_));
  EXPECT_EQ(shares().get(id).code(), Errc::NotFound);
  EXPECT_EQ(shares().use(id, 1).code(), Errc::NotFound);
}

TEST_F(KnownSharesTest, SharesGoWithTheirOwner) {
  const std::string id = add_share();
  ASSERT_OK(shares().use(id, 1));
  ASSERT_OK(accounts().users().remove("ann", root_));
  EXPECT_EQ(shares().get(id).code(), Errc::NotFound);
  EXPECT_EQ(shares().use(id, 1).code(), Errc::NotFound);
  add_user(a_user("ann"));
  counters().flush();
  EXPECT_EQ(shares().get(id).code(), Errc::NotFound) << "not by what was still to be written either";
}

TEST_F(KnownSharesTest, WhatAnotherProcessChangesIsSeenSoon) {
  const std::string id = add_share();
  ASSERT_OK(shares().get(id));
  const auto other = accounts::open_sqlite_store({database_file(), "", "", {}});
  ASSERT_OK(other);
  Share share = *(*other)->share(id);
  share.name = "changed";
  ASSERT_OK((*other)->update_share(share));
  while (shares().get(id)->share->name != "changed") std::this_thread::yield();
}

TEST_F(KnownSharesTest, MoreSharesThanThereIsRoomFor) {
  KnownShares few(store(), counters(), Others::None, 2);
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(add_share());
  for (int round = 0; round < 2; ++round)
    for (const std::string& id : ids) EXPECT_EQ(few.get(id)->share->id, id);
}

// ---- uses

TEST_F(KnownSharesTest, AUseWithoutALimitDoesNotWaitForTheDatabase) {
  const std::string id = add_share();
  ASSERT_OK(shares().get(id));
  // With the only writer taken, a use that needed it would hang.
  ASSERT_OK(store().in_transaction([&]() -> Status {
    std::jthread([&] { EXPECT_OK(shares().use(id, 2)); });
    return ok();
  }));
  EXPECT_EQ(stored_uses(id), 2);
  EXPECT_GT(store().share(id)->last_use_at, 0);
}

TEST_F(KnownSharesTest, UsesAreGivenBack) {
  for (const std::int64_t limit : {0, 5}) {
    const std::string id = add_share(limit);
    ASSERT_OK(shares().use(id, 3));
    counters().flush();
    ASSERT_OK(shares().use(id, -2));
    EXPECT_EQ(stored_uses(id), 1);
    EXPECT_EQ(*shares().used_tokens(id), 1);
  }
}

TEST_F(KnownSharesTest, ALimitIsCountedAtOnce) {
  const std::string id = add_share(2);
  ASSERT_OK(shares().use(id, 1));
  EXPECT_EQ(*store().used_tokens(id), 1);
  EXPECT_EQ(shares().use(id, 2).code(), Errc::QuotaExceeded);
  ASSERT_OK(shares().use(id, 1));
  EXPECT_EQ(shares().use(id, 1).code(), Errc::QuotaExceeded);
}

TEST_F(KnownSharesTest, ALimitHoldsForManyVisitorsAtOnce) {
  const std::string id = add_share(20);
  std::atomic<int> granted{0};
  at_once(kVisitors, [&](int) {
    for (int i = 0; i < 10; ++i)
      if (shares().use(id, 1)) ++granted;
  });
  EXPECT_EQ(granted, 20);
  EXPECT_EQ(*store().used_tokens(id), 20);
}

TEST_F(KnownSharesTest, NoUseOfManyVisitorsIsLost) {
  const std::string id = add_share();
  at_once(kVisitors, [&](int i) {
    for (int n = 0; n < 100; ++n) {
      EXPECT_OK(shares().use(id, 1));
      if (i == 0 && n % 20 == 0) counters().flush();
    }
  });
  EXPECT_EQ(stored_uses(id), kVisitors * 100);
}

TEST_F(KnownSharesTest, ANewLimitCountsUsesThatStillWait) {
  const std::string id = add_share();
  ASSERT_OK(shares().use(id, 3));
  set_limit(id, 4);
  EXPECT_EQ(*shares().used_tokens(id), 3);
  ASSERT_OK(shares().use(id, 1));
  EXPECT_EQ(shares().use(id, 1).code(), Errc::QuotaExceeded);
  EXPECT_EQ(stored_uses(id), 4);
}

// Whoever is let in after the limit is known is one of those that it allows, however many came before.
TEST_F(KnownSharesTest, NobodySlipsThroughWhileALimitIsSet) {
  constexpr int kLimit = kVisitors;
  for (int round = 0; round < 30; ++round) {
    const std::string id = add_share();
    std::atomic<int> granted{0};
    std::atomic<bool> has_late_one{false}, is_set{false};
    {
      std::vector<std::jthread> visitors;
      for (int i = 0; i < kVisitors; ++i)
        visitors.emplace_back([&] {
          for (int n = 0; n < 3; ++n) {
            const bool is_late = is_set;
            if (!shares().use(id, 1)) continue;
            ++granted;
            if (is_late) has_late_one = true;
          }
        });
      set_limit(id, kLimit);
      is_set = true;
      if (shares().use(id, 1)) {
        ++granted;
        has_late_one = true;
      }
    }
    EXPECT_EQ(stored_uses(id), granted);
    if (has_late_one) {
      EXPECT_LE(granted, kLimit);
    }
    EXPECT_GE(granted, kLimit);
  }
}

TEST_F(KnownSharesTest, UsesAndChangesAtTheSameTimeBothStay) {
  const std::string id = add_share();
  constexpr int kUses = 100, kChanges = 20;
  at_once(kVisitors, [&](int visitor) {
    if (visitor > 0) {
      for (int n = 0; n < kUses; ++n) {
        EXPECT_OK(shares().use(id, 1));
        counters().flush();  // so that the stored numbers change all the time
      }
      return;
    }
    for (int n = 1; n <= kChanges; ++n) {
      Share share = *accounts().shares().get(id);
      share.description = std::to_string(n);
      share.password = "Password " + std::to_string(n);  // hashing it takes as long as many uses
      EXPECT_OK(accounts().shares().update(share, root_));
    }
  });
  EXPECT_EQ(stored_uses(id), (kVisitors - 1) * kUses);
  EXPECT_EQ(store().share(id)->description, std::to_string(kChanges));
}

TEST_F(KnownSharesTest, WhatIsWrittenLateBringsNoShareBack) {
  const std::string id = add_share();
  at_once(kVisitors, [&](int visitor) {
    if (visitor > 0) {
      while (shares().use(id, 1)) continue;
      return;
    }
    EXPECT_OK(accounts().shares().remove(id, root_));
  });
  counters().flush();
  EXPECT_EQ(accounts().shares().get(id).code(), Errc::NotFound);
}

TEST_F(KnownSharesTest, TheEndWritesWhatWaits) {
  const std::string id = add_share();
  {
    SharedCounters own(store(), QuotaTracking::All);
    ASSERT_OK(KnownShares(store(), own, Others::None).use(id, 3));
  }
  EXPECT_EQ(*store().used_tokens(id), 3);
}

// ---- other servers

TEST_F(KnownSharesTest, WhereOthersCountEveryUseIsInTheDatabaseAtOnce) {
  KnownShares own(store(), counters(), Others::Count);
  const std::string id = add_share();
  for (int i = 1; i <= 3; ++i) {
    ASSERT_OK(own.use(id, 1));
    EXPECT_EQ(*store().used_tokens(id), i);
  }
}

TEST_F(KnownSharesTest, ServersOfOneDatabaseKeepALimitTogether) {
  const auto other = accounts::open_sqlite_store({database_file(), "", "", {}});
  ASSERT_OK(other);
  SharedCounters their_counters(**other, QuotaTracking::All);
  KnownShares ours(store(), counters(), Others::Count), theirs(**other, their_counters, Others::Count);
  const std::string id = add_share();
  ASSERT_OK(ours.get(id));
  ASSERT_OK(theirs.get(id));
  ASSERT_OK(ours.use(id, 1));
  set_limit(id, 10);
  std::atomic<int> granted{1};
  at_once(kVisitors, [&](int i) {
    KnownShares& server = i % 2 == 0 ? ours : theirs;
    for (int n = 0; n < 5; ++n)
      if (server.use(id, 1)) ++granted;
  });
  EXPECT_EQ(granted, 10) << "a server that has not heard of the limit yet keeps it, too";
}

}  // namespace
}  // namespace slipway::session
