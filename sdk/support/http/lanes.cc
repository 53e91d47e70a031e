#include "support/http/lanes.h"

#include <pthread.h>

#include <csignal>
#include <system_error>

namespace slipway::http {
namespace {

constexpr std::chrono::seconds kIdle{20};

}  // namespace

bool Lane::submit(std::shared_ptr<LaneJob> job) {
  std::list<std::thread> done;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return false;
    done.swap(done_);
    const bool wants_thread = idle_ <= queue_.size() && threads_.size() < options_.threads;
    if (queue_.size() >= options_.queue + idle_ && !wants_thread) return false;
    if (wants_thread) {
      const auto self = threads_.emplace(threads_.end());
      try {
        *self = std::thread([this, self] { work(self); });
      } catch (const std::system_error&) {
        threads_.erase(self);  // no more threads: the others must do, if there are any
        if (threads_.empty()) return false;
      }
    }
    queue_.push_back({std::move(job), std::chrono::steady_clock::now()});
    queued_.fetch_add(1, std::memory_order_relaxed);
    if (!sleepers_.empty()) {
      Sleeper* const sleeper = sleepers_.back();
      sleepers_.pop_back();
      sleeper->woken = true;
      sleeper->wake.notify_one();  // under the lock: it is on the thread's stack
    }
  }
  for (auto& thread : done) thread.join();
  return true;
}

bool Lane::sleep(std::unique_lock<std::mutex>& lock) {
  if (stopping_ || !queue_.empty()) return true;
  Sleeper self;
  sleepers_.push_back(&self);
  if (self.wake.wait_for(lock, kIdle, [&] { return self.woken; })) return true;
  std::erase(sleepers_, &self);
  return false;
}

void Lane::work(std::list<std::thread>::iterator self) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), ("http-" + options_.name).substr(0, 15).c_str());

  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    const bool has_slept_out = !sleep(lock);
    --idle_;
    if (queue_.empty()) {
      if (stopping_ || (has_slept_out && threads_.size() > 1)) break;
      continue;  // somebody else was quicker; the last one stays
    }
    auto next = std::move(queue_.front());
    queue_.pop_front();
    queued_.fetch_sub(1, std::memory_order_relaxed);
    running_.fetch_add(1, std::memory_order_relaxed);
    lock.unlock();
    next.job->run_in_lane(std::chrono::steady_clock::now() - next.since > options_.wait);
    next.job.reset();
    running_.fetch_sub(1, std::memory_order_relaxed);
    lock.lock();
  }
  done_.splice(done_.end(), threads_, self);
  ended_.notify_all();
}

void Lane::stop() noexcept {
  std::list<std::thread> done;
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    for (Sleeper* sleeper : sleepers_) {
      sleeper->woken = true;
      sleeper->wake.notify_one();
    }
    sleepers_.clear();
    ended_.wait(lock, [this] { return threads_.empty(); });
    done.swap(done_);
  }
  for (auto& thread : done) thread.join();
}

}  // namespace slipway::http
