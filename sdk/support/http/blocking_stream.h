// Reading and writing a connection from a thread that may wait, with the deadlines of the limits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string_view>

#include "slipway/result.h"
#include "support/http/file_source.h"
#include "support/http/limits.h"
#include "support/http/pace.h"
#include "support/http/transport.h"

namespace slipway::http {

// One request's; one thread. Errors: TimedOut, Cancelled when the client is gone or the server stops.
class BlockingStream {
 public:
  // `interrupt` may be replaced while it is in use, by the same thread.
  BlockingStream(Transport& transport, const Limits& limits, std::chrono::steady_clock::time_point deadline,
                 const std::stop_token& interrupt)
      : transport_(transport), limits_(limits), deadline_(deadline), interrupt_(interrupt) {}

  // At least one byte. The end of the stream is an error: callers know that more must come.
  Result<std::size_t> read(std::span<std::byte> out);
  // All of it. `more`: something follows at once.
  Status write(std::string_view data, bool more = false);
  // `size` bytes of the file from `offset` on; `sent` counts them, also on failure.
  Status send(FileSource& source, std::uint64_t offset, std::uint64_t size, std::uint64_t& sent);

 private:
  Status wait(short events, std::chrono::milliseconds limit, Pace& pace, std::string_view what);
  Status send_direct(FileSource& source, std::uint64_t offset, std::uint64_t size, std::uint64_t& sent);
  Status send_copied(FileSource& source, std::uint64_t offset, std::uint64_t size, std::uint64_t& sent);

  Transport& transport_;
  const Limits& limits_;
  const std::chrono::steady_clock::time_point deadline_;
  const std::stop_token& interrupt_;
  Pace received_, sent_;
};

}  // namespace slipway::http
