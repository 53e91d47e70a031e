#include "core/events/bus.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/thread_pool.h"
#include "core/events/action_set.h"
#include "core/events/queue.h"
#include "core/log/log.h"

namespace slipway::events {
namespace {

constexpr std::size_t kMaxConcurrentCalls = 512;  // of all concurrent handlers together

// A registered handler. Callers hold it by shared_ptr, so that it survives being ended from inside its own call.
class Slot {
 public:
  Slot(std::string_view name, EventBus::Handler handler) : name_(name), handler_(std::move(handler)) {}

  const std::string& name() const noexcept { return name_; }

  // Does nothing once ended.
  Status call(const OpContext& ctx, const Event& event) {
    Running running{this, innermost_};
    {
      std::lock_guard lock(mutex_);
      if (ended_) return ok();
      ++calls_;
    }
    innermost_ = &running;
    Status status = guarded(ctx, event);
    innermost_ = running.outer;
    {
      std::lock_guard lock(mutex_);
      --calls_;
    }
    returned_.notify_all();
    return status;
  }

  // No call starts after this; calls that run are waited for, except those the calling thread is itself inside of.
  void end() {
    int own = 0;
    for (const Running* r = innermost_; r != nullptr; r = r->outer) own += r->slot == this;
    std::unique_lock lock(mutex_);
    ended_ = true;
    returned_.wait(lock, [&] { return calls_ <= own; });
  }

 private:
  struct Running {
    const Slot* slot;
    const Running* outer;
  };

  Status guarded(const OpContext& ctx, const Event& event) noexcept {
    std::string what;
    try {
      return handler_(ctx, event);
    } catch (const std::exception& e) {
      what = e.what();
    } catch (...) {
      what = "unknown exception";
    }
    log::error("events", "an event handler threw", {{"subscriber", name_}, {"action", event.action}, {"error", what}});
    return Error{Errc::Internal, name_, "internal error"};
  }

  static thread_local const Running* innermost_;  // the handlers this thread is inside of
  const std::string name_;
  const EventBus::Handler handler_;
  std::mutex mutex_;
  std::condition_variable returned_;
  int calls_ = 0;
  bool ended_ = false;
};

thread_local const Slot::Running* Slot::innermost_ = nullptr;

void handle(Slot& slot, const Event& event, const std::stop_token& stop) {
  const OpContext ctx{.stop = stop, .user = event.username, .connection_id = event.session_id};
  if (Status status = slot.call(ctx, event); !status)
    log::warn("events", "an event handler failed",
              {{"subscriber", slot.name()}, {"action", event.action}, {"error", status.error().message()}});
}

template <class Target>
struct Entry {
  ActionSet actions;
  std::shared_ptr<Target> target;
};

// Immutable: publishers work on the one they saw, registrations make a new one.
struct Table {
  std::vector<Entry<Slot>> before, sync;
  std::vector<Entry<EventQueue>> queued;

  bool contains(std::string_view action) const noexcept {
    const auto wants = [&](const auto& entry) { return entry.actions.contains(action); };
    // Whoever hears of everything afterwards hears of no event that comes before.
    if (action.starts_with("pre-")) return std::ranges::any_of(before, wants);
    return std::ranges::any_of(sync, wants) || std::ranges::any_of(queued, wants);
  }
  bool waits_for(std::string_view action) const noexcept {
    const auto wants = [&](const auto& entry) { return entry.actions.contains(action); };
    return std::ranges::any_of(action.starts_with("pre-") ? before : sync, wants);
  }
  std::uint64_t mask() const noexcept {
    std::uint64_t mask = 0;
    for (const auto& entry : before) mask |= entry.actions.mask();
    for (const auto& entry : sync) mask |= entry.actions.mask();
    for (const auto& entry : queued) mask |= entry.actions.mask();
    return mask;
  }
};

// What registrations share with the bus: they may outlive it.
class Hub {
 public:
  Hub() = default;
  ~Hub() { join_retired(); }
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  std::shared_ptr<const Table> table() const {
    std::lock_guard lock(mutex_);
    return table_;
  }
  template <class Change>
  void change(Change&& apply) {
    std::lock_guard lock(mutex_);
    auto next = std::make_shared<Table>(*table_);
    apply(*next);
    mask_.store(next->mask(), std::memory_order_release);
    has_direct_.store(!next->before.empty() || !next->sync.empty(), std::memory_order_release);
    table_ = std::move(next);
  }
  bool wanted(std::string_view action) const noexcept {
    return (mask_.load(std::memory_order_acquire) & ActionSet::bit(action)) != 0 && table()->contains(action);
  }
  bool waits_for(std::initializer_list<std::string_view> actions) const noexcept {
    if (!has_direct_.load(std::memory_order_acquire)) return false;
    const auto now = table();
    return std::ranges::any_of(actions, [&](std::string_view action) { return now->waits_for(action); });
  }

