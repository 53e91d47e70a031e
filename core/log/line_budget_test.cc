#include "core/log/line_budget.h"

#include <gtest/gtest.h>

namespace slipway::log {
namespace {

using namespace std::chrono_literals;

TEST(LineBudget, ABurstIsWrittenAndThenAFewASecond) {
  LineBudget budget;
  auto now = LineBudget::Time(1h);
  int written = 0;
  for (int i = 0; i < 1000; ++i) written += budget.ask(now).write;
  EXPECT_EQ(written, 50);
  EXPECT_FALSE(budget.ask(now + 99ms).write);
  const auto next = budget.ask(now + 100ms);
  EXPECT_TRUE(next.write);
  EXPECT_EQ(next.left_out, 951u);
  EXPECT_FALSE(budget.ask(now + 100ms).write);
  const auto after = budget.ask(now + 200ms);
  EXPECT_TRUE(after.write);
  EXPECT_EQ(after.left_out, 1u);
}

TEST(LineBudget, ARestBringsTheWholeBurstBack) {
  LineBudget budget;
  auto now = LineBudget::Time(1h);
  for (int i = 0; i < 60; ++i) (void)budget.ask(now);
  now += 24h;
  int written = 0;
  for (int i = 0; i < 60; ++i) written += budget.ask(now).write;
  EXPECT_EQ(written, 50);
}

}  // namespace
}  // namespace slipway::log
