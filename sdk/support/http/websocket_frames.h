// WebSocket frames and messages (RFC 6455 5), as a server reads and writes them. Knows no socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "support/http/websocket.h"

namespace slipway::http {

enum class WebSocketOpcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

// An unmasked, unfragmented frame, appended to `out`.
void append_websocket_frame(WebSocketOpcode opcode, std::string_view payload, std::string& out);
std::string websocket_close_payload(std::uint16_t code, std::string_view reason);

// Strict: unmasked frames, reserved bits, wrong opcodes, broken fragments, text and reasons that are not UTF-8 end the
// connection with the code that the RFC names.
class WebSocketReader {
 public:
  explicit WebSocketReader(std::size_t max_message) : max_message_(max_message) {}

  struct Event {
    enum class Type : std::uint8_t {
      None,     // more bytes are needed
      Message,  // `payload`, of `kind`
      Ping,
      Pong,
      Close,  // `code`, 1005 when the peer gave none
      Failed  // `code` is what to close with
    } type = Type::None;
    WebSocket::Kind kind = WebSocket::Kind::Text;
    std::uint16_t code = 0;
    std::string_view payload;  // good until the next call
  };
  // Takes bytes from the front of `input`. Call again until None; not after Close or Failed.
  Event next(std::string_view& input);

 private:
  enum class Phase : std::uint8_t { Head, Payload };
  bool read_head(std::string_view& input, Event& event);
  Event frame_ended();
  Event message_ended();
  Event close_received(std::string_view payload) const;
  static Event failed(std::uint16_t code) { return {Event::Type::Failed, {}, code, {}}; }

  const std::size_t max_message_;
  Phase phase_ = Phase::Head;
  std::string head_;  // bytes of an incomplete frame head
  WebSocketOpcode opcode_ = WebSocketOpcode::Continuation;
  bool final_ = false, in_message_ = false, delivered_ = false;
  WebSocketOpcode message_opcode_ = WebSocketOpcode::Text;
  std::uint64_t left_ = 0;
  std::uint8_t mask_[4] = {};
  std::size_t mask_at_ = 0;
  std::string message_, control_;
};

bool is_utf8(std::string_view text) noexcept;

}  // namespace slipway::http
