// Users' own file events, as they happen, over WebSockets.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "slipway/event.h"
#include "slipway/module.h"
#include "slipway/session.h"
#include "support/http/websocket.h"

namespace slipway::httpd {

// Thread-safe. A thread of its own takes the events from the bus, as long as somebody listens.
class EventStreams : public std::enable_shared_from_this<EventStreams> {
 public:
  // Every action that streams know.
  static const std::set<std::string, std::less<>>& actions();

  struct Listener {
    std::string user;
    std::set<std::string, std::less<>> actions;
    std::shared_ptr<Session> session;      // shown to administrators; closing it closes the stream
    std::function<bool()> is_still_valid;  // whether the user may go on listening; asked every half a minute
  };
  // A listener's place, which its connection holds. It hears of events from open() on.
  class Stream {
   public:
    Stream(std::shared_ptr<EventStreams> streams, Listener listener);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    void begin(std::shared_ptr<http::WebSocket> socket);

   private:
    friend class EventStreams;
    std::shared_ptr<http::WebSocket> socket() const;
    void tell(const std::string& message);

    const std::shared_ptr<EventStreams> streams_;
    Listener listener_;
    mutable std::mutex mutex_;  // guards what follows
    std::shared_ptr<http::WebSocket> socket_;
    std::vector<std::string> early_;  // of before begin(): the client may know of the stream already
    bool begun_ = false;
  };

  EventStreams(EventService& events, Logger& logger) : events_(events), logger_(logger) {}
  ~EventStreams();
  EventStreams(const EventStreams&) = delete;
  EventStreams& operator=(const EventStreams&) = delete;

  // QuotaExceeded beyond what one user, or everybody, may have; Unavailable after close().
  Result<std::shared_ptr<Stream>> open(Listener listener);
  // Ends the thread and the sessions. The server has ended its connections before.
  void close() noexcept;

  // The message of an event: a JSON object. Says nothing of where files lie on the server.
  static std::string message_of(const Event& event);

 private:
  using Streams = std::vector<std::shared_ptr<Stream>>;
  void run(const std::stop_token& stop);
  void deliver(const Event& event);
  void look_after(bool with_accounts);
  Streams all() const;
  Streams of(const std::string& user) const;
  static Streams alive(const std::vector<std::weak_ptr<Stream>>& streams);
  void forget(std::shared_ptr<Session> session);

  EventService& events_;
  Logger& logger_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  std::map<std::string, std::vector<std::weak_ptr<Stream>>, std::less<>> streams_;  // by user
  std::vector<std::shared_ptr<Session>> ended_;  // to be closed by the thread, for that may take long
  std::shared_ptr<EventSubscription> subscription_;
  std::uint64_t dropped_ = 0;  // of the subscription, that were told of
  std::jthread thread_;
  bool closed_ = false;
};

}  // namespace slipway::httpd