  // One entry of one of the table's lists.
  template <class Target>
  using List = std::vector<Entry<Target>> Table::*;
  template <class Target>
  void add(List<Target> list, std::string_view actions, const std::shared_ptr<Target>& target) {
    change([&](Table& table) { (table.*list).push_back({ActionSet(actions), target}); });
  }
  template <class Target>
  void set_actions(List<Target> list, std::string_view actions, const std::shared_ptr<Target>& target) {
    change([&](Table& table) {
      for (auto& entry : table.*list)
        if (entry.target == target) entry.actions = ActionSet(actions);
    });
  }
  template <class Target>
  void remove(List<Target> list, const std::shared_ptr<Target>& target) {
    change(
        [&](Table& table) { std::erase_if(table.*list, [&](const auto& entry) { return entry.target == target; }); });
  }
  void add_queue(std::string_view actions, const std::shared_ptr<EventQueue>& queue) {
    add(&Table::queued, actions, queue);
    if (stop_.stop_requested()) queue->close();
  }

  std::stop_token stop_token() const noexcept { return stop_.get_token(); }
  void request_stop() noexcept { stop_.request_stop(); }

  // False once the bus is gone.
  bool post(std::function<void()> task) {
    std::lock_guard lock(mutex_);
    if (!pool_) return false;
    pool_->post(std::move(task));
    return true;
  }
  // Waits for the tasks posted.
  void end_pool() {
    std::unique_ptr<ThreadPool> pool;
    {
      std::lock_guard lock(mutex_);
      pool = std::move(pool_);
    }
  }

  // Threads that ended their own registration and so could not be joined by it.
  void retire(std::thread thread) {
    std::lock_guard lock(mutex_);
    retired_.push_back(std::move(thread));
  }
  void join_retired() {
    std::vector<std::thread> threads;
    {
      std::lock_guard lock(mutex_);
      threads.swap(retired_);
    }
    for (std::thread& thread : threads) {
      if (thread.get_id() == std::this_thread::get_id())
        thread.detach();
      else
        thread.join();
    }
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Table> table_ = std::make_shared<Table>();
  std::vector<std::thread> retired_;
  std::unique_ptr<ThreadPool> pool_ = std::make_unique<ThreadPool>(kMaxConcurrentCalls);  // null: the bus is gone
  std::atomic<std::uint64_t> mask_{0};
  std::atomic<bool> has_direct_{false};  // handlers that run on the publisher's thread
  std::stop_source stop_;
};

class DirectRegistration final : public EventBus::Registration {
 public:
  DirectRegistration(std::shared_ptr<Hub> hub, Hub::List<Slot> list, std::string_view actions,
                     std::shared_ptr<Slot> slot)
      : hub_(std::move(hub)), list_(list), slot_(std::move(slot)) {
    hub_->add(list_, actions, slot_);
  }
  ~DirectRegistration() override {
    hub_->remove(list_, slot_);
    slot_->end();
  }
  DirectRegistration(const DirectRegistration&) = delete;
  DirectRegistration& operator=(const DirectRegistration&) = delete;
  void set_actions(std::string_view actions) override { hub_->set_actions(list_, actions, slot_); }

