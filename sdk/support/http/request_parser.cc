#include "support/http/request_parser.h"

#include <algorithm>
#include <cstring>

#include "support/http/characters.h"

namespace slipway::http {
namespace {

constexpr std::size_t kMaxMethod = 32;
// Far below 2^64, so that sums of lengths do not overflow.
constexpr std::uint64_t kMaxLength = (std::uint64_t{1} << 62);
constexpr std::string_view kVersion = "HTTP/1.";

ParseFailure bad(std::string_view detail, int status = 400) { return {status, detail}; }

// A line without its CRLF; the caller knows that there is one.
std::string_view take_line(std::string_view& text) noexcept {
  const auto end = text.find("\r\n");
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 2);
  return line;
}

bool is_reg_name_byte(char c) noexcept {
  return is_unreserved(c) || c == '%' || (c != 0 && std::string_view("!$&'()*+,;=").find(c) != std::string_view::npos);
}

ParseFailure parse_target(std::string_view target, RequestHead& out) {
  if (target.empty()) return bad("the request target is empty");
  for (const char c : target) {
    if (!is_target_byte(c) || c == '#') return bad("the request target has a forbidden byte");
  }
  out.target = target;
  if (target.front() == '/') return {};
  if (target == "*") {
    if (out.method != "OPTIONS") return bad("the target * is for OPTIONS only");
    return {};
  }
  if (out.method == "CONNECT") return bad("CONNECT is not supported", 501);
  const auto scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos) return bad("the request target is no path");
  const auto scheme = target.substr(0, scheme_end);
  if (!equal_ignoring_case(scheme, "http") && !equal_ignoring_case(scheme, "https"))
    return bad("the request target has an unknown scheme");
  const auto rest = target.substr(scheme_end + 3);
  const auto slash = rest.find('/');
  const auto authority = rest.substr(0, slash);
  if (authority.empty() || !is_valid_authority(authority)) return bad("the request target has no valid host");
  out.authority = authority;
  out.target = slash == std::string_view::npos ? std::string_view("/") : rest.substr(slash);
  return {};
}

ParseFailure parse_request_line(std::string_view line, RequestHead& out) {
  const auto method_end = line.find(' ');
  const auto target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || method_end == target_end) return bad("malformed request line");
  out.method = line.substr(0, method_end);
  if (out.method.size() > kMaxMethod || !is_token(out.method)) return bad("malformed method");
  const auto version = line.substr(target_end + 1);
  if (version.size() != kVersion.size() + 1 || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
      version[6] != '.' || !is_digit(version[7]))
    return bad("malformed protocol version");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return bad("only HTTP/1.1 and HTTP/1.0 are spoken here", 505);
  out.http_1_0 = version.back() == '0';
  out.keep_alive = !out.http_1_0;
  return parse_target(line.substr(method_end + 1, target_end - method_end - 1), out);
}

// What the header says of framing, collected field by field.
struct Framing {
  bool host = false, transfer_encoding = false, close = false, keep_alive = false;
};

ParseFailure parse_connection(std::string_view value, Framing& framing) {
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const auto option = trim_blanks(value.substr(0, comma));
    if (equal_ignoring_case(option, "close")) framing.close = true;
    if (equal_ignoring_case(option, "keep-alive")) framing.keep_alive = true;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
  return {};
}

ParseFailure note_field(std::string_view name, std::string_view value, RequestHead& out, Framing& framing) {
  switch (name.size()) {
    case 4:
      if (!equal_ignoring_case(name, "host")) break;
      if (framing.host) return bad("more than one Host field");
      if (!is_valid_authority(value)) return bad("malformed Host field");
      framing.host = true;
      if (out.authority.empty()) out.authority = value;
      break;
    case 6:
      if (!equal_ignoring_case(name, "expect")) break;
      if (!equal_ignoring_case(value, "100-continue")) return bad("only 100-continue can be expected", 417);
      out.expects_continue = true;
      break;
    case 10:
      if (equal_ignoring_case(name, "connection")) return parse_connection(value, framing);
      break;
    case 14:
      if (!equal_ignoring_case(name, "content-length")) break;
      // Equal ones too: nobody sends them who means well, and lists are read differently by others.
      if (out.content_length) return bad("more than one Content-Length field");
      out.content_length = parse_decimal(value, kMaxLength);
      if (!out.content_length) return bad("malformed Content-Length field");
      break;
    case 17:
      if (!equal_ignoring_case(name, "transfer-encoding")) break;
      if (framing.transfer_encoding) return bad("more than one Transfer-Encoding field");
      framing.transfer_encoding = true;
      if (!equal_ignoring_case(value, "chunked")) return bad("only the transfer encoding chunked is spoken here", 501);
      out.chunked = true;
      break;
    default:
      break;
  }
  return {};
}

}  // namespace

