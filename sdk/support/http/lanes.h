// Bounded pools of threads for what may wait: one lane for each kind of slowness, so that none takes the others along.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "support/http/limits.h"

namespace slipway::http {

// What a lane runs.
class LaneJob {
 public:
  // On a thread of the lane. `late`: it waited longer than the lane allows.
  virtual void run_in_lane(bool late) noexcept = 0;

 protected:
  ~LaneJob() = default;
};

// Thread-safe.
class Lane {
 public:
  explicit Lane(LaneOptions options) : options_(std::move(options)) {}
  ~Lane() { stop(); }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // False when the queue is full, or after stop().
  bool submit(std::shared_ptr<LaneJob> job);
  // Ends when all that was submitted has run.
  void stop() noexcept;

  const LaneOptions& options() const noexcept { return options_; }
  std::size_t running() const noexcept { return running_.load(std::memory_order_relaxed); }
  std::size_t queued() const noexcept { return queued_.load(std::memory_order_relaxed); }

 private:
  struct Waiting {
    std::shared_ptr<LaneJob> job;
    std::chrono::steady_clock::time_point since;
  };
  // A thread without work, on its stack. The one that waits for the shortest time is woken first: few threads are
  // busy again and again, with warm caches, and the others go.
  struct Sleeper {
    std::condition_variable wake;
    bool woken = false;
  };
  void work(std::list<std::thread>::iterator self);
  // Waits for work, or for kIdle; false: for nothing.
  bool sleep(std::unique_lock<std::mutex>& lock);

  const LaneOptions options_;
  std::atomic<std::size_t> running_{0}, queued_{0};

  std::mutex mutex_;  // guards what follows
  std::condition_variable ended_;
  std::deque<Waiting> queue_;
  std::list<std::thread> threads_, done_;  // done: to be joined
  std::vector<Sleeper*> sleepers_;         // that nobody has woken
  std::size_t idle_ = 0;                   // sleepers, and those that are about to look at the queue
  bool stopping_ = false;
};

}  // namespace slipway::http
