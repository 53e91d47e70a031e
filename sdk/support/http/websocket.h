// WebSocket connections (RFC 6455) that hold no thread: messages arrive by callback and leave from a bounded queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/result.h"

namespace slipway::http {

struct WebSocketOptions {
  std::size_t max_message = 64 << 10;  // bytes received; the connection ends with 1009 beyond
  std::size_t max_queued = 1 << 20;    // bytes that wait to be sent; the connection ends with 1013 beyond
  std::vector<std::string> protocols;  // subprotocols in the order of preference; empty: none is chosen
};

class WebSocket {
 public:
  enum class Kind : std::uint8_t { Text, Binary };
  virtual ~WebSocket() = default;
  // Queues a message; from any thread, never waits. Cancelled once the connection has ended, TooLarge when the client
  // does not keep up (and the connection ends).
  virtual Status send(std::string_view message, Kind kind = Kind::Text) = 0;
  // Begins the closing handshake; what was queued is sent before. From any thread.
  virtual void close(std::uint16_t code = 1000, std::string_view reason = {}) = 0;
  virtual bool is_open() const noexcept = 0;
  virtual std::string_view protocol() const noexcept = 0;  // the chosen subprotocol
};

// Called by one thread at a time, which must not block and must not throw.
struct WebSocketEvents {
  std::function<void(std::string_view message, WebSocket::Kind kind)> message;
  // Once, at the end: 1000 and so on, 1006 when the connection broke.
  std::function<void(std::uint16_t code)> closed;
};

using WebSocketStart = std::function<WebSocketEvents(std::shared_ptr<WebSocket>)>;

}  // namespace slipway::http
