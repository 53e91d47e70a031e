// Two helpers for modules: WorkGate counts the calls that run, so that drain() can wait for them and stop() can end
// them; EitherStop joins the stop tokens of a call and of the module.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

namespace slipway {

// Closed until open(). Thread-safe.
class WorkGate {
 public:
  // While one exists its call counts as running; false: the module takes no more work.
  class Pass {
   public:
    explicit Pass(WorkGate& gate) : gate_(gate), admitted_(gate.enter()) {}
    ~Pass() {
      if (admitted_) gate_.leave();
    }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    explicit operator bool() const { return admitted_; }

   private:
    WorkGate& gate_;
    const bool admitted_;
  };

  // Admits calls again after close().
  void open() {
    std::lock_guard lock(mutex_);
    closed_ = false;
    stop_ = std::stop_source();
  }
  // Requested by end().
  std::stop_token stop_token() {
    std::lock_guard lock(mutex_);
    return stop_.get_token();
  }
  // Admits no more calls and waits for those that run.
  void close(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    closed_ = true;
    idle_.wait_until(lock, deadline, [this] { return running_ == 0; });
  }
  // The same, with those that run told to stop.
  void end() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    auto stop = stop_;
    lock.unlock();
    stop.request_stop();  // runs callbacks: not under the lock
    lock.lock();
    idle_.wait(lock, [this] { return running_ == 0; });
  }

 private:
  bool enter() {
    std::lock_guard lock(mutex_);
    if (closed_) return false;
    ++running_;
    return true;
  }
  void leave() {
    std::lock_guard lock(mutex_);
    --running_;
    idle_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable idle_;
  std::stop_source stop_;
  int running_ = 0;
  bool closed_ = true;
};

// One token for two reasons to stop: the caller's and the module's. Lives as long as the call.
class EitherStop {
 public:
  EitherStop(std::stop_token a, std::stop_token b)
      : from_a_(std::move(a), Forward{&source_}), from_b_(std::move(b), Forward{&source_}) {}
  std::stop_token token() const { return source_.get_token(); }

 private:
  struct Forward {
    std::stop_source* source;
    void operator()() const { source->request_stop(); }
  };
  std::stop_source source_;
  std::stop_callback<Forward> from_a_, from_b_;
};

}  // namespace slipway
