#include "core/admission/rate_limiter.h"

#include <gtest/gtest.h>

namespace slipway::admission {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart{std::chrono::hours(1)};

IpAddress nth(int n) { return *IpAddress::parse("10.0." + std::to_string(n / 256) + "." + std::to_string(n % 256)); }

RateLimiterSettings of(std::int64_t average, std::chrono::milliseconds period, int burst) {
  RateLimiterSettings s;
  s.average = average;
  s.period = period;
  s.burst = burst;
  return s;
}

TEST(TokenBucket, StartsFullAndRefillsEvenly) {
  TokenBucket bucket(10, 3, kStart);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.reserve(kStart, 0ns).delay, 0ns);
  EXPECT_FALSE(bucket.reserve(kStart, 0ns).granted);
  EXPECT_FALSE(bucket.reserve(kStart + 99ms, 0ns).granted);
  EXPECT_TRUE(bucket.reserve(kStart + 100ms, 0ns).granted);
  EXPECT_FALSE(bucket.reserve(kStart + 100ms, 0ns).granted);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.reserve(kStart + 1h, 0ns).granted);
  EXPECT_FALSE(bucket.reserve(kStart + 1h, 0ns).granted) << "no more than the burst is saved up";
}

TEST(TokenBucket, LendsFromTheFutureUpToTheLongestDelay) {
  TokenBucket bucket(10, 1, kStart);
  EXPECT_EQ(bucket.reserve(kStart, 150ms).delay, 0ns);
  EXPECT_EQ(bucket.reserve(kStart, 150ms).delay, 100ms);
  const auto refused = bucket.reserve(kStart, 150ms);
  EXPECT_FALSE(refused.granted);
  EXPECT_EQ(refused.delay, 200ms);
  // The refused one took nothing.
  EXPECT_EQ(bucket.reserve(kStart + 100ms, 150ms).delay, 100ms);
}

TEST(RateLimiter, TheLongestDelayIsHalfOfATokensTime) {
  EXPECT_EQ(RateLimiter(of(10, 1s, 1)).longest_delay(), 50ms);
  EXPECT_EQ(RateLimiter(of(1, 1s, 1)).longest_delay(), 500ms);
  EXPECT_EQ(RateLimiter(of(25, 10s, 1)).longest_delay(), 250ms);  // 2.5 a second
  EXPECT_EQ(RateLimiter(of(1, 4s, 1)).longest_delay(), 2s);
  EXPECT_EQ(RateLimiter(of(1, 60s, 1)).longest_delay(), 10s);
}

TEST(RateLimiter, AddressesDoNotShareABucket) {
  RateLimiter limiter(of(1, 60s, 2));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(limiter.reserve(nth(1), kStart).granted);
  EXPECT_FALSE(limiter.reserve(nth(1), kStart).granted);
  EXPECT_TRUE(limiter.reserve(nth(2), kStart).granted);
}

TEST(RateLimiter, AGlobalOneIsSharedByAll) {
  auto s = of(1, 60s, 2);
  s.type = RateLimiterSettings::Type::Global;
  RateLimiter limiter(s);
  EXPECT_TRUE(limiter.reserve(nth(1), kStart).granted);
  EXPECT_TRUE(limiter.reserve(nth(2), kStart).granted);
  EXPECT_FALSE(limiter.reserve(nth(3), kStart).granted);
  EXPECT_EQ(limiter.sources(), 0u);
}

TEST(RateLimiter, TheLeastRecentlyUsedAddressesMakeRoom) {
  auto s = of(1, 60s, 1);
  s.entries_soft_limit = 3;
  s.entries_hard_limit = 5;
  RateLimiter limiter(s);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limiter.reserve(nth(i), kStart).granted);
  EXPECT_FALSE(limiter.reserve(nth(0), kStart).granted);  // used again
  EXPECT_TRUE(limiter.reserve(nth(9), kStart).granted);
  EXPECT_EQ(limiter.sources(), 3u);
  for (const int kept : {0, 4, 9}) EXPECT_FALSE(limiter.reserve(nth(kept), kStart).granted) << kept;
  EXPECT_TRUE(limiter.reserve(nth(1), kStart).granted) << "forgotten, so that its bucket is full again";
}

TEST(RateLimiter, KnowsItsProtocols) {
  auto s = of(1, 1s, 1);
  s.protocols = {"SSH", "DAV"};
  const RateLimiter limiter(s);
  EXPECT_TRUE(limiter.applies_to(protocol_bit("SSH")));
  EXPECT_TRUE(limiter.applies_to(protocol_bit("DAV")));
  EXPECT_FALSE(limiter.applies_to(protocol_bit("FTP")));
}

TEST(RateLimiterSettings, WhatCannotWorkIsTold) {
  auto s = of(1, 1s, 1);
  EXPECT_TRUE(check(s).empty());
  s.entries_soft_limit = 150;
  ASSERT_EQ(check(s).size(), 1u);
  EXPECT_EQ(check(s)[0].key, "entries_hard_limit");
  s.type = RateLimiterSettings::Type::Global;
  EXPECT_TRUE(check(s).empty()) << "it keeps no addresses";
  s.protocols.clear();
  EXPECT_EQ(check(s).size(), 1u);
  s.average = 0;
  EXPECT_TRUE(check(s).empty());
}

TEST(DurationText, IsWrittenWithTheLargestUnitThatFits) {
  EXPECT_EQ(duration_text(0ns), "0s");
  EXPECT_EQ(duration_text(17ns), "17ns");
  EXPECT_EQ(duration_text(1500ns), "1.5\u00b5s");
  EXPECT_EQ(duration_text(250ms), "250ms");
  EXPECT_EQ(duration_text(1500ms), "1.5s");
  EXPECT_EQ(duration_text(10s), "10s");
  EXPECT_EQ(duration_text(2min + 500ms), "2m0.5s");
  EXPECT_EQ(duration_text(1h + 2min + 3s), "1h2m3s");
}

}  // namespace
}  // namespace slipway::admission
