#include "support/http/response.h"

#include <openssl/evp.h>

#include "slipway/base64.h"
#include "support/http/characters.h"
#include "support/http/request.h"
#include "support/http/url.h"

namespace slipway::http {
namespace {

constexpr std::string_view kWebSocketGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 1.3

Error not_here() {
  return {Errc::Internal, "response", "it is sent by the server after an inline handler, not by the handler"};
}

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string(key) + std::string(kWebSocketGuid);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) != 1) return {};
  return base64_encode({reinterpret_cast<const char*>(digest), size});
}

}  // namespace

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 203:
      return "Non-Authoritative Information";
    case 204:
      return "No Content";
    case 205:
      return "Reset Content";
    case 206:
      return "Partial Content";
    case 207:
      return "Multi-Status";
    case 300:
      return "Multiple Choices";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Request Entity Too Large";
    case 414:
      return "Request URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Requested Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Entity";
    case 423:
      return "Locked";
    case 424:
      return "Failed Dependency";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 451:
      return "Unavailable For Legal Reasons";
    case 460:
      return "Checksum Mismatch";  // of the TUS protocol
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return {};
  }
}

void Response::set_body(std::string text, std::string_view content_type) {
  if (!content_type.empty()) fields_.set("Content-Type", content_type);
  content_ = Whole{std::move(text)};
}

void Response::fail(int status, std::string_view detail) {
  status_ = status;
  if (failure_ != nullptr && *failure_) {
    (*failure_)(*this, status, detail);
    return;
  }
  std::string text(reason_phrase(status));
  if (!detail.empty()) text.append(": ").append(detail);
  text += '\n';
  set_body(std::move(text), "text/plain; charset=utf-8");
}

void Response::redirect(std::string_view location, int status) {
  status_ = status;
  fields_.set("Location", location);
  content_ = std::monostate();
}

void Response::set_file(FileBody file) { content_ = std::move(file); }

Status Response::send_file(const FileBody& file) {
  if (sink_ == nullptr || aborted_) return not_here();
  started_ = true;
  auto status = sink_->send_file(file);
  if (!status) aborted_ = true;
  return status;
}

Status Response::write(std::span<const std::byte> data) {
  if (sink_ == nullptr || aborted_) return not_here();
  started_ = true;
  auto status = sink_->write(data, false);
  if (!status) aborted_ = true;
  return status;
}

Status Response::flush() {
  if (sink_ == nullptr || aborted_) return not_here();
  started_ = true;
  auto status = sink_->flush();
  if (!status) aborted_ = true;
  return status;
}

bool Response::upgrade(const Request& request, WebSocketOptions options, WebSocketStart start) {
  const auto& headers = request.headers();
  const auto key = headers.get("Sec-WebSocket-Key");
  if (request.method() != "GET" || request.is_http_1_0() || !headers.has_token("Upgrade", "websocket") ||
      !headers.has_token("Connection", "upgrade")) {
    fields_.set("Upgrade", "websocket");
    fields_.set("Connection", "Upgrade");
    fail(426, "this is for WebSocket clients");
    return false;
  }
  if (headers.get("Sec-WebSocket-Version") != std::optional<std::string_view>("13")) {
    fields_.set("Sec-WebSocket-Version", "13");
    fail(426, "only version 13 of WebSocket is spoken here");
    return false;
  }
  const auto nonce = key ? base64_decode(*key, Base64::Lenient) : std::nullopt;
  if (!nonce || nonce->size() != 16) {
    fail(400, "malformed Sec-WebSocket-Key field");
    return false;
  }
  std::vector<std::string> chosen;
  for (const auto& protocol : options.protocols) {
    if (!headers.has_token("Sec-WebSocket-Protocol", protocol)) continue;
    chosen.push_back(protocol);
    break;
  }
  options.protocols = std::move(chosen);
  status_ = 101;
  content_ = Upgrade{std::move(options), std::move(start), websocket_accept(*key)};
  return true;
}

void Response::hand_over(std::optional<LaneId> lane) noexcept {
  handed_over_ = true;
  lane_ = lane;
}

void Response::reset() noexcept {
  status_ = 200;
  started_ = aborted_ = close_ = handed_over_ = false;
  compress_.reset();
  lane_.reset();
  length_.reset();
  fields_.clear();
  content_ = std::monostate();
  sink_ = nullptr;
}

std::string content_disposition(std::string_view type, std::string_view file_name) {
  std::string text(type);
  text += "; filename=\"";
  bool plain = true;
  for (const char c : file_name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      plain = false;
      text += '_';
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    // Some clients decode escapes here, which they should not.
    if (c == '%') plain = false;
    text += c;
  }
  text += '"';
  if (!plain) text.append("; filename*=UTF-8''").append(percent_encode(file_name));
  return text;
}

}  // namespace slipway::http
