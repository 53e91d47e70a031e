// The bounded queue between the bus and one of its subscribers.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "slipway/event.h"

namespace slipway::events {

// Thread-safe. What does not fit is counted, and logged at most every ten seconds with the count.
class EventQueue {
 public:
  using Item = std::shared_ptr<const Event>;

  // `name` is how log lines call the subscriber. A capacity of 0 is taken as 1.
  EventQueue(std::string name, std::size_t capacity);
  // Counts and logs what was never taken.
  ~EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  // Never blocks: a full or closed queue drops `event`.
  void push(Item event);
  // Waits for the next event. The one taken before counts as handled from here on. Cancelled when `ctx.stop` is
  // requested or the queue is closed, TimedOut at `ctx.deadline`.
  Result<Item> pop(const OpContext& ctx);
  // The event taken last is handled.
  void done();
  // Ends pop() with Cancelled at once; what is still queued counts as dropped.
  void close();
  // Whether everything pushed so far is handled, or the queue is closed.
  bool idle() const;
  // Waits for that; false when the deadline comes first.
  bool wait_idle(std::chrono::steady_clock::time_point deadline);

  std::uint64_t dropped() const noexcept;

 private:
  using Clock = std::chrono::steady_clock;
  // What is to be logged about drops now; 0: nothing, or not yet.
  std::uint64_t take_report(Clock::time_point now, bool final);
  void report(std::uint64_t count, std::uint64_t total) const;

  const std::string name_;
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Item> items_;
  std::size_t handling_ = 0;  // taken and not done
  bool closed_ = false;
  std::uint64_t dropped_ = 0, unreported_ = 0;
  Clock::time_point next_report_{};
};

}  // namespace slipway::events
