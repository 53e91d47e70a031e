#include "core/crypto/hashing_slots.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

namespace slipway::crypto {
namespace {

TEST(HashingSlots, OneProcessorIsLeftToOthers) {
  EXPECT_EQ(HashingSlots::count_for(0), 1U);
  EXPECT_EQ(HashingSlots::count_for(1), 1U);
  EXPECT_EQ(HashingSlots::count_for(2), 1U);
  EXPECT_EQ(HashingSlots::count_for(8), 7U);
}

TEST(HashingSlots, MoreThanTheirNumberWaitForTheirTurn) {
  HashingSlots slots(2);
  std::atomic<int> inside{0}, most{0}, done{0};
  std::latch both(2);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i)
      threads.emplace_back([&] {
        const HashingSlots::Hold hold(slots);
        const int now = ++inside;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        // Two do get in at once: each waits for the other.
        if (done++ < 2) both.arrive_and_wait();
        --inside;
      });
  }
  EXPECT_EQ(done, 6);
  EXPECT_EQ(most, 2);
}

}  // namespace
}  // namespace slipway::crypto
