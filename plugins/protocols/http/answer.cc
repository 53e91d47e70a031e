#include "answer.h"

#include <boost/json.hpp>

#include "utf8.h"

namespace slipway::httpd {
namespace {

namespace json = boost::json;

constexpr std::string_view kJson = "application/json";

// A JSON pointer says where in the document; everything else is the name of an object, which the client knows.
std::string detail_of(const Error& error) {
  if (error.cause().empty()) return error.message();
  return error.subject().starts_with('/') ? error.message() : error.cause();
}

// What went wrong with the body while it was read: the client's fault, not the server's.
int status_of_body(const Error& error) {
  if (error.subject() != "request body") return 0;
  return error.code() == Errc::TimedOut ? 408 : error.code() == Errc::TooLarge ? 413 : 0;
}

}  // namespace

Refusal refusal_of(const Error& error) {
  if (const int status = status_of_body(error); status != 0) return {status, error.cause(), ""};
  switch (error.code()) {
    case Errc::InvalidArgument:
    case Errc::TooLarge:
      // What is wrong with a value of the document; other texts are whole sentences of their own.
      return {400, (error.subject().starts_with('/') ? "Validation error: " : "") + detail_of(error), ""};
    case Errc::NotFound:
      return {404, "Not Found", ""};
    case Errc::Exists:
    case Errc::Conflict:
      return {409, detail_of(error), ""};
    case Errc::PermissionDenied:
      return {403, detail_of(error), ""};
    case Errc::AuthFailed:
      return {401, detail_of(error), ""};
    case Errc::NotSupported:
      return {501, detail_of(error), ""};
    case Errc::Unavailable:
    case Errc::TimedOut:
    case Errc::Cancelled:
      return {503, detail_of(error), ""};
    default:
      return {500, "", "Internal Server Error"};  // the log has the rest
  }
}

Refusal refusal_of_file(const Error& error, std::string message) {
  const auto with = [&](int status, std::string text) { return Refusal{status, std::move(text), std::move(message)}; };
  if (status_of_body(error) == 408) return with(408, error.cause());
  switch (error.code()) {
    case Errc::PermissionDenied:
    case Errc::ReadOnly:
      return with(403, "permission denied");
    case Errc::NotFound:
    case Errc::NotDirectory:
      return with(404, "file does not exist");
    case Errc::QuotaExceeded:
      return with(413, "denying write due to space limit");
    case Errc::TooLarge:
      return with(413, "request body too large");
    case Errc::NoSpace:
      return with(507, "no space left");
    case Errc::Exists:
    case Errc::NotEmpty:
    case Errc::Conflict:
      return with(409, error.cause().empty() ? "file exists already" : error.cause());
    case Errc::IsDirectory:
    case Errc::NotSupported:
      return with(400, "operation unsupported");
    case Errc::InvalidArgument:
      return with(400, error.cause().empty() ? "failure" : error.cause());
    case Errc::Cancelled:
    case Errc::TimedOut:
      return with(503, "transfer aborted");
    case Errc::Unavailable:
      return with(503, "failure");
    default:
      return with(500, "failure");
  }
}

Refusal refusal_of_path(const Error& error) { return {400, detail_of(error), "Invalid path"}; }

std::string escape_html(std::string_view text) {
  const auto is_plain = [](char c) { return c != '<' && c != '>' && c != '&'; };
  std::string out;
  out.reserve(text.size() + text.size() / 32 + 1);
  while (!text.empty()) {
    std::size_t run = 0;
    while (run < text.size() && is_plain(text[run])) ++run;
    out.append(text.data(), run);
    if (run == text.size()) break;
    out += text[run] == '<' ? "\\u003c" : text[run] == '>' ? "\\u003e" : "\\u0026";
    text.remove_prefix(run + 1);
  }
  return out;
}

void send_json(http::Response& response, int status, std::string_view text) {
  response.set_status(status);
  std::string body = escape_html(text);
  body += '\n';
  response.set_body(std::move(body), kJson);
}

void send_json(http::Response& response, int status, const json::value& value) {
  send_json(response, status, json::serialize(value));
}

void send_message(http::Response& response, int status, std::string_view message) {
  send_json(response, status, R"({"message":)" + quoted_json(message) + "}");
}

void send_refusal(http::Response& response, const Refusal& refusal) {
  std::string body = "{";
  if (!refusal.error.empty()) body += R"("error":)" + quoted_json(refusal.error) + ",";
  send_json(response, refusal.status, body + R"("message":)" + quoted_json(refusal.message) + "}");
}

void send_failure(http::Response& response, int status, std::string_view detail) {
  switch (status) {
    case 404:
      return send_refusal(response, {404, "", "Not Found"});
    case 405:
      response.set_status(405);
      return response.set_body({});
    default:
      return send_refusal(response, {status, std::string(detail), std::string(http::reason_phrase(status))});
  }
}

std::string quoted_json(std::string_view text) { return json::serialize(json::value(valid_utf8(text))); }

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace slipway::httpd
