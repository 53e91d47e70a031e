#include "support/http/websocket_frames.h"

#include <algorithm>

namespace slipway::http {
namespace {

constexpr std::uint16_t kProtocolError = 1002, kNoStatus = 1005, kBadData = 1007, kTooBig = 1009;
constexpr std::size_t kMaxControl = 125;

bool is_control(WebSocketOpcode opcode) { return (static_cast<unsigned>(opcode) & 8) != 0; }

bool is_known(unsigned opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

// RFC 6455 7.4: what a peer may send in a close frame.
bool is_sendable(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned first = byte(i);
    if (first < 0x80) {
      ++i;
      continue;
    }
    const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4 || text.size() - i <= more) return false;
    const unsigned second = byte(i + 1);
    const unsigned low = first == 0xe0 ? 0xa0u : first == 0xf0 ? 0x90u : 0x80u;
    const unsigned high = first == 0xed ? 0x9fu : first == 0xf4 ? 0x8fu : 0xbfu;
    if (second < low || second > high) return false;
    for (std::size_t k = 2; k <= more; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    }
    i += more + 1;
  }
  return true;
}

void append_websocket_frame(WebSocketOpcode opcode, std::string_view payload, std::string& out) {
  out += static_cast<char>(0x80 | static_cast<unsigned>(opcode));
  const std::uint64_t size = payload.size();
  const auto put = [&](int bytes) {
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(size >> (8 * i) & 0xff);
  };
  if (size < 126) {
    put(1);
  } else if (size <= 0xffff) {
    out += static_cast<char>(126);
    put(2);
  } else {
    out += static_cast<char>(127);
    put(8);
  }
  out += payload;
}

std::string websocket_close_payload(std::uint16_t code, std::string_view reason) {
  std::string payload;
  payload += static_cast<char>(code >> 8);
  payload += static_cast<char>(code & 0xff);
  reason = reason.substr(0, kMaxControl - 2);
  while (!is_utf8(reason)) reason.remove_suffix(1);
  payload += reason;
  return payload;
}

bool WebSocketReader::read_head(std::string_view& input, Event& event) {
  const auto want = [&](std::size_t size) {
    const auto count = std::min(input.size(), size - std::min(size, head_.size()));
    head_.append(input.substr(0, count));
    input.remove_prefix(count);
    return head_.size() >= size;
  };
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(head_[i]); };
  const auto fail = [&](std::uint16_t code) {
    event = failed(code);
    return false;
  };
  if (!want(2)) return false;
  final_ = (byte(0) & 0x80) != 0;
  if ((byte(0) & 0x70) != 0 || !is_known(byte(0) & 15)) return fail(kProtocolError);
  opcode_ = static_cast<WebSocketOpcode>(byte(0) & 15);
  if ((byte(1) & 0x80) == 0) return fail(kProtocolError);  // clients mask
  const unsigned short_size = byte(1) & 0x7f;
  const std::size_t size_bytes = short_size == 126 ? 2 : short_size == 127 ? 8 : 0;
  if (is_control(opcode_) && (!final_ || short_size > kMaxControl)) return fail(kProtocolError);
  if (!is_control(opcode_) && (opcode_ == WebSocketOpcode::Continuation) != in_message_) return fail(kProtocolError);
  if (!want(2 + size_bytes + 4)) return false;

  left_ = size_bytes == 0 ? short_size : 0;
  for (std::size_t i = 0; i < size_bytes; ++i) left_ = left_ << 8 | byte(2 + i);
  if ((size_bytes == 2 && left_ < 126) || (size_bytes == 8 && left_ <= 0xffff)) return fail(kProtocolError);
  if (!is_control(opcode_) && (left_ > max_message_ || message_.size() + left_ > max_message_)) return fail(kTooBig);
  for (std::size_t i = 0; i < 4; ++i) mask_[i] = byte(2 + size_bytes + i);
  mask_at_ = 0;
  head_.clear();
  if (is_control(opcode_)) {
    control_.clear();
  } else if (!in_message_) {
    in_message_ = true;
    message_opcode_ = opcode_;
  }
  return true;
}

WebSocketReader::Event WebSocketReader::next(std::string_view& input) {
  if (delivered_) {
    message_.clear();
    delivered_ = false;
  }
  while (true) {
    if (phase_ == Phase::Head) {
      Event event;
      if (!read_head(input, event)) return event;
      phase_ = Phase::Payload;
    }
    auto& payload = is_control(opcode_) ? control_ : message_;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
    const auto start = payload.size();
    payload.append(input.substr(0, count));
    for (std::size_t i = 0; i < count; ++i) {
      payload[start + i] = static_cast<char>(static_cast<unsigned char>(payload[start + i]) ^ mask_[mask_at_++ % 4]);
    }
    input.remove_prefix(count);
    left_ -= count;
    if (left_ > 0) return {};
    phase_ = Phase::Head;
    const auto event = frame_ended();
    if (event.type != Event::Type::None) return event;
  }
}

WebSocketReader::Event WebSocketReader::frame_ended() {
  switch (opcode_) {
    case WebSocketOpcode::Ping:
      return {Event::Type::Ping, {}, 0, control_};
    case WebSocketOpcode::Pong:
      return {Event::Type::Pong, {}, 0, control_};
    case WebSocketOpcode::Close:
      return close_received(control_);
    default:
      return final_ ? message_ended() : Event{};
  }
}

WebSocketReader::Event WebSocketReader::message_ended() {
  in_message_ = false;
  delivered_ = true;
  const bool text = message_opcode_ == WebSocketOpcode::Text;
  if (text && !is_utf8(message_)) return failed(kBadData);
  return {Event::Type::Message, text ? WebSocket::Kind::Text : WebSocket::Kind::Binary, 0, message_};
}

WebSocketReader::Event WebSocketReader::close_received(std::string_view payload) const {
  if (payload.empty()) return {Event::Type::Close, {}, kNoStatus, {}};
  if (payload.size() == 1) return failed(kProtocolError);
  const auto code =
      static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]));
  if (!is_sendable(code)) return failed(kProtocolError);
  if (!is_utf8(payload.substr(2))) return failed(kBadData);
  return {Event::Type::Close, {}, code, payload.substr(2)};
}

}  // namespace slipway::http
