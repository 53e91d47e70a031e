// The answer to a request: a whole body, a file, or a stream that is written from top to bottom.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "slipway/result.h"
#include "support/http/conditional.h"
#include "support/http/fields.h"
#include "support/http/file_source.h"
#include "support/http/limits.h"
#include "support/http/websocket.h"

namespace slipway::http {

class Request;

// "Not Found" for 404; empty for a code that RFC 9110 does not name.
std::string_view reason_phrase(int status) noexcept;

// A file and how it is announced. Ranges and preconditions of the request are applied when it is sent.
struct FileBody {
  std::shared_ptr<FileSource> source;
  std::uint64_t size = 0;
  Validators validators;        // also sent as ETag and Last-Modified
  std::string content_type;     // empty: "application/octet-stream"
  std::string disposition;      // Content-Disposition, ready made (content_disposition()); empty: none
  std::size_t max_ranges = 16;  // more are answered with the whole file; 0: Range is ignored, and not announced
};

// Where a stream goes: a connection, or a test.
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;
  // The header leaves with the first piece. `last`: nothing follows.
  virtual Status write(std::span<const std::byte> data, bool last) = 0;
  virtual Status flush() = 0;
  virtual Status send_file(const FileBody& file) = 0;
};

// One thread at a time. A handler does one of: set_body() or set_file(), which are sent after it returned; write() any
// number of times; send_file(); upgrade(); hand_over(). Nothing of these: an empty body with the status.
class Response {
 public:
  Response() = default;
  Response(const Response&) = delete;
  Response& operator=(const Response&) = delete;

  void set_status(int status) noexcept { status_ = status; }
  int status() const noexcept { return status_; }

  // Server, Date, Content-Length, Transfer-Encoding and Connection are the server's.
  void set_header(std::string_view name, std::string_view value) { fields_.set(name, value); }
  void add_header(std::string_view name, std::string_view value) { fields_.add(name, value); }
  void remove_header(std::string_view name) { fields_.remove(name); }
  std::optional<std::string_view> header(std::string_view name) const noexcept { return fields_.get(name); }

  // ---- a whole body
  // `content_type` empty: the field is as set_header() left it.
  void set_body(std::string text, std::string_view content_type = {});
  // The default of the library for errors it finds itself, for handlers that want the same form.
  void fail(int status, std::string_view detail = {});
  // `location` is a URI reference as it will be sent (RFC 9110 10.2.2); percent_encode() is the caller's.
  void redirect(std::string_view location, int status = 302);

  // ---- a file: see FileBody. Safe in inline handlers: a file that does not fit is sent by a worker.
  void set_file(FileBody file);

  // ---- sent while the handler runs; only where Request::may_block()
  // Sends now and says how it went; the file may be used again afterwards.
  Status send_file(const FileBody& file);
  // A length that is known in advance; without one the body is chunked (HTTP/1.0: it ends with the connection).
  void set_length(std::uint64_t bytes) noexcept { length_ = bytes; }
  // Gathers small pieces and sends from 64 KiB on. An error ends the connection: the handler should return.
  Status write(std::span<const std::byte> data);
  Status write(std::string_view text) { return write(std::as_bytes(std::span(text))); }
  // Sends what was gathered.
  Status flush();
  // The body cannot be completed: the connection is cut so that the client sees it.
  void abort() noexcept { aborted_ = true; }

  // ---- WebSocket: answers 101 when the request asks for it properly, else 400 or 426 and the return value is false.
  // `start` runs on a thread that must not block, once the client has been answered.
  bool upgrade(const Request& request, WebSocketOptions options, WebSocketStart start);

  // ---- Run::Automatic, first run: the handler runs again, on this lane. Nothing was done yet that may not be done
  // twice. What was set so far is forgotten.
  void hand_over(std::optional<LaneId> lane = std::nullopt) noexcept;

  // The connection ends after this response.
  void close_connection() noexcept { close_ = true; }
  // Compress a text body if the client takes it, or never; the route's choice unless called.
  void set_compress(bool compress) noexcept { compress_ = compress; }

  // ---- for servers
  struct Whole {
    std::string text;
  };
  struct Upgrade {
    WebSocketOptions options;
    WebSocketStart start;
    std::string accept;  // Sec-WebSocket-Accept
  };
  using Content = std::variant<std::monostate, Whole, FileBody, Upgrade>;
  using Failure = std::function<void(Response&, int status, std::string_view detail)>;
  Content& content() noexcept { return content_; }
  FieldBlock& fields() noexcept { return fields_; }
  const FieldBlock& fields() const noexcept { return fields_; }
  std::optional<std::uint64_t> length() const noexcept { return length_; }
  bool started() const noexcept { return started_; }
  bool aborted() const noexcept { return aborted_; }
  bool wants_close() const noexcept { return close_; }
  std::optional<bool> compress() const noexcept { return compress_; }
  bool handed_over() const noexcept { return handed_over_; }
  std::optional<LaneId> lane() const noexcept { return lane_; }
  void attach(ResponseSink* sink, const Failure* failure) noexcept { sink_ = sink, failure_ = failure; }
  void reset() noexcept;

 private:
  int status_ = 200;
  bool started_ = false, aborted_ = false, close_ = false, handed_over_ = false;
  std::optional<bool> compress_;
  std::optional<LaneId> lane_;
  std::optional<std::uint64_t> length_;
  FieldBlock fields_;
  Content content_;
  ResponseSink* sink_ = nullptr;
  const Failure* failure_ = nullptr;
};

// "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt" (RFC 6266; the second only where needed).
std::string content_disposition(std::string_view type, std::string_view file_name);

}  // namespace slipway::http
