// The bounded, elastic pool for work that may block.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace slipway {

// Grows to `max_threads` while tasks wait and shrinks when threads idle for ten seconds. Thread-safe.
class ThreadPool {
 public:
  explicit ThreadPool(std::size_t max_threads);
  // Waits for queued and running tasks.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // `task` must not throw. Queued without a limit of its own: the callers bound what they post.
  void post(std::function<void()> task);
  std::size_t queued() const;

 private:
  void work();

  const std::size_t max_threads_;
  mutable std::mutex mutex_;
  std::condition_variable wake_, ended_;
  std::deque<std::function<void()>> tasks_;
  std::size_t threads_ = 0, idle_ = 0;
  bool stopping_ = false;
};

}  // namespace slipway