bool is_valid_authority(std::string_view text) noexcept {
  if (text.empty()) return true;
  std::size_t host_end = 0;
  if (text.front() == '[') {
    host_end = text.find(']');
    if (host_end == std::string_view::npos || host_end < 3) return false;
    for (const char c : text.substr(1, host_end - 1)) {
      if (hex_value(c) < 0 && c != ':' && c != '.') return false;
    }
    ++host_end;
  } else {
    while (host_end < text.size() && is_reg_name_byte(text[host_end])) ++host_end;
    if (host_end == 0) return false;
  }
  if (host_end == text.size()) return true;
  if (text[host_end] != ':') return false;
  const auto port = text.substr(host_end + 1);
  return port.empty() || parse_decimal(port, 65535).has_value();
}

HeadScanner::Outcome HeadScanner::scan(std::string_view buffer, const Limits& limits) noexcept {
  const auto failed = [](int status, std::string_view detail) { return Outcome{State::Bad, 0, status, detail}; };
  while (scanned_ < buffer.size()) {
    const void* found = std::memchr(buffer.data() + scanned_, '\n', buffer.size() - scanned_);
    if (found == nullptr) {
      scanned_ = buffer.size();
      break;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - buffer.data());
    scanned_ = at + 1;
    if (at == 0 || buffer[at - 1] != '\r') return failed(400, "a line ends in LF without CR");
    const bool empty = at - 1 == line_start_;
    if (lines_ == 0 && empty) return failed(400, "the request line is empty");
    if (empty) {
      if (scanned_ > limits.header) return failed(431, "the header is too large");
      return {State::Complete, scanned_, 0, {}};
    }
    if (lines_ == 0 && at - 1 > limits.request_line) return failed(414, "the request line is too long");
    if (++lines_ > limits.fields + 1) return failed(431, "too many header fields");
    line_start_ = scanned_;
  }
  if (lines_ == 0 && scanned_ > limits.request_line) return failed(414, "the request line is too long");
  if (scanned_ > limits.header) return failed(431, "the header is too large");
  // A TLS greeting or other noise need not wait for a line end that never comes.
  if (!buffer.empty() && !is_token_byte(buffer.front()) && buffer.front() != '\r')
    return failed(400, "malformed request line");
  return {};
}

ParseFailure parse_head(std::string_view head, const Limits& limits, RequestHead& out) {
  out.fields.clear();
  out.method = out.target = out.authority = {};
  out.content_length.reset();
  out.http_1_0 = out.chunked = out.keep_alive = out.expects_continue = false;
  if (head.size() < 4 || !head.ends_with("\r\n\r\n")) return bad("malformed header");

  if (const auto failure = parse_request_line(take_line(head), out)) return failure;
  Framing framing;
  while (head.size() > 2) {
    const char* const begin = head.data();
    const char* at = begin;
    while (is_token_byte(*at)) ++at;  // ends at the CR of the line at the latest
    if (at == begin || *at != ':') return bad("malformed header field");
    const std::string_view name(begin, static_cast<std::size_t>(at - begin));
    const char* const value = ++at;
    while (is_field_byte(*at)) ++at;
    if (at[0] != '\r' || at[1] != '\n') return bad("a header field has a forbidden byte");
    const auto text = trim_blanks({value, static_cast<std::size_t>(at - value)});
    head.remove_prefix(static_cast<std::size_t>(at + 2 - begin));
    if (out.fields.all().size() >= limits.fields) return bad("too many header fields", 431);
    out.fields.add(name, text);
    if (const auto failure = note_field(name, text, out, framing)) return failure;
  }
  if (head != "\r\n") return bad("malformed header");
  if (out.chunked && out.content_length) return bad("both Content-Length and Transfer-Encoding");
  if (out.chunked && out.http_1_0) return bad("Transfer-Encoding in HTTP/1.0");
  if (!out.http_1_0 && !framing.host) return bad("no Host field");
  if (out.http_1_0) out.expects_continue = false;
  out.keep_alive = !framing.close && (!out.http_1_0 || framing.keep_alive);
  return {};
}

}  // namespace slipway::http
