#include "support/http/websocket_peer.h"

#include <utility>

namespace slipway::http {

Status WebSocketPeer::send(std::string_view message, Kind kind) {
  std::lock_guard lock(mutex_);
  if (!open_ || closing_) return Error(Errc::Cancelled, "websocket", "the connection has ended");
  const bool behind = queue_.size() + message.size() > options_.max_queued;
  if (behind) {
    append_websocket_frame(WebSocketOpcode::Close, websocket_close_payload(1013, "too slow"), queue_);
    closing_ = true;
    open_ = false;
  } else {
    append_websocket_frame(kind == Kind::Text ? WebSocketOpcode::Text : WebSocketOpcode::Binary, message, queue_);
  }
  if (!std::exchange(woken_, true) && wake_) wake_();
  if (behind) return Error(Errc::TooLarge, "websocket", "the client does not keep up");
  return ok();
}

void WebSocketPeer::close(std::uint16_t code, std::string_view reason) {
  std::lock_guard lock(mutex_);
  if (closing_ || !wake_) return;
  append_websocket_frame(WebSocketOpcode::Close, websocket_close_payload(code, reason), queue_);
  closing_ = true;
  open_ = false;
  if (!std::exchange(woken_, true)) wake_();
}

WebSocketPeer::Output WebSocketPeer::take() {
  std::lock_guard lock(mutex_);
  woken_ = false;
  return {std::exchange(queue_, {}), closing_};
}

void WebSocketPeer::add(WebSocketOpcode opcode, std::string_view payload) {
  std::lock_guard lock(mutex_);
  if (!closing_) append_websocket_frame(opcode, payload, queue_);
}

void WebSocketPeer::add_close(std::uint16_t code, std::string_view reason) {
  std::lock_guard lock(mutex_);
  open_ = false;
  if (std::exchange(closing_, true)) return;
  append_websocket_frame(WebSocketOpcode::Close, code == 0 ? std::string() : websocket_close_payload(code, reason),
                         queue_);
}

void WebSocketPeer::detach() noexcept {
  std::function<void()> dropped;
  std::lock_guard lock(mutex_);
  open_ = false;
  dropped.swap(wake_);
}

}  // namespace slipway::http
