// A request as a handler sees it: what was asked, by whom, and the body as a stream or a bounded string.
#pragma once

#include <any>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "slipway/module.h"
#include "slipway/session.h"
#include "support/http/fields.h"

namespace slipway::http {

// The client's certificate, verified against the binding's authorities and revocation lists.
struct ClientCertificate {
  std::string common_name;
  std::string subject;      // RFC 2253
  std::string serial;       // hexadecimal
  std::string fingerprint;  // SHA-256, hexadecimal, lower case
  std::string pem;
};

// Where a body comes from: a connection, or a test.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // At least one byte, unless the body is over: 0.
  virtual Result<std::size_t> read(std::span<std::byte> out) = 0;
};

// A body that is already here.
class StringBody final : public BodySource {
 public:
  explicit StringBody(std::string text) : text_(std::move(text)) {}
  Result<std::size_t> read(std::span<std::byte> out) override;

 private:
  std::string text_;
  std::size_t at_ = 0;
};

// What the server fills in before a handler runs. Tests may do so by hand.
struct RequestParts {
  std::string_view method;  // a token, as sent; HEAD stays HEAD
  std::string_view target;  // origin form: path and query, percent-encoded
  Fields headers;
  std::string_view host;  // of the target or the Host field (or of a trusted proxy's), with its port
  bool http_1_0 = false;
  bool https = false;  // TLS, or a trusted proxy says so
  bool may_block = true;
  Endpoint remote;  // the client, behind trusted proxies
  Endpoint peer;    // the other end of the socket; equal to `remote` without a proxy
  Endpoint local;
  std::shared_ptr<const ClientCertificate> certificate;  // null without one
  std::optional<std::uint64_t> content_length;           // not with a chunked body
  bool has_body = false;
  std::uint64_t body_limit = ~std::uint64_t{0};
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::stop_token stop, interrupt;
  std::uint64_t id = 0;  // unique in this process
};

// One thread at a time. All views live as long as the request.
class Request {
 public:
  Request() = default;
  Request(RequestParts parts, BodySource* body);
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  std::string_view method() const noexcept { return parts_.method; }
  std::string_view target() const noexcept { return parts_.target; }
  std::string_view raw_path() const noexcept { return parts_.target.substr(0, parts_.target.find('?')); }
  std::string_view raw_query() const noexcept;
  std::string_view host() const noexcept { return parts_.host; }
  bool is_http_1_0() const noexcept { return parts_.http_1_0; }
  bool is_https() const noexcept { return parts_.https; }
  const Endpoint& remote() const noexcept { return parts_.remote; }
  const Endpoint& peer() const noexcept { return parts_.peer; }
  const Endpoint& local() const noexcept { return parts_.local; }
  const ClientCertificate* certificate() const noexcept { return parts_.certificate.get(); }
  std::uint64_t id() const noexcept { return parts_.id; }

  const Fields& headers() const noexcept { return parts_.headers; }
  std::optional<std::string_view> header(std::string_view name) const noexcept { return parts_.headers.get(name); }
  // The value of a cookie (RFC 6265 5.4), without quotes; nothing for one that was not sent.
  std::optional<std::string_view> cookie(std::string_view name) const noexcept;
  // User and password of "Authorization: Basic" (RFC 7617); nothing for anything else or malformed.
  std::optional<std::pair<std::string, std::string>> basic_credentials() const;
  // The token of "Authorization: Bearer" (RFC 6750 2.1).
  std::optional<std::string_view> bearer_token() const noexcept;

  // A parameter of the route's path, percent-decoded once; empty for one that the route does not have. No component
  // of it is "." or "..", and it holds no NUL.
  const std::string& parameter(std::string_view name) const noexcept;
  // The first query parameter of that name, decoded ('+' is a blank); malformed pairs are left out.
  std::optional<std::string_view> query(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& query_parameters() const;

  bool has_body() const noexcept { return parts_.has_body; }
  std::optional<std::uint64_t> content_length() const noexcept { return parts_.content_length; }
  // The next bytes of the body; 0 once it is over. Errors: TooLarge beyond the route's limit (answer 413),
  // InvalidArgument for broken framing (400), TimedOut (408), Cancelled when the client is gone or the server stops.
  // After an error the connection ends once the response is sent. "100 Continue" is sent before the first wait.
  Result<std::size_t> read(std::span<std::byte> out);
  // Until `out` is full or the body is over: for copying to files.
  Result<std::size_t> fill(std::span<std::byte> out);
  // The rest of the body; TooLarge beyond `limit` bytes.
  Result<std::string> text(std::size_t limit);

  // False on an io thread (Run::Inline, and the first run of Run::Automatic).
  bool may_block() const noexcept { return parts_.may_block; }
  // Requested when the server stops.
  const std::stop_token& stop_token() const noexcept { return parts_.stop; }
  // Once `token` is requested, what waits for the client is given up within about a second: reads of the body, and the
  // response, with Cancelled. Of a handler on a worker.
  void interrupt_with(std::stop_token token) noexcept { parts_.interrupt = std::move(token); }
  // When the request must be over; of its route.
  std::chrono::steady_clock::time_point deadline() const noexcept { return parts_.deadline; }

  // Whatever filters want to hand to handlers.
  std::any& attachment() noexcept { return attachment_; }
  const std::any& attachment() const noexcept { return attachment_; }

  // For routers and servers.
  RequestParts& parts() noexcept { return parts_; }
  std::vector<std::pair<std::string_view, std::string>>& route_parameters() noexcept { return parameters_; }
  // From its beginning.
  void set_body(BodySource* body) noexcept { body_ = body, body_read_ = 0; }
  std::uint64_t body_bytes() const noexcept { return body_read_; }
  void reset();

 private:
  RequestParts parts_;
  BodySource* body_ = nullptr;
  std::uint64_t body_read_ = 0;
  std::vector<std::pair<std::string_view, std::string>> parameters_;
  mutable bool query_parsed_ = false;
  mutable std::vector<std::pair<std::string, std::string>> query_;
  std::any attachment_;
};

}  // namespace slipway::http