 private:
  std::shared_ptr<Hub> hub_;
  Hub::List<Slot> list_;
  std::shared_ptr<Slot> slot_;
};

class QueuedRegistration final : public EventBus::Registration {
 public:
  QueuedRegistration(std::shared_ptr<Hub> hub, std::string_view actions, std::shared_ptr<EventQueue> queue,
                     std::shared_ptr<Slot> slot)
      : hub_(std::move(hub)), queue_(std::move(queue)), slot_(std::move(slot)) {
    // The worker owns what it uses: its registration may be ended by its own handler.
    worker_ = std::thread([queue = queue_, slot = slot_, stop = hub_->stop_token()] {
      while (auto event = queue->pop({})) {
        handle(*slot, **event, stop);
        queue->done();
      }
    });
    hub_->add_queue(actions, queue_);
  }
  ~QueuedRegistration() override {
    hub_->remove(&Table::queued, queue_);
    queue_->close();
    slot_->end();
    if (worker_.get_id() == std::this_thread::get_id())
      hub_->retire(std::move(worker_));
    else
      worker_.join();
  }
  QueuedRegistration(const QueuedRegistration&) = delete;
  QueuedRegistration& operator=(const QueuedRegistration&) = delete;
  void set_actions(std::string_view actions) override { hub_->set_actions(&Table::queued, actions, queue_); }

 private:
  std::shared_ptr<Hub> hub_;
  std::shared_ptr<EventQueue> queue_;
  std::shared_ptr<Slot> slot_;
  std::thread worker_;
};

// How many calls of one handler may still start.
class Permits {
 public:
  explicit Permits(std::size_t count) : free_(std::max<std::size_t>(count, 1)) {}
  // False once closed.
  bool acquire() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || free_ > 0; });
    if (closed_) return false;
    --free_;
    return true;
  }
  void release() {
    {
      std::lock_guard lock(mutex_);
      ++free_;
    }
    changed_.notify_all();
  }
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t free_;
  bool closed_ = false;
};

class ConcurrentRegistration final : public EventBus::Registration {
 public:
  ConcurrentRegistration(std::shared_ptr<Hub> hub, std::string_view actions, std::shared_ptr<EventQueue> queue,
                         std::shared_ptr<Slot> slot, std::size_t max_concurrent)
      : hub_(std::move(hub)),
        queue_(std::move(queue)),
        slot_(std::move(slot)),
        permits_(std::make_shared<Permits>(max_concurrent)) {
    dispatcher_ = std::thread([this] { dispatch(); });
    hub_->add_queue(actions, queue_);
  }
  ~ConcurrentRegistration() override {
    hub_->remove(&Table::queued, queue_);
    queue_->close();
    permits_->close();
    dispatcher_.join();
    slot_->end();
  }
  ConcurrentRegistration(const ConcurrentRegistration&) = delete;
  ConcurrentRegistration& operator=(const ConcurrentRegistration&) = delete;
  void set_actions(std::string_view actions) override { hub_->set_actions(&Table::queued, actions, queue_); }

 private:
  void dispatch() {
    // The permit comes first: an event that waits for one stays in the queue, where it is counted.
    while (permits_->acquire()) {
      auto event = queue_->pop({});
      if (!event) return;
      // Tasks own what they use: a handler may end its own registration.
      const bool posted =
          hub_->post([slot = slot_, queue = queue_, permits = permits_, event = *event, stop = hub_->stop_token()] {
            handle(*slot, *event, stop);
            queue->done();
            permits->release();
          });
      if (!posted) return;
    }
  }

  std::shared_ptr<Hub> hub_;
  std::shared_ptr<EventQueue> queue_;
  std::shared_ptr<Slot> slot_;
  std::shared_ptr<Permits> permits_;
  std::thread dispatcher_;
};

class Subscription final : public EventSubscription {
 public:
  Subscription(std::shared_ptr<Hub> hub, std::string_view actions, std::size_t queue_size)
      : hub_(std::move(hub)), queue_(std::make_shared<EventQueue>("subscription", queue_size)) {
    hub_->add_queue(actions, queue_);
  }
  ~Subscription() override {
    hub_->remove(&Table::queued, queue_);
    queue_->close();
  }
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  Result<Event> next(const OpContext& ctx) override {
    SLIPWAY_ASSIGN(auto event, queue_->pop(ctx));
    queue_->done();
    return Event(*event);
  }
  std::uint64_t dropped() const noexcept override { return queue_->dropped(); }

