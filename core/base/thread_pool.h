// The bounded, elastic pool for work that may block.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace slipway {

// Grows to `max_threads` while tasks wait and shrinks when threads idle for ten seconds. Thread-safe.
class ThreadPool {
 public:
  explicit ThreadPool(std::size_t max_threads);
  // Waits for queued and running tasks, and for the threads' own ends: what libraries keep for a thread is gone then.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // `task` must not throw. Queued without a limit of its own: the callers bound what they post.
  void post(std::function<void()> task);
  std::size_t queued() const;

 private:
  using Threads = std::list<std::thread>;
  void work(Threads::iterator self);

  const std::size_t max_threads_;
  mutable std::mutex mutex_;
  std::condition_variable wake_, ended_;
  std::deque<std::function<void()>> tasks_;
  Threads threads_, ended_threads_;  // those that ended wait to be joined
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace slipway
