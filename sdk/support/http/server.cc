#include "support/http/server.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <list>
#include <system_error>
#include <thread>

#include "support/http/connection.h"
#include "support/http/server_core.h"

namespace slipway::http {
namespace {

constexpr std::chrono::milliseconds kAcceptRetry{100};  // after an error that may pass, such as too many open files

class HttpServer final : public Server {
 public:
  HttpServer(Logger& logger, ServerOptions options) : core_(logger, std::move(options)) {}
  ~HttpServer() override { stop(); }

  Result<BindingId> add_binding(BindingOptions options) override {
    SLIPWAY_ASSIGN(auto binding, Binding::make(std::move(options)));
    std::lock_guard lock(mutex_);
    bindings_.push_back(std::make_shared<BindingSlot>(std::move(binding)));
    return bindings_.size() - 1;
  }

  Status change_binding(BindingId id, BindingOptions options) override {
    SLIPWAY_ASSIGN(auto binding, Binding::make(std::move(options)));
    SLIPWAY_ASSIGN(auto slot, find(id));
    slot->set(std::move(binding));
    return ok();
  }

  Status start() override {
    auto count = core_.options.io_threads;
    if (count == 0) count = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4);
    for (std::size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<LoopState>());
    for (auto& state : loops_) {
      state->loop->start([loop = state.get()] {
        loop->wheel.tick([](DeadlineWheel::Entry& entry) { static_cast<Connection&>(entry).deadline_passed(); });
      });
    }
    return ok();
  }

  Status listen(std::unique_ptr<Listener> listener, BindingId binding) override {
    SLIPWAY_TRY(find(binding));
    std::lock_guard lock(mutex_);
    if (stopping_) return Error(Errc::Unavailable, "listener", "the server ends");
    auto& entry = listeners_.emplace_back();
    entry.listener = std::move(listener);
    entry.binding = binding;
    try {
      entry.thread = std::thread([this, source = entry.listener.get(), binding] { accept(*source, binding); });
    } catch (const std::system_error& error) {
      listeners_.pop_back();
      return Error(Errc::Unavailable, "listener", error.what());
    }
    return ok();
  }

  void close_binding(BindingId binding) override {
    std::list<Listening> closed;
    {
      std::lock_guard lock(mutex_);
      if (binding >= bindings_.size()) return;
      bindings_[binding]->retire();
      for (auto at = listeners_.begin(); at != listeners_.end();) {
        const auto next = std::next(at);
        if (at->binding == binding) closed.splice(closed.end(), listeners_, at);
        at = next;
      }
    }
    end_listeners(closed);
    const auto slot = find(binding);
    if (!slot) return;
    for_each_connection([slot = *slot](Connection& connection) {
      if (connection.uses(*slot)) connection.end_if_idle();
    });
  }

  void adopt(AcceptedConnection connection, BindingId binding) override {
    const int fd = connection.fd;
    core_.counters.accepted.fetch_add(1, std::memory_order_relaxed);
    auto slot = find(binding);
    if (!slot || loops_.empty() || !core_.open_connection()) {
      core_.counters.refused.fetch_add(1, std::memory_order_relaxed);
      ::close(fd);
      return;
    }
    LoopState& loop = *loops_[next_loop_.fetch_add(1, std::memory_order_relaxed) % loops_.size()];
    // The descriptor has an owner at every moment, also when the loop ends before it looks.
    struct Arrival {
      Arrival(ServerCore& c, AcceptedConnection a) : core(c), accepted(std::move(a)) {}
      ~Arrival() {
        if (accepted.fd < 0) return;
        ::close(accepted.fd);
        core.close_connection();
      }
      ServerCore& core;
      AcceptedConnection accepted;
    };
    auto arrival = std::make_shared<Arrival>(core_, std::move(connection));
    loop.loop->post([this, &loop, arrival = std::move(arrival), slot = *std::move(slot)] {
      try {
        auto made = std::make_shared<Connection>(core_, loop, slot, arrival->accepted);
        arrival->accepted.fd = -1;
        made->start();
      } catch (const std::exception& error) {
        core_.log.error("a connection could not begin", {{"error", error.what()}});
      }
    });
  }

  void drain(std::chrono::steady_clock::time_point deadline) noexcept override {
    core_.draining = true;
    end_all_listeners();
    for_each_connection([](Connection& connection) { connection.end_if_idle(); });
    std::unique_lock lock(core_.mutex);
    core_.changed.wait_until(lock, deadline, [this] { return core_.connections == 0; });
  }

