// Where events meet their subscribers: hooks, Lua, modules.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>

#include "slipway/event.h"

namespace slipway::events {

// Thread-safe. Handlers run without any lock of the bus held.
class EventBus final : public EventService {
 public:
  EventBus();
  ~EventBus();

  // Runs the before-handlers of `event` in order of registration, on the calling thread; the first error is the veto
  // and ends the run. Handlers may change nothing but take notice.
  Status before(const OpContext&, const Event& event);
  // Runs synchronous after-handlers on the calling thread (their error is returned, all of them run), then queues the
  // event for the others and returns at once.
  Status after(const OpContext&, Event event);
  // Whether anybody would see such an event; lets a hot path skip making it.
  bool wanted(std::string_view action) const noexcept;
  // Whether a handler of one of these events would run on the publisher's thread, and may keep it.
  bool waits_for(std::initializer_list<std::string_view> actions) const noexcept;

  using Handler = std::function<Status(const OpContext&, const Event&)>;
  class Registration {  // ends with the object; a handler that is running is waited for
   public:
    virtual ~Registration() = default;
    // What it is called for from now on; no event is missed or seen twice on the way.
    virtual void set_actions(std::string_view actions) = 0;
  };
  // `actions` is a comma separated list, or "*".
  [[nodiscard]] std::unique_ptr<Registration> on_before(std::string_view name, std::string_view actions, Handler);
  [[nodiscard]] std::unique_ptr<Registration> on_after_sync(std::string_view name, std::string_view actions, Handler);
  // On a worker thread of its own, one event after the other in the order of publication, from a queue of `queue_size`
  // events; overflow drops the newest, counts and logs it. The handler's OpContext is stopped when drain() gives up.
  [[nodiscard]] std::unique_ptr<Registration> on_after(std::string_view name, std::string_view actions,
                                                       std::size_t queue_size, Handler);
  // The same with up to `max_concurrent` calls at once, on threads made as they are needed; order is not kept.
  [[nodiscard]] std::unique_ptr<Registration> on_after_concurrent(std::string_view name, std::string_view actions,
                                                                  std::size_t queue_size, std::size_t max_concurrent,
                                                                  Handler);

  Result<std::unique_ptr<EventSubscription>> subscribe(std::string_view actions, std::size_t queue_size) override;
  // Waits until all queues are empty and what was taken from them is handled, at most until the deadline; then handlers
  // that run are told to stop, and subscribers get Cancelled.
  void drain(std::chrono::steady_clock::time_point deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::events
