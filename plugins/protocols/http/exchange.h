// One request to the REST API: who asks, what is asked, and the answer.
#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "answer.h"
#include "site.h"
#include "support/http/request.h"

namespace slipway::httpd {

// Who asks. At most one of admin and user is set; none for routes that are open to anybody.
struct Caller {
  std::optional<AdminIdentity> admin;
  std::optional<UserIdentity> user;
  std::optional<Claims> token;  // that was shown; nothing with an API key
  std::string_view token_text;  // of `token`, as it was shown; never to be logged
  std::string api_key;          // its id
};

// The request's place among the server's connections; kept with the request from its first filter to its end.
struct Visit {
  ConnectionRequest connection;
  std::unique_ptr<Admitted> admitted;
  std::optional<Caller> caller;  // who was found allowed to ask before the body was read
};

struct Exchange {
  const std::shared_ptr<const Site>& site;
  http::Request& request;
  http::Response& response;
  Visit& visit;
  Caller caller;

  OpContext context() const {
    return {
        .stop = request.stop_token(), .deadline = request.deadline(), .connection_id = visit.connection.connection_id};
  }
  Actor actor() const;

  // An operation of the management service on behalf of the caller, with the document that it takes.
  Result<std::string> manage(std::string_view operation, const boost::json::object& input);
  // The request's body, which must be a JSON object. InvalidArgument.
  Result<boost::json::object> body_object();
  Result<boost::json::value> body_value();

  // True only for the exact text "true", as in the observed edition.
  bool query_flag(std::string_view name) const { return request.query(name) == "true"; }
  // Nothing when it is not given; InvalidArgument ("invalid <name>") when it is no integer.
  Result<std::optional<std::int64_t>> query_integer(std::string_view name) const;

  // Answers; each is the end of the handler.
  void refuse(const Refusal& refusal) { send_refusal(response, refusal); }
  void refuse(const Error& error) { send_refusal(response, refusal_of(error)); }
  // A token for the caller's address.
  void grant(TokenUse use, Claims claims);
  // The caller's token, if it is one, opens nothing any more. The error, which is logged: other servers may take it.
  Status end_token();
  void say(int status, std::string_view message) { send_message(response, status, message); }
};

}  // namespace slipway::httpd
