// The end of a connection whose client may still be sending: a socket that is closed with unread bytes resets the
// connection, and the client may lose the answer (RFC 9112 section 9.6).
#include <algorithm>

#include "support/http/connection.h"

namespace slipway::http {
namespace {

constexpr std::size_t kLeastLingerRead = 4096;
constexpr std::size_t kLingerInTurn = 256 << 10;  // bytes that are thrown away before others come first
constexpr std::chrono::milliseconds kLingerInDrain{1000};

}  // namespace

void Connection::begin_lingering() {
  transport_.say_goodbye(true);
  exchange_->next_request();  // nobody reads the last one any more, and its body may be large
  exchange_->deadline = std::chrono::steady_clock::now() + core_.options.limits.linger;
  if (ending()) shorten_lingering();
}

void Connection::shorten_lingering() noexcept {
  exchange_->deadline = std::min(exchange_->deadline, std::chrono::steady_clock::now() + kLingerInDrain);
  arm_lingering();
}

void Connection::arm_lingering() noexcept {
  const auto left = exchange_->deadline - std::chrono::steady_clock::now();
  arm(std::min(std::chrono::ceil<std::chrono::milliseconds>(left), core_.options.limits.linger_idle));
}

// Always waits, or closes.
void Connection::linger() {
  auto& input = exchange_->input;
  for (std::size_t total = 0; total < kLingerInTurn;) {
    input.consume(input.unread().size());
    const auto room = input.room(kLeastLingerRead);
    const auto count = transport_.read(room.data(), room.size());
    if (count.io == Transport::Io::Done) {
      total += count.bytes;
      continue;
    }
    if (count.io != Transport::Io::WouldBlock) return close();
    arm_lingering();
    return wait_readable();
  }
  arm_lingering();
  loop_.loop->post(std::static_pointer_cast<IoLoop::Task>(shared_from_this()));
}

}  // namespace slipway::http