  void stop() noexcept override {
    core_.draining = true;
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(stopping_, true)) return;
    }
    end_all_listeners();
    core_.stop.request_stop();
    for_each_connection([](Connection& connection) { connection.cut(); });
    for (auto& lane : core_.lanes) lane->stop();
    // Those that workers had when they were cut are back now.
    for_each_connection([](Connection& connection) { connection.cut(); });
    for (auto& loop : loops_) {
      finish_calls(*loop);
      loop->loop->stop();
    }
    loops_.clear();
  }

  ServerCounters counters() const override {
    ServerCounters counters;
    const auto& own = core_.counters;
    counters.connections_accepted = own.accepted;
    counters.connections_refused = own.refused;
    counters.requests = own.requests;
    counters.overloaded = own.overloaded;
    counters.timed_out = own.timed_out;
    counters.bytes_received = own.received;
    counters.bytes_sent = own.sent;
    counters.websockets = own.websockets;
    for (const auto& lane : core_.lanes) {
      counters.running += lane->running();
      counters.queued += lane->queued();
    }
    std::lock_guard lock(core_.mutex);
    counters.connections = core_.connections;
    return counters;
  }

 private:
  struct Listening {
    std::unique_ptr<Listener> listener;
    BindingId binding = 0;
    std::thread thread;
  };

  Result<std::shared_ptr<BindingSlot>> find(BindingId id) const {
    std::lock_guard lock(mutex_);
    if (id >= bindings_.size()) return Error(Errc::InvalidArgument, "binding", "there is none of that number");
    return bindings_[id];
  }

  void accept(Listener& listener, BindingId binding) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    pthread_setname_np(pthread_self(), "http-accept");
    bool failing = false;
    while (true) {
      auto accepted = listener.accept();
      if (accepted) {
        failing = false;
        adopt(*std::move(accepted), binding);
        continue;
      }
      if (accepted.code() == Errc::Cancelled) return;
      if (!failing) core_.log.error("connections cannot be accepted", {{"error", accepted.error().message()}});
      failing = true;
      std::this_thread::sleep_for(kAcceptRetry);
    }
  }

  static void end_listeners(std::list<Listening>& listeners) {
    for (auto& entry : listeners) entry.listener->close();
    for (auto& entry : listeners) entry.thread.join();
  }
  void end_all_listeners() noexcept {
    std::list<Listening> closed;
    {
      std::lock_guard lock(mutex_);
      closed.swap(listeners_);
    }
    end_listeners(closed);
  }

  template <class Use>
  void for_each_connection(Use use) {
    for (auto& state : loops_) {
      state->loop->post([loop = state.get(), use] {
        for (Connection* connection = loop->first; connection != nullptr;) {
          Connection* const next = connection->next();
          use(*connection);
          connection = next;
        }
      });
    }
  }
  // Waits until the loop has run what was posted before.
  static void finish_calls(LoopState& state) {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    state.loop->post([&] {
      std::lock_guard lock(mutex);
      done = true;
      changed.notify_one();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return done; });
  }

  ServerCore core_;
  std::vector<std::unique_ptr<LoopState>> loops_;  // from start() to stop()
  std::atomic<std::size_t> next_loop_{0};

  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::shared_ptr<BindingSlot>> bindings_;
  std::list<Listening> listeners_;
  bool stopping_ = false;
};

}  // namespace

bool ServerCore::open_connection() {
  std::lock_guard lock(mutex);
  if (draining || (options.limits.connections > 0 && connections >= options.limits.connections)) return false;
  ++connections;
  return true;
}

void ServerCore::close_connection() {
  std::lock_guard lock(mutex);
  --connections;
  changed.notify_all();
}

Result<std::unique_ptr<Server>> Server::make(Logger& logger, ServerOptions options) {
  if (options.lanes.empty()) return Error(Errc::InvalidArgument, "lanes", "there must be one at least");
  for (const auto& lane : options.lanes) {
    if (lane.threads == 0) return Error(Errc::InvalidArgument, "lanes", "'" + lane.name + "' has no threads");
  }
  return std::unique_ptr<Server>(std::make_unique<HttpServer>(logger, std::move(options)));
}

}  // namespace slipway::http
