// A WebSocket as its user holds it: a queue of frames, and the way to wake the connection that sends them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "support/http/websocket.h"
#include "support/http/websocket_frames.h"

namespace slipway::http {

// Thread-safe. `wake` is called from any thread when the connection should look at the queue; under the lock, so that
// it is never called after detach(). It must not call back.
class WebSocketPeer final : public WebSocket {
 public:
  WebSocketPeer(WebSocketOptions options, std::function<void()> wake)
      : options_(std::move(options)), wake_(std::move(wake)) {}

  Status send(std::string_view message, Kind kind) override;
  void close(std::uint16_t code, std::string_view reason) override;
  bool is_open() const noexcept override { return open_.load(std::memory_order_relaxed); }
  std::string_view protocol() const noexcept override {
    return options_.protocols.empty() ? std::string_view() : std::string_view(options_.protocols.front());
  }

  // ---- for the connection
  struct Output {
    std::string bytes;
    bool closing = false;  // a close frame is the last of them
  };
  Output take();
  // A frame that is not the user's: pong, ping, close.
  void add(WebSocketOpcode opcode, std::string_view payload);
  void add_close(std::uint16_t code, std::string_view reason);
  // Nothing is sent any more, and nobody is woken.
  void detach() noexcept;

 private:
  const WebSocketOptions options_;
  std::atomic<bool> open_{true};

  std::mutex mutex_;  // guards what follows
  std::function<void()> wake_;
  std::string queue_;
  bool woken_ = false, closing_ = false;
};

}  // namespace slipway::http
