#include "core/admission/defender_table.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace slipway::admission {
namespace {

using namespace std::chrono_literals;
using Visit = DefenderTable::Visit;

const WallTime kNoon{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + 12h};

IpAddress ip(const std::string& text) { return *IpAddress::parse(text); }
IpAddress nth(int n) { return ip("10.0." + std::to_string(n / 256) + "." + std::to_string(n % 256)); }

DefenderSettings settings() {
  DefenderSettings s;
  s.enabled = true;
  s.threshold = 5;
  return s;
}

class DefenderTableTest : public testing::Test {
 protected:
  DefenderTable table_{settings(), DefenderTable::TrackChanges::Yes};
  const IpAddress mallory_ = ip("192.0.2.66");
};

TEST_F(DefenderTableTest, ScoresAddUpToABan) {
  EXPECT_EQ(table_.add(mallory_, 2, kNoon).score, 2);
  EXPECT_EQ(table_.add(mallory_, 2, kNoon + 1s).score, 4);
  EXPECT_FALSE(table_.is_banned(mallory_, kNoon + 1s, Visit::Look));
  EXPECT_EQ(table_.find(mallory_, kNoon + 1s)->score, 4);
  const auto last = table_.add(mallory_, 1, kNoon + 2s);
  EXPECT_TRUE(last.banned);
  EXPECT_EQ(last.score, 5);
  EXPECT_TRUE(table_.is_banned(mallory_, kNoon + 2s, Visit::Look));
  EXPECT_FALSE(table_.is_banned(ip("192.0.2.67"), kNoon + 2s, Visit::Look));
}

TEST_F(DefenderTableTest, ABannedAddressHasNoScoreAndGetsNone) {
  table_.add(mallory_, 5, kNoon);
  EXPECT_TRUE(table_.add(mallory_, 5, kNoon).ignored);
  const auto host = table_.find(mallory_, kNoon);
  ASSERT_TRUE(host);
  EXPECT_EQ(host->score, 0);
  EXPECT_EQ(host->ban_end, kNoon + 30min);
  EXPECT_FALSE(table_.find(mallory_, kNoon + 30min));
  EXPECT_EQ(table_.add(mallory_, 1, kNoon + 30min).score, 1);
}

TEST_F(DefenderTableTest, EventsOlderThanTheObservationTimeDoNotCount) {
  table_.add(mallory_, 4, kNoon);
  EXPECT_EQ(table_.find(mallory_, kNoon + 30min - 1ms)->score, 4);
  EXPECT_FALSE(table_.find(mallory_, kNoon + 30min));
  EXPECT_EQ(table_.add(mallory_, 1, kNoon + 30min).score, 1);
}

TEST_F(DefenderTableTest, ComingBackMakesABanLonger) {
  table_.add(mallory_, 5, kNoon);
  EXPECT_TRUE(table_.is_banned(mallory_, kNoon + 1min, Visit::Return));
  EXPECT_EQ(table_.find(mallory_, kNoon + 1min)->ban_end, kNoon + 45min);
  EXPECT_TRUE(table_.is_banned(mallory_, kNoon + 44min, Visit::Look));
  EXPECT_EQ(table_.find(mallory_, kNoon + 1min)->ban_end, kNoon + 45min);
  EXPECT_FALSE(table_.is_banned(mallory_, kNoon + 45min, Visit::Return));
}

TEST_F(DefenderTableTest, ABanGrowsByAMinuteAtLeastAndByAYearAtMost) {
  auto s = settings();
  s.ban_time = 1min;
  s.ban_time_increment = 1;
  table_.configure(s);
  table_.add(mallory_, 5, kNoon);
  EXPECT_TRUE(table_.is_banned(mallory_, kNoon, Visit::Return));
  EXPECT_EQ(table_.find(mallory_, kNoon)->ban_end, kNoon + 2min);

  s.ban_time = std::chrono::minutes(525'600);
  s.ban_time_increment = 10'000;
  table_.configure(s);
  for (int i = 0; i < 1000; ++i) table_.is_banned(mallory_, kNoon, Visit::Return);
  EXPECT_EQ(table_.find(mallory_, kNoon)->ban_end, kNoon + 24h * 365);
}

TEST_F(DefenderTableTest, EventsWithoutAScoreLeaveNoTrace) {
  EXPECT_TRUE(table_.add(mallory_, 0, kNoon).ignored);
  EXPECT_TRUE(table_.hosts(kNoon).empty());
  EXPECT_TRUE(table_.take_changed().empty());
}

TEST_F(DefenderTableTest, BeyondTheHardLimitTheOldestScoresAreForgotten) {
  auto s = settings();
  s.entries_soft_limit = 3;
  s.entries_hard_limit = 5;
  table_.configure(s);
  for (int i = 0; i < 5; ++i) table_.add(nth(i), 1, kNoon + i * 1s);
  table_.add(nth(0), 1, kNoon + 10s);  // seen again: no longer the oldest
  EXPECT_EQ(table_.hosts(kNoon + 10s).size(), 5u);
  table_.add(nth(9), 1, kNoon + 11s);
  EXPECT_EQ(table_.hosts(kNoon + 11s).size(), 3u);
  for (const int kept : {0, 4, 9}) EXPECT_TRUE(table_.find(nth(kept), kNoon + 11s)) << kept;
}

TEST_F(DefenderTableTest, BeyondTheHardLimitBansThatAreOverOrEndSoonAreForgotten) {
  auto s = settings();
  s.entries_soft_limit = 3;
  s.entries_hard_limit = 5;
  table_.configure(s);
  for (int i = 0; i < 5; ++i) table_.add(nth(i), 5, kNoon + i * 1min);
  table_.is_banned(nth(0), kNoon + 5min, Visit::Return);  // ends last now
  table_.add(nth(9), 5, kNoon + 6min);
  for (const int kept : {0, 4, 9}) EXPECT_TRUE(table_.is_banned(nth(kept), kNoon + 6min, Visit::Look)) << kept;
  for (const int gone : {1, 2, 3}) EXPECT_FALSE(table_.is_banned(nth(gone), kNoon + 6min, Visit::Look)) << gone;
}

TEST_F(DefenderTableTest, ManyEventsOfOneAddressTakeBoundedSpace) {
  auto s = settings();
  s.threshold = 1'000'000;
  table_.configure(s);
  for (int i = 0; i < 1000; ++i) table_.add(mallory_, 1, kNoon + i * 1ms);
  const auto host = table_.find(mallory_, kNoon + 1s);
  EXPECT_EQ(host->score, 1000);
  EXPECT_LE(host->events.size(), 64u);
  // What was merged is over no later than its newest part would be.
  EXPECT_FALSE(table_.find(mallory_, kNoon + 999ms + 30min));
}

TEST_F(DefenderTableTest, RemovingForgetsBanOrScore) {
  EXPECT_FALSE(table_.remove(mallory_, kNoon));
  table_.add(mallory_, 5, kNoon);
  EXPECT_TRUE(table_.remove(mallory_, kNoon));
  EXPECT_FALSE(table_.is_banned(mallory_, kNoon, Visit::Return));
  table_.add(mallory_, 1, kNoon);
  EXPECT_TRUE(table_.remove(mallory_, kNoon));
  EXPECT_EQ(table_.add(mallory_, 1, kNoon).score, 1);
}

TEST_F(DefenderTableTest, HostsComeBansFirst) {
  table_.add(nth(1), 1, kNoon);
  table_.add(nth(2), 3, kNoon);
  table_.add(nth(3), 5, kNoon);
  table_.add(nth(4), 5, kNoon + 1s);
  std::vector<IpAddress> order;
  for (const auto& host : table_.hosts(kNoon + 1s)) order.push_back(host.address);
  EXPECT_EQ(order, (std::vector<IpAddress>{nth(4), nth(3), nth(2), nth(1)}));
}

TEST_F(DefenderTableTest, PruningForgetsWhatIsOverAndTellsOfIt) {
  table_.add(nth(1), 5, kNoon);
  table_.add(nth(2), 1, kNoon);
  table_.add(nth(3), 1, kNoon + 20min);
  (void)table_.take_changed();
  table_.prune(kNoon + 31min);
  EXPECT_EQ(table_.take_changed().size(), 2u);
  EXPECT_EQ(table_.hosts(kNoon + 31min).size(), 1u);
}

TEST_F(DefenderTableTest, ChangesAreToldOnce) {
  table_.add(mallory_, 1, kNoon);
  table_.add(mallory_, 1, kNoon);
  EXPECT_EQ(table_.take_changed(), std::vector<IpAddress>{mallory_});
  EXPECT_TRUE(table_.take_changed().empty());
  table_.mark_changed(mallory_);
  EXPECT_EQ(table_.take_changed(), std::vector<IpAddress>{mallory_});
}

TEST_F(DefenderTableTest, WhatIsRestoredHoldsUnlessItIsOver) {
  table_.restore({.address = nth(1), .ban_end = kNoon + 1min}, kNoon);
  table_.restore({.address = nth(2), .ban_end = kNoon - 1min}, kNoon);
  table_.restore({.address = nth(3), .events = {{kNoon - 1min, 4}}}, kNoon);
  table_.restore({.address = nth(4), .events = {{kNoon - 1h, 4}}}, kNoon);
  EXPECT_TRUE(table_.is_banned(nth(1), kNoon, Visit::Look));
  EXPECT_FALSE(table_.find(nth(2), kNoon));
  EXPECT_EQ(table_.find(nth(3), kNoon)->score, 4);
  EXPECT_FALSE(table_.find(nth(4), kNoon));
  // The database may forget what is over.
  auto changed = table_.take_changed();
  std::ranges::sort(changed);
  EXPECT_EQ(changed, (std::vector<IpAddress>{nth(2), nth(4)}));
  EXPECT_TRUE(table_.add(nth(3), 1, kNoon).banned);
}

TEST(DefenderSettings, WhatCannotWorkIsToldByKey) {
  const auto keys = [](DefenderSettings s) {
    s.enabled = true;
    std::string text;
    for (const auto& problem : check(s)) text += problem.key + " ";
    return text;
  };
  EXPECT_EQ(keys({}), "");
  EXPECT_EQ(keys({.score_invalid = 15}), "score_invalid ");
  EXPECT_EQ(keys({.threshold = 3}), "score_limit_exceeded ");
  EXPECT_EQ(keys({.score_invalid = 0, .score_valid = 0, .score_limit_exceeded = 0}), "threshold ");
  EXPECT_EQ(keys({.entries_soft_limit = 150}), "entries_hard_limit ");
  EXPECT_TRUE(check({.threshold = 1}).empty()) << "a defender that is off may be configured in any way";
}

}  // namespace
}  // namespace slipway::admission
