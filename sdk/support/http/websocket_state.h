// What a connection keeps once it has become a WebSocket.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "support/http/connection.h"
#include "support/http/websocket_frames.h"
#include "support/http/websocket_peer.h"

namespace slipway::http {

struct Connection::WebSocketState {
  WebSocketState(WebSocketOptions options, std::function<void()> wake)
      : reader(options.max_message), peer(std::make_shared<WebSocketPeer>(std::move(options), std::move(wake))) {}

  WebSocketReader reader;
  std::shared_ptr<WebSocketPeer> peer;
  WebSocketEvents events;
  std::string output;
  std::size_t output_at = 0;
  bool waits_readable = false, waits_writable = false;
  bool closing = false;  // a close frame is in `output`, or has left
  bool received_close = false, ping_is_out = false, ended = false;
  std::uint16_t code = 1006;
};

}  // namespace slipway::http
