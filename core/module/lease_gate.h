// Counts who uses a running module, so that it is stopped only when nobody does.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace slipway::module {

// Closed when made. A lease is a shared pointer: copying one costs an atomic increment. open, close and acquire need a
// lock of the caller's around them; the others are thread-safe. Leases may outlive the gate.
class LeaseGate {
 public:
  LeaseGate() : state_(std::make_shared<State>()) {}

  // Nobody may hold a lease.
  void open() {
    {
      std::lock_guard lock(state_->mutex);
      state_->idle = false;
    }
    token_ = std::shared_ptr<void>(state_.get(), [state = state_](void*) {
      // Under the lock: the waiter may destroy everything else as soon as it sees `idle`.
      std::lock_guard lock(state->mutex);
      state->idle = true;
      state->became_idle.notify_all();
    });
  }
  // No new leases from here on.
  void close() noexcept { token_.reset(); }
  // Null while closed.
  std::shared_ptr<void> acquire() const noexcept { return token_; }

  // Only after close(): whether the last lease was returned before the deadline.
  bool wait_idle(std::chrono::steady_clock::time_point deadline) const {
    std::unique_lock lock(state_->mutex);
    return state_->became_idle.wait_until(lock, deadline, [this] { return state_->idle; });
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable became_idle;
    bool idle = true;
  };
  std::shared_ptr<State> state_;
  std::shared_ptr<void> token_;
};

}  // namespace slipway::module