 private:
  std::shared_ptr<Hub> hub_;
  std::shared_ptr<EventQueue> queue_;
};

}  // namespace

struct EventBus::Impl {
  std::shared_ptr<Hub> hub = std::make_shared<Hub>();
};

EventBus::EventBus() : impl_(std::make_unique<Impl>()) {}

EventBus::~EventBus() {
  Hub& hub = *impl_->hub;
  hub.request_stop();
  for (const auto& entry : hub.table()->queued) entry.target->close();
  hub.end_pool();
  hub.join_retired();
}

Status EventBus::before(const OpContext& ctx, const Event& event) {
  const auto table = impl_->hub->table();
  for (const auto& entry : table->before)
    if (entry.actions.contains(event.action)) SLIPWAY_TRY(entry.target->call(ctx, event));
  return ok();
}

Status EventBus::after(const OpContext& ctx, Event event) {
  const auto table = impl_->hub->table();
  const EventQueue::Item shared = std::make_shared<const Event>(std::move(event));
  std::optional<Error> first;
  for (const auto& entry : table->sync) {
    if (!entry.actions.contains(shared->action)) continue;
    if (Status status = entry.target->call(ctx, *shared); !status && !first) first = std::move(status).error();
  }
  for (const auto& entry : table->queued)
    if (entry.actions.contains(shared->action)) entry.target->push(shared);
  if (first) return *std::move(first);
  return ok();
}

bool EventBus::wanted(std::string_view action) const noexcept { return impl_->hub->wanted(action); }
bool EventBus::waits_for(std::initializer_list<std::string_view> actions) const noexcept {
  return impl_->hub->waits_for(actions);
}

std::unique_ptr<EventBus::Registration> EventBus::on_before(std::string_view name, std::string_view actions,
                                                            Handler handler) {
  return std::make_unique<DirectRegistration>(impl_->hub, &Table::before, actions,
                                              std::make_shared<Slot>(name, std::move(handler)));
}

std::unique_ptr<EventBus::Registration> EventBus::on_after_sync(std::string_view name, std::string_view actions,
                                                                Handler handler) {
  return std::make_unique<DirectRegistration>(impl_->hub, &Table::sync, actions,
                                              std::make_shared<Slot>(name, std::move(handler)));
}

std::unique_ptr<EventBus::Registration> EventBus::on_after(std::string_view name, std::string_view actions,
                                                           std::size_t queue_size, Handler handler) {
  return std::make_unique<QueuedRegistration>(impl_->hub, actions,
                                              std::make_shared<EventQueue>(std::string(name), queue_size),
                                              std::make_shared<Slot>(name, std::move(handler)));
}

std::unique_ptr<EventBus::Registration> EventBus::on_after_concurrent(std::string_view name, std::string_view actions,
                                                                      std::size_t queue_size,
                                                                      std::size_t max_concurrent, Handler handler) {
  return std::make_unique<ConcurrentRegistration>(impl_->hub, actions,
                                                  std::make_shared<EventQueue>(std::string(name), queue_size),
                                                  std::make_shared<Slot>(name, std::move(handler)), max_concurrent);
}

Result<std::unique_ptr<EventSubscription>> EventBus::subscribe(std::string_view actions, std::size_t queue_size) {
  if (ActionSet(actions).empty())
    return Error{Errc::InvalidArgument, "event subscription", "name at least one action, or \"*\""};
  return std::make_unique<Subscription>(impl_->hub, actions, queue_size);
}

void EventBus::drain(std::chrono::steady_clock::time_point deadline) {
  Hub& hub = *impl_->hub;
  // Handlers publish, too: one pass over all queues that finds nothing to wait for is the end.
  for (bool busy = true; busy;) {
    busy = false;
    for (const auto& entry : hub.table()->queued) {
      if (entry.target->idle()) continue;
      busy = entry.target->wait_idle(deadline);
    }
  }
  hub.request_stop();
  for (const auto& entry : hub.table()->queued) entry.target->close();
}

}  // namespace slipway::events
