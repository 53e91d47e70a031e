// What the REST API answers: JSON bodies, messages, and one place where errors become status codes.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "slipway/result.h"
#include "support/http/response.h"

namespace slipway::httpd {

// A refusal as the contract's ApiResponse: `message` is for people who chose the wrong thing, `error` says what went
// wrong in it.
struct Refusal {
  int status = 500;
  std::string error, message;
};

// Of a management operation.
Refusal refusal_of(const Error& error);
// Of an operation on a user's files; `message` says what was tried.
Refusal refusal_of_file(const Error& error, std::string message = {});

// Of a path that a client sent and that is none.
Refusal refusal_of_path(const Error& error);

// JSON that is safe inside HTML too: < > & are written as escapes. `json` is well-formed.
void send_json(http::Response& response, int status, std::string_view json);
std::string escape_html(std::string_view json);
void send_json(http::Response& response, int status, const boost::json::value& value);
void send_message(http::Response& response, int status, std::string_view message);
void send_refusal(http::Response& response, const Refusal& refusal);
// ServerOptions::failure: what the library answers by itself.
void send_failure(http::Response& response, int status, std::string_view detail);

// A JSON string literal with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string quoted_json(std::string_view text);

// "\"a\\\"b\"": a text in messages, in double quotes.
std::string quoted(std::string_view text);

}  // namespace slipway::httpd
