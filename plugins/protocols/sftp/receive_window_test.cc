#include "receive_window.h"

#include <gtest/gtest.h>

namespace slipway::sftp {
namespace {

using namespace std::chrono_literals;

class ReceiveWindowTest : public ::testing::Test {
 protected:
  // `bytes` arrive and `passed` goes by; what is granted then.
  std::uint32_t after(std::uint64_t bytes, std::chrono::steady_clock::duration passed) {
    now += passed;
    window.received(bytes);
    return window.due(now, [this] { return rtt; });
  }
  // A path of `rtt` that carries `rate` bytes a round trip if the window allows, for `trips` round trips.
  void transfer(std::uint64_t rate, int trips) {
    for (int trip = 0; trip < trips; ++trip) {
      const auto bytes = std::min<std::uint64_t>(rate, window.size());
      for (int part = 0; part < 16; ++part) after(bytes / 16, rtt / 16);
    }
  }
  WindowBudget budget{64u << 20};
  ReceiveWindow window{budget};
  std::chrono::microseconds rtt = 50ms;
  std::chrono::steady_clock::time_point now{};
};

TEST_F(ReceiveWindowTest, TheFirstGrantIsTheBase) {
  EXPECT_EQ(after(0, 0ms), ReceiveWindow::kBase);
  EXPECT_EQ(after(0, 0ms), 0u);
}

TEST_F(ReceiveWindowTest, GrantsAgainAfterAnEighth) {
  after(0, 0ms);
  EXPECT_EQ(after(ReceiveWindow::kBase / 8 - 1, 1ms), 0u);
  EXPECT_EQ(after(1, 1ms), ReceiveWindow::kBase);
}

TEST_F(ReceiveWindowTest, GrowsToWhatALongPathCarries) {
  transfer(10u << 20, 20);
  EXPECT_GE(window.size(), 20u << 20);
  EXPECT_LE(window.size(), ReceiveWindow::kMax);
}

TEST_F(ReceiveWindowTest, StaysSmallOnAShortPath) {
  rtt = 100us;
  for (int i = 0; i < 1000; ++i) after(256 * 1024, 1ms);  // 256 MB/s
  EXPECT_EQ(window.size(), ReceiveWindow::kBase);
}

TEST_F(ReceiveWindowTest, DoesNotGrowWithoutBudget) {
  ASSERT_TRUE(budget.take(63u << 20));
  transfer(10u << 20, 20);
  EXPECT_EQ(window.size(), ReceiveWindow::kBase);
}

TEST_F(ReceiveWindowTest, GivesTheBudgetBackOnceTheClientHasUsedItsGrant) {
  transfer(10u << 20, 20);
  ASSERT_FALSE(budget.take(60u << 20));
  window.idle();
  EXPECT_EQ(window.size(), ReceiveWindow::kBase);
  EXPECT_FALSE(budget.take(60u << 20)) << "the client may still send what it was granted";
  for (int i = 0; i < 40; ++i) after(1u << 20, 1s);
  EXPECT_TRUE(budget.take(64u << 20));
}

TEST(WindowBudget, IsGivenBackAtTheEnd) {
  WindowBudget budget(64u << 20);
  {
    ReceiveWindow window(budget);
    auto now = std::chrono::steady_clock::time_point();
    for (int i = 0; i < 200; ++i) {
      window.received(1u << 20);
      now += 5ms;
      window.due(now, [] { return std::chrono::microseconds(50'000); });
    }
    ASSERT_GT(window.size(), ReceiveWindow::kBase);
  }
  EXPECT_TRUE(budget.take(64u << 20));
}

}  // namespace
}  // namespace slipway::sftp
