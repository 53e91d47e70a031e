#include "core/base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>

namespace slipway {
namespace {

TEST(ThreadPool, RunsWhatItGotBeforeItEnds) {
  std::atomic<int> ran{0};
  {
    ThreadPool pool(3);
    for (int i = 0; i < 100; ++i) pool.post([&] { ++ran; });
  }
  EXPECT_EQ(ran, 100);
}

TEST(ThreadPool, HasNoMoreThreadsThanItMay) {
  std::atomic<int> inside{0}, most{0};
  std::latch two(2);
  {
    ThreadPool pool(2);
    for (int i = 0; i < 20; ++i)
      pool.post([&, i] {
        const int now = ++inside;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        if (i < 2) two.arrive_and_wait();
        --inside;
      });
  }
  EXPECT_EQ(most, 2);
}

TEST(ThreadPool, TasksMayPostTasks) {
  std::atomic<int> ran{0};
  {
    ThreadPool pool(1);
    pool.post([&] { pool.post([&] { ++ran; }); });
  }
  EXPECT_EQ(ran, 1);
}

// Libraries keep things for each thread, which are freed when it ends.
TEST(ThreadPool, NothingOfItsThreadsIsLeftAfterIt) {
  static std::atomic<int> freed{0};
  struct Kept {
    bool used = false;
    ~Kept() {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      ++freed;
    }
  };
  std::latch both(2);
  {
    ThreadPool pool(2);
    for (int i = 0; i < 2; ++i)
      pool.post([&] {
        thread_local Kept kept;
        kept.used = true;
        both.arrive_and_wait();
      });
  }
  EXPECT_EQ(freed, 2);
}

}  // namespace
}  // namespace slipway
