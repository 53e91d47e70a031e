#include <exception>
#include <utility>

#include "support/http/connection.h"
#include "support/http/websocket_state.h"

namespace slipway::http {
namespace {

constexpr std::size_t kRead = 4096;  // least room for a read

}  // namespace

void Connection::start_websocket() {
  auto& exchange = *exchange_;
  auto upgrade = std::move(std::get<Response::Upgrade>(exchange.response.content()));
  exchange.next_request();
  std::weak_ptr<Connection> weak = weak_from_this();
  websocket_ = std::make_unique<WebSocketState>(std::move(upgrade.options), [weak, loop = loop_.loop.get()] {
    loop->post([weak] {
      const auto self = weak.lock();
      if (self && self->stage_ == Stage::WebSocket) self->guarded_websocket();
    });
  });
  stage_ = Stage::WebSocket;
  core_.counters.websockets.fetch_add(1, std::memory_order_relaxed);
  arm(core_.options.limits.websocket_ping);
  websocket_->output.assign(exchange.output.view());
  exchange.output.clear();
  websocket_->events = upgrade.start(websocket_->peer);
}

void Connection::end_websocket(std::uint16_t code) noexcept {
  if (std::exchange(websocket_->ended, true)) return;
  core_.counters.websockets.fetch_sub(1, std::memory_order_relaxed);
  websocket_->peer->detach();
  try {
    if (websocket_->events.closed) websocket_->events.closed(websocket_->code != 1006 ? websocket_->code : code);
  } catch (const std::exception& error) {
    core_.log.error("a websocket's handler ended by an exception", {{"error", error.what()}});
  }
}

// Reads and writes what can be, and waits for the rest.
bool Connection::websocket() {
  const auto keep = shared_from_this();
  auto& state = *websocket_;
  auto& input = exchange_->input;
  const auto fail = [&](std::uint16_t code) {
    state.code = code;
    state.received_close = true;  // whatever comes is not looked at
    state.peer->add_close(code, {});
  };
  while (!state.waits_readable) {
    auto unread = input.unread();
    while (!state.received_close) {
      const auto before = unread.size();
      const auto event = state.reader.next(unread);
      input.consume(before - unread.size());
      if (event.type == WebSocketReader::Event::Type::None) break;
      switch (event.type) {
        case WebSocketReader::Event::Type::Message:
          if (state.events.message) state.events.message(event.payload, event.kind);
          break;
        case WebSocketReader::Event::Type::Ping:
          state.peer->add(WebSocketOpcode::Pong, event.payload);
          break;
        case WebSocketReader::Event::Type::Close:
          state.code = event.code;
          state.received_close = true;
          state.peer->add_close(event.code == 1005 ? std::uint16_t{0} : event.code, {});
          break;
        case WebSocketReader::Event::Type::Failed:
          fail(event.code);
          break;
        default:
          break;
      }
      if (stage_ != Stage::WebSocket) return false;
    }
    if (state.received_close) input.consume(input.unread().size());
    const auto room = input.room(kRead);
    const auto count = transport_.read(room.data(), room.size());
    if (count.io == Transport::Io::Done) {
      input.commit(count.bytes);
      if (!state.closing) {
        state.ping_is_out = false;
        arm(core_.options.limits.websocket_ping);
      }
      continue;
    }
    if (count.io != Transport::Io::WouldBlock) {
      close();
      return false;
    }
    state.waits_readable = true;
    wait_readable();
  }
  if (state.waits_writable) return false;
  while (true) {
    if (state.output_at == state.output.size()) {
      auto more = state.peer->take();
      state.output = std::move(more.bytes);
      state.output_at = 0;
      if (more.closing && !std::exchange(state.closing, true)) arm(core_.options.limits.linger_idle);
    }
    const auto left = std::string_view(state.output).substr(state.output_at);
    Transport::Io io = Transport::Io::Done;
    if (!left.empty()) {
      const auto count = transport_.write(left);
      io = count.io;
      state.output_at += count.bytes;
    } else {
      io = transport_.flush();
      if (io == Transport::Io::Done) break;
    }
    if (io == Transport::Io::SendBlocks) {
      struct Writable final : IoLoop::Task {
        explicit Writable(std::shared_ptr<Connection> c) : connection(std::move(c)) {}
        void run() noexcept override {
          if (connection->stage_ != Stage::WebSocket) return;
          connection->websocket_->waits_writable = false;
          connection->guarded_websocket();
        }
        std::shared_ptr<Connection> connection;
      };
      state.waits_writable = true;
      descriptor_->wait(IoLoop::Direction::Write, std::make_shared<Writable>(shared_from_this()));
      return false;
    }
    if (io != Transport::Io::Done) {
      close();
      return false;
    }
  }
  // Both sides have said goodbye: the server ends the connection (RFC 6455 7.1.1).
  if (state.closing && state.received_close) {
    end_websocket(state.code);
    transport_.say_goodbye(true);
    close();
  }
  return false;
}

void Connection::guarded_websocket() noexcept {
  try {
    websocket();
  } catch (const std::exception& error) {
    core_.log.error("a websocket ended by an exception", {{"error", error.what()}});
    close();
  }
}

}  // namespace slipway::http
