#include "support/http/pace.h"

#include <gtest/gtest.h>

namespace slipway::http {
namespace {

using namespace std::chrono_literals;

TEST(Pace, CountsOnlyAfterTheGrace) {
  Limits limits;
  limits.body_rate = 100;
  limits.body_rate_grace = 10s;
  Pace pace;
  pace.waited(10s);
  EXPECT_FALSE(pace.too_slow(limits));
  pace.waited(1s);
  EXPECT_TRUE(pace.too_slow(limits));
  pace.moved(1100);
  EXPECT_FALSE(pace.too_slow(limits));
  pace.waited(20ms);
  EXPECT_TRUE(pace.too_slow(limits));
  limits.body_rate = 0;
  EXPECT_FALSE(pace.too_slow(limits));
}

}  // namespace
}  // namespace slipway::http
