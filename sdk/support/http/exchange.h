// One request and its response, with the buffers they need: taken from a pool when a request begins to come.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "support/http/blocking_stream.h"
#include "support/http/body_budget.h"
#include "support/http/body_decoder.h"
#include "support/http/byte_buffer.h"
#include "support/http/input_window.h"
#include "support/http/request_parser.h"
#include "support/http/response_writer.h"
#include "support/http/router.h"

namespace slipway::http {

struct Exchange;

// The body of a request as it comes in; waits on the connection. For one request, on a worker.
class ConnectionBody final : public BodySource {
 public:
  explicit ConnectionBody(Exchange& exchange) : exchange_(exchange) {}
  void attach(BlockingStream* stream) noexcept { stream_ = stream; }
  Result<std::size_t> read(std::span<std::byte> out) override;

 private:
  Result<std::size_t> read_some(std::span<std::byte> out);
  Status before_wait();

  Exchange& exchange_;
  BlockingStream* stream_ = nullptr;
};

// A body that was collected before the handler ran. It can be read once more after rewind().
class CollectedBody final : public BodySource {
 public:
  Result<std::size_t> read(std::span<std::byte> out) override;
  void rewind() noexcept { at_ = 0; }
  std::string text;

 private:
  std::size_t at_ = 0;
};

struct Exchange {
  Exchange();
  // Ready for the next request; what was read beyond this one stays.
  void next_request();
  // Ready for another connection.
  void clear();

  InputWindow input;
  HeadScanner scanner;
  RequestHead head;
  BodyDecoder decoder;
  Request request;
  Response response;
  ByteBuffer output;
  ResponseWriter writer;
  ConnectionBody body;
  CollectedBody collected;

  const Router::Route* route = nullptr;
  std::string base_fields;  // of the response, before the handler
  std::chrono::steady_clock::time_point began;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::chrono::steady_clock::time_point collecting_since;
  BodyBudget::Holder holder;   // of what is reserved
  std::size_t reserved = 0;    // of the budget for collected bodies
  std::uint64_t received = 0;  // bytes of the body
  bool in_request = false;     // a header was understood, or refused, and no report made
  bool body_failed = false;    // where the next request starts is not known
  bool continue_due = false;
};

struct ExchangeReturn {
  void operator()(Exchange* exchange) const noexcept;
};
using ExchangePtr = std::unique_ptr<Exchange, ExchangeReturn>;
// From the calling thread's pool.
ExchangePtr take_exchange();

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace slipway::http
