#include "hook_call.h"

#include <boost/json.hpp>

namespace slipway::auth_hook {
namespace {

namespace json = boost::json;

json::array list(const Pairs& pairs) {
  json::array out;
  for (const auto& [key, value] : pairs) out.push_back(json::object{{"key", key}, {"value", value}});
  return out;
}

}  // namespace

bool is_url(std::string_view target) noexcept {
  return target.starts_with("http://") || target.starts_with("https://");
}

std::string program_options(const HookQuestion& question, int timeout_seconds) {
  json::object options{{"cmd", question.target}, {"hook", question.hook}, {"env_vars", list(question.variables)}};
  if (timeout_seconds > 0) options["timeout"] = timeout_seconds;
  return json::serialize(options);
}

Result<std::string> ask(ActionService& actions, const OpContext& ctx, const HookQuestion& question, bool may_be_empty) {
  const Event event;
  if (!is_url(question.target)) {
    SLIPWAY_ASSIGN(ActionReply reply, actions.run(ctx, "command", program_options(question, 0), event));
    return std::move(reply.body);
  }
  json::object options{{"endpoint", question.target},
                       {"method", "POST"},
                       {"retry", false},
                       {"body", question.body},
                       {"headers", list({{"Content-Type", "application/json"}})}};
  if (!question.query.empty()) options["query_parameters"] = list(question.query);
  SLIPWAY_ASSIGN(ActionReply reply, actions.run(ctx, "http", json::serialize(options), event));
  if (reply.code == 204 && may_be_empty) return std::string();
  if (reply.code != 200)
    return Error{Errc::PermissionDenied, std::string(question.hook),
                 "answered with status " + std::to_string(reply.code) + " instead of 200"};
  return std::move(reply.body);
}

}  // namespace slipway::auth_hook
