// The header of an HTTP/1.1 request, strictly: what two servers could read differently is refused (RFC 9112).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "support/http/fields.h"
#include "support/http/limits.h"

namespace slipway::http {

// Views into the parsed bytes.
struct RequestHead {
  std::string_view method;
  std::string_view target;     // origin form, or "*" (OPTIONS only); an absolute form is cut to its path
  std::string_view authority;  // of the absolute form, else the Host field
  Fields fields;
  std::optional<std::uint64_t> content_length;
  bool http_1_0 = false, chunked = false, keep_alive = false, expects_continue = false;

  bool has_body() const noexcept { return chunked || content_length.value_or(0) > 0; }
};

// Finds the end of a header in a buffer that grows, looking at each byte once.
class HeadScanner {
 public:
  enum class State : std::uint8_t { Incomplete, Complete, Bad };
  struct Outcome {
    State state = State::Incomplete;
    std::size_t length = 0;   // with Complete: of the header, with its empty line
    int status = 0;           // with Bad: what to answer
    std::string_view detail;  // with Bad: a literal
  };
  // `buffer` starts where the request starts, and holds what it held in the last call and perhaps more.
  Outcome scan(std::string_view buffer, const Limits& limits) noexcept;
  void reset() noexcept { *this = HeadScanner(); }

 private:
  std::size_t line_start_ = 0, scanned_ = 0;
  std::size_t lines_ = 0;
};

struct ParseFailure {
  int status = 0;  // 400, 417, 431, 501, 505; 0: no failure
  std::string_view detail;
  explicit operator bool() const noexcept { return status != 0; }
};

// `head` is what HeadScanner found. After a failure the connection must end: where the next request would start is not
// known.
ParseFailure parse_head(std::string_view head, const Limits& limits, RequestHead& out);

// host [":" port] as a Host field may hold it: a name, an IPv4 address, or an IPv6 address in brackets. May be empty.
bool is_valid_authority(std::string_view text) noexcept;

}  // namespace slipway::http
