// One connection, from its first byte to its last: who waits for what, and when it ends.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "slipway/protocol.h"
#include "support/http/exchange.h"
#include "support/http/server_core.h"
#include "support/http/transport.h"
#include "support/http/websocket_peer.h"

namespace slipway::http {

// Lives on its loop's thread. While a worker runs a handler the worker alone owns the exchange and the transport, and
// the loop does nothing with them but cut the socket.
class Connection final : public IoLoop::Task,
                         public LaneJob,
                         public DeadlineWheel::Entry,
                         public std::enable_shared_from_this<Connection> {
 public:
  Connection(ServerCore& core, LoopState& loop, std::shared_ptr<BindingSlot> slot, AcceptedConnection accepted);
  ~Connection();

  // On the loop's thread, once, after construction.
  void start();
  // Readiness, or the return from a worker.
  void run() noexcept override;
  void run_in_lane(bool late) noexcept override;

  // From the wheel.
  void deadline_passed() noexcept;
  // The server drains: ends what is idle. On the loop's thread.
  void end_if_idle() noexcept;
  // The server stops. On the loop's thread.
  void cut() noexcept;
  bool uses(const BindingSlot& slot) const noexcept { return slot_.get() == &slot; }
  Connection* next() const noexcept { return next_; }

 private:
  enum class Stage : std::uint8_t {
    Handshake,
    Header,      // between requests, or within a header
    Collecting,  // of a body, before the handler
    Running,     // a worker has it
    Returned,    // a worker is done with it
    Flushing,    // of output, towards after_flush_
    Draining,    // of the rest of a body that nobody read
    Lingering,   // nothing more is sent; what still comes is thrown away
    WebSocket,
    Closed
  };
  enum class Job : std::uint8_t { Check, Handler, Send };

  void advance();
  bool handshake();
  bool read_header();
  bool collect();
  bool flush();
  bool drain_body();
  void linger();
  void begin_lingering();
  void shorten_lingering() noexcept;
  void arm_lingering() noexcept;
  bool websocket();

  void begin_request(std::size_t header_length);
  void route();
  bool body_is_here() const noexcept;
  // Of the route: before its handler, as opposed to by it.
  bool is_collected() const noexcept;
  BodySource* body_source() const noexcept;
  void begin_collecting(bool checked);
  void begin_response();
  void start_handler();
  void run_inline();
  void call_handler(bool late);
  void hand_over(LaneId lane, Job job);
  void respond();
  void refuse(int status, std::string_view detail);
  void finish(bool sent);
  void report(bool complete);
  void begin_writer();
  void guarded_websocket() noexcept;
  void start_websocket();
  void end_websocket(std::uint16_t code) noexcept;

  void wait_readable();
  void wait_writable();
  void flush_then(Stage next);
  void arm(std::chrono::milliseconds after) { loop_.wheel.arm(*this, after); }
  void release_exchange();
  void give_memory_back() noexcept;
  void close() noexcept;
  bool ending() const noexcept;

  ServerCore& core_;
  LoopState& loop_;
  const std::shared_ptr<BindingSlot> slot_;
  BindingSlot::Seen binding_;
  std::unique_ptr<IoLoop::Descriptor> descriptor_;
  std::shared_ptr<void> tls_;  // what the handshake looks certificates up in
  Transport transport_;
  const Endpoint remote_, local_;
  std::shared_ptr<const ClientCertificate> certificate_;
  ExchangePtr exchange_;  // only while there is a request, or a part of one

  Stage stage_ = Stage::Header, after_flush_ = Stage::Header;
  Job job_ = Job::Handler;
  bool sent_ = false;          // by the worker
  bool passed_ = false;        // the check, which the worker made
  bool header_timer_ = false;  // the deadline is that of a header that has begun
  bool first_request_ = true;

  struct WebSocketState;
  std::unique_ptr<WebSocketState> websocket_;

  std::shared_ptr<Connection> self_;  // while open
  Connection *previous_ = nullptr, *next_ = nullptr;
};

}  // namespace slipway::http
