#include "core/events/queue.h"

#include <algorithm>
#include <utility>

#include "core/log/log.h"

namespace slipway::events {
namespace {
constexpr auto kReportInterval = std::chrono::seconds(10);
}

EventQueue::EventQueue(std::string name, std::size_t capacity)
    : name_(std::move(name)), capacity_(std::max<std::size_t>(capacity, 1)) {}

EventQueue::~EventQueue() { close(); }

void EventQueue::push(Item event) {
  std::uint64_t count = 0, total = 0;
  {
    std::lock_guard lock(mutex_);
    if (!closed_ && items_.size() < capacity_) {
      items_.push_back(std::move(event));
    } else {
      ++dropped_;
      ++unreported_;
      count = take_report(Clock::now(), false);
      total = dropped_;
    }
  }
  if (total == 0) changed_.notify_all();
  report(count, total);
}

void EventQueue::done() {
  {
    std::lock_guard lock(mutex_);
    --handling_;
  }
  changed_.notify_all();
}

Result<EventQueue::Item> EventQueue::pop(const OpContext& ctx) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return closed_ || !items_.empty(); };
  while (!ready()) {
    if (ctx.stop.stop_requested()) return Error{Errc::Cancelled, name_, "no longer waiting for events"};
    const auto now = Clock::now();
    if (now >= ctx.deadline) return Error{Errc::TimedOut, name_, "no event came"};
    if (const std::uint64_t count = take_report(now, false); count > 0) {
      const std::uint64_t total = dropped_;
      lock.unlock();
      report(count, total);
      lock.lock();
      continue;
    }
    // Wakes for a report that is due later, too: drops must be told even when no further ones follow.
    const auto until = unreported_ > 0 ? std::min(ctx.deadline, next_report_) : ctx.deadline;
    if (until == Clock::time_point::max())
      changed_.wait(lock, ctx.stop, ready);
    else
      changed_.wait_until(lock, ctx.stop, until, ready);
  }
  if (closed_) return Error{Errc::Cancelled, name_, "the server stops"};
  Item item = std::move(items_.front());
  items_.pop_front();
  ++handling_;
  return item;
}

void EventQueue::close() {
  std::uint64_t count = 0, total = 0;
  std::deque<Item> left;  // destroyed without the lock
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    left.swap(items_);
    dropped_ += left.size();
    unreported_ += left.size();
    count = take_report(Clock::now(), true);
    total = dropped_;
  }
  changed_.notify_all();
  report(count, total);
}

bool EventQueue::idle() const {
  std::lock_guard lock(mutex_);
  return closed_ || (items_.empty() && handling_ == 0);
}

bool EventQueue::wait_idle(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [this] { return closed_ || (items_.empty() && handling_ == 0); });
}

std::uint64_t EventQueue::dropped() const noexcept {
  std::lock_guard lock(mutex_);
  return dropped_;
}

std::uint64_t EventQueue::take_report(Clock::time_point now, bool final) {
  if (unreported_ == 0 || (!final && now < next_report_)) return 0;
  next_report_ = now + kReportInterval;
  return std::exchange(unreported_, 0);
}

void EventQueue::report(std::uint64_t count, std::uint64_t total) const {
  if (count == 0) return;
  log::warn("events", "events lost: the subscriber's queue was full or had ended",
            {{"subscriber", name_}, {"lost", count}, {"lost_total", total}, {"queue_size", capacity_}});
}

}  // namespace slipway::events
