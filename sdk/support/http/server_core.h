// What all connections of a server share: options, lanes, bindings, counters, and the loops they live on.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "support/http/binding.h"
#include "support/http/body_budget.h"
#include "support/http/deadline_wheel.h"
#include "support/http/io_loop.h"
#include "support/http/lanes.h"
#include "support/http/server.h"

namespace slipway::http {

class Connection;

// A binding that may be changed while connections use it. Thread-safe.
class BindingSlot {
 public:
  explicit BindingSlot(std::shared_ptr<const Binding> binding) : binding_(std::move(binding)) {}
  // Cheap when nothing changed since `seen` was filled by this function.
  struct Seen {
    std::shared_ptr<const Binding> binding;
    std::uint64_t version = 0;
  };
  const Binding& get(Seen& seen) const {
    if (seen.version != version_.load(std::memory_order_acquire)) {
      std::lock_guard lock(mutex_);
      seen.binding = binding_;
      seen.version = version_.load(std::memory_order_relaxed);
    }
    return *seen.binding;
  }
  void set(std::shared_ptr<const Binding> binding) {
    std::lock_guard lock(mutex_);
    binding_ = std::move(binding);
    version_.fetch_add(1, std::memory_order_release);
  }
  // Connections end with the response they are at.
  void retire() noexcept { retired_.store(true, std::memory_order_relaxed); }
  bool retired() const noexcept { return retired_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> version_{1};
  std::atomic<bool> retired_{false};
  mutable std::mutex mutex_;
  std::shared_ptr<const Binding> binding_;  // guarded by mutex_
};

struct CoreCounters {
  std::atomic<std::uint64_t> accepted{0}, refused{0}, requests{0}, overloaded{0}, timed_out{0}, received{0}, sent{0};
  std::atomic<std::size_t> websockets{0};
};

struct ServerCore {
  ServerCore(Logger& logger, ServerOptions server_options)
      : log(logger), options(std::move(server_options)), bodies(options.limits) {
    for (const auto& lane : options.lanes) lanes.push_back(std::make_unique<Lane>(lane));
  }

  Logger& log;
  const ServerOptions options;
  std::vector<std::unique_ptr<Lane>> lanes;
  CoreCounters counters;
  std::atomic<std::uint64_t> next_id{1};
  BodyBudget bodies;  // that wait for their handlers
  std::atomic<bool> draining{false};
  std::stop_source stop;

  // How many connections are open: drain() waits for none.
  bool open_connection();
  void close_connection();

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::size_t connections = 0;  // guarded by mutex
};

// One loop and what lives on its thread; only that thread touches the rest.
struct LoopState {
  std::unique_ptr<IoLoop> loop = IoLoop::make();
  DeadlineWheel wheel;
  Connection* first = nullptr;
};

}  // namespace slipway::http
