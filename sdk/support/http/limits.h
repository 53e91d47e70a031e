// How much a client may send, how long it may take, and how many requests run at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace slipway::http {

inline constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};

// Times are those between two signs of life where they name a stage, not of whole transfers. They are kept to about a
// second.
struct Limits {
  std::size_t request_line = 16 << 10;  // bytes; 414 beyond
  std::size_t header = 64 << 10;        // bytes, request line and all fields; 431 beyond
  std::size_t fields = 128;             // header fields; 431 beyond
  std::size_t connections = 0;          // open at once; new ones are closed beyond; 0: no limit
  // Bytes of bodies that are being collected, and of those whose handlers run; 503 beyond.
  std::size_t collected = 64 << 20;     // all connections together
  std::size_t collected_unchecked = 0;  // of it, for requests that no check of their route has let pass; 0: all of it
  std::size_t collected_shares = 1;     // one client address may have 1/n of either

  std::chrono::milliseconds handshake{15'000};
  std::chrono::milliseconds header_read{30'000};  // from the connection or the first byte to the end of the header
  std::chrono::milliseconds idle{60'000};         // between two requests
  std::chrono::milliseconds body_read{30'000};    // between two pieces of a body
  std::chrono::milliseconds write{60'000};        // without a byte that the client takes
  // After an answer that ends the connection what still comes is thrown away, so that the client gets to read it: for
  // this long in all, and this long between two pieces. While the server drains: a second at most.
  std::chrono::milliseconds linger{30'000};
  std::chrono::milliseconds linger_idle{5'000};  // also for the client's part of the end of a WebSocket
  std::chrono::milliseconds websocket_ping{30'000};
  // A body, either way, that is slower than this, on average and after the grace, ends its connection; 0: no limit.
  // Only the time that was spent waiting for the client counts.
  std::uint64_t body_rate = 256;  // bytes a second
  std::chrono::milliseconds body_rate_grace{10'000};
};

// Threads that run handlers, and what waits for them. Threads come when they are needed and go when they idle.
struct LaneOptions {
  std::string name;  // in logs and counters
  std::size_t threads = 32;
  std::size_t queue = 1024;                // requests that wait; 503 with Retry-After beyond
  std::chrono::milliseconds wait{10'000};  // in the queue, then 503
};

// An index into ServerOptions::lanes.
using LaneId = std::size_t;

}  // namespace slipway::http
