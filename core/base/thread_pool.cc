#include "core/base/thread_pool.h"

#include <chrono>
#include <utility>

namespace slipway {

ThreadPool::ThreadPool(std::size_t max_threads) : max_threads_(max_threads) {}

ThreadPool::~ThreadPool() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
  ended_.wait(lock, [&] { return threads_.empty(); });
  for (std::thread& thread : ended_threads_) thread.join();
}

void ThreadPool::post(std::function<void()> task) {
  Threads ended;
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (idle_ >= tasks_.size()) {
      wake_.notify_one();
    } else if (threads_.size() < max_threads_) {
      const auto self = threads_.emplace(threads_.end());
      try {
        *self = std::thread([this, self] { work(self); });
      } catch (...) {
        threads_.erase(self);
        if (threads_.empty()) {
          tasks_.pop_back();
          throw;
        }  // else one of those will come to it
      }
    }
    ended.swap(ended_threads_);
  }
  for (std::thread& thread : ended) thread.join();
}

std::size_t ThreadPool::queued() const {
  std::lock_guard lock(mutex_);
  return tasks_.size();
}

void ThreadPool::work(Threads::iterator self) {
  std::unique_lock lock(mutex_);
  while (true) {
    if (tasks_.empty()) {
      if (stopping_) break;
      ++idle_;
      const bool woken = wake_.wait_for(lock, std::chrono::seconds(10), [&] { return stopping_ || !tasks_.empty(); });
      --idle_;
      if (!woken) break;
      continue;
    }
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
  ended_threads_.splice(ended_threads_.end(), threads_, self);
  ended_.notify_all();
}

}  // namespace slipway
