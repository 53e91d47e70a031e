// The HTTP/1.1 server: takes accepted connections, waits for their requests without holding a thread, runs handlers.
//
//   auto router = std::make_shared<Router>();
//   router->add("GET", "/healthz", {.run = Run::Inline}, [](Request&, Response& r) { r.set_body("ok"); });
//
//   SLIPWAY_ASSIGN(auto server, Server::make(logger, ServerOptions{}));
//   SLIPWAY_ASSIGN(const auto binding, server->add_binding({.router = router}));
//   SLIPWAY_TRY(server->start());
//   SLIPWAY_TRY(server->listen(std::move(listener), binding));  // of ListenerService
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/protocol.h"
#include "support/http/binding_options.h"
#include "support/http/limits.h"
#include "support/http/router.h"

namespace slipway::http {

// How a request ended, for access logs and metrics.
struct Finished {
  int status = 0;                    // 0: nothing was sent
  std::uint64_t received = 0;        // bytes of the body
  std::uint64_t sent = 0;            // bytes of header and body, before TLS
  std::chrono::microseconds time{};  // from the end of the header to the end of the response
  bool complete = true;              // the whole response was handed to the system
};

struct ServerOptions {
  Limits limits;
  std::size_t io_threads = 0;                       // 0: one a core, at most 4
  std::vector<LaneOptions> lanes = {{"requests"}};  // the first is that of routes that name none
  std::string server_header;                        // empty: no Server field
  // The body of answers that the library gives itself and of Response::fail(). Empty: the status as plain text.
  // `detail` may be empty; it is English, and may quote the request.
  Response::Failure failure;
  // Each request that was understood, before its route is looked for. Runs on an io thread: never blocks.
  Filter before;
  // Each request after its response; also those that were not understood (with an empty method). Never blocks.
  std::function<void(const Request&, const Response&, const Finished&)> finished;
};

// Sums since the start, and what there is at this moment.
struct ServerCounters {
  std::uint64_t connections_accepted = 0, connections_refused = 0, requests = 0, overloaded = 0, timed_out = 0,
                bytes_received = 0, bytes_sent = 0;
  std::size_t connections = 0, running = 0, queued = 0, websockets = 0;
};

using BindingId = std::size_t;

// Thread-safe. start, drain and stop are called once, in this order; stop() may come without drain(). A BindingId that
// is of no binding: InvalidArgument where something is returned, else nothing happens.
class Server {
 public:
  // `logger` outlives the server. InvalidArgument without a lane, or for one without threads.
  static Result<std::unique_ptr<Server>> make(Logger& logger, ServerOptions options);
  virtual ~Server() = default;  // stops

  // Errors name the option: an address that is none, a regular expression that is none, a field that is none.
  virtual Result<BindingId> add_binding(BindingOptions options) = 0;
  // For requests that begin from now on; TLS for connections that begin from now on. Nothing changes on failure.
  virtual Status change_binding(BindingId id, BindingOptions options) = 0;

  // Starts the io threads; those of lanes come when they are needed.
  virtual Status start() = 0;
  // Accepts on a thread of its own until the listener is closed. The listener is the server's, which closes it in the
  // end. Unavailable once the server stops.
  virtual Status listen(std::unique_ptr<Listener> listener, BindingId binding) = 0;
  // Closes the listeners of a binding; its connections end as they would in a drain.
  virtual void close_binding(BindingId binding) = 0;
  // Takes the connection and its descriptor, and makes it non-blocking; closes it beyond Limits::connections, before
  // start() and in a drain. One that came over a unix socket has an empty remote address.
  virtual void adopt(AcceptedConnection connection, BindingId binding) = 0;

  // No new connections; idle ones are closed, the rest end with the response they are at. Returns when none is left, at
  // the latest at the deadline.
  virtual void drain(std::chrono::steady_clock::time_point deadline) noexcept = 0;
  // Cuts what is left and joins all threads.
  virtual void stop() noexcept = 0;

  virtual ServerCounters counters() const = 0;
};

// A listener on a unix socket. A socket file nobody listens on is replaced; Conflict when somebody does, or when there
// is another file. `mode`: its permissions. The file is removed when the listener goes.
Result<std::unique_ptr<Listener>> listen_on_unix_socket(const std::string& path, std::uint32_t mode = 0660);

}  // namespace slipway::http
