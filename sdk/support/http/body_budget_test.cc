#include "support/http/body_budget.h"

#include <gtest/gtest.h>

namespace slipway::http {
namespace {

Limits limits() {
  Limits limits;
  limits.collected = 100;
  limits.collected_unchecked = 40;
  limits.collected_shares = 2;
  return limits;
}

TEST(BodyBudget, StrangersHaveAPart) {
  BodyBudget budget(limits());
  const auto a = BodyBudget::holder("192.0.2.1", false), b = BodyBudget::holder("192.0.2.2", false),
             c = BodyBudget::holder("192.0.2.3", false), known = BodyBudget::holder("192.0.2.4", true);
  EXPECT_FALSE(budget.take(a, 21)) << "more than one address may have";
  EXPECT_TRUE(budget.take(a, 15));
  EXPECT_FALSE(budget.take(a, 6));
  EXPECT_TRUE(budget.take(b, 20)) << "another address is served";
  EXPECT_TRUE(budget.take(a, 5));
  EXPECT_FALSE(budget.take(c, 1)) << "the part is full";
  EXPECT_TRUE(budget.take(known, 50)) << "who was checked has a share of all";
  EXPECT_FALSE(budget.take(known, 1));
  budget.give_back(a, 20);
  EXPECT_TRUE(budget.take(c, 20));
}

TEST(BodyBudget, AllOfThemHaveNoMoreThanAll) {
  BodyBudget budget(limits());
  EXPECT_TRUE(budget.take(BodyBudget::holder("192.0.2.1", true), 50));
  EXPECT_TRUE(budget.take(BodyBudget::holder("192.0.2.2", true), 45));
  const auto stranger = BodyBudget::holder("192.0.2.3", false);
  EXPECT_FALSE(budget.take(stranger, 6));
  EXPECT_TRUE(budget.take(stranger, 5));
  budget.give_back(stranger, 5);
  EXPECT_TRUE(budget.take(BodyBudget::holder("192.0.2.2", true), 5));
}

TEST(BodyBudget, ANetworkOfIpv6IsOneClient) {
  BodyBudget budget(limits());
  EXPECT_TRUE(budget.take(BodyBudget::holder("2001:db8::1", false), 20));
  EXPECT_FALSE(budget.take(BodyBudget::holder("2001:db8::ffff:2", false), 1));
  EXPECT_TRUE(budget.take(BodyBudget::holder("2001:db8:0:1::1", false), 20));
  EXPECT_TRUE(budget.take(BodyBudget::holder("::ffff:192.0.2.1", true), 50));
  EXPECT_FALSE(budget.take(BodyBudget::holder("192.0.2.1", true), 1)) << "the same address";
}

TEST(BodyBudget, WithoutAnAddressThereAreNoShares) {
  BodyBudget budget(limits());
  EXPECT_TRUE(budget.take(BodyBudget::holder("", false), 40));
  EXPECT_FALSE(budget.take(BodyBudget::holder("", false), 1));
  EXPECT_TRUE(budget.take(BodyBudget::holder("", true), 60));
}

TEST(BodyBudget, UnlessSaidOtherwiseAllIsForEverybody) {
  BodyBudget budget(Limits{.collected = 100});
  EXPECT_TRUE(budget.take(BodyBudget::holder("192.0.2.1", false), 100));
  EXPECT_FALSE(budget.take(BodyBudget::holder("192.0.2.2", true), 1));
}

}  // namespace
}  // namespace slipway::http
