#include "core/events/hook.h"

#include <boost/json.hpp>
#include <utility>

#include "core/events/module_actions.h"

namespace slipway::events {
namespace {

namespace json = boost::json;

json::array key_values(const Pairs& pairs) {
  json::array out;
  out.reserve(pairs.size());
  for (const auto& [key, value] : pairs) out.push_back(json::object{{"key", key}, {"value", value}});
  return out;
}

json::object http_options(const std::string& url, const HookCall& call) {
  json::object out{{"endpoint", url}, {"method", call.method}, {"retry", call.retry}};
  if (!call.query.empty()) out["query_parameters"] = key_values(call.query);
  if (!call.body.empty()) {
    out["body"] = call.body;
    out["headers"] = key_values({{"Content-Type", "application/json"}});
  }
  return out;
}

json::object program_options(const std::string& path, const HookCall& call) {
  return {{"cmd", path}, {"hook", call.hook}, {"env_vars", key_values(call.environment)}};
}

}  // namespace

Result<Hook> Hook::parse(std::string_view key, std::string_view text) {
  Hook hook;
  hook.text_ = text;
  hook.url_ = text.starts_with("http://") || text.starts_with("https://");
  if (text.empty() || hook.url_ || text.starts_with('/')) return hook;
  return Error{Errc::InvalidArgument, std::string(key), "must be an absolute path or an http:// or https:// URL"};
}

std::string Hook::shown() const {
  if (!url_) return text_;
  std::string out = text_.substr(0, text_.find_first_of("?#"));
  const auto authority = out.find("://") + 3;
  const auto at = out.substr(authority, out.find('/', authority) - authority).rfind('@');
  if (at != std::string::npos) out.erase(authority, at + 1);
  return out;
}

Result<ActionReply> Hook::run(const OpContext& ctx, const module::Registry& registry, const HookCall& call,
                              const Event& event) const {
  const json::object document = url_ ? http_options(text_, call) : program_options(text_, call);
  SLIPWAY_ASSIGN(ActionReply reply, ModuleActions(registry).run(ctx, url_ ? "http" : "command", document, event));
  if (url_ && reply.code != 200)
    return Error{Errc::PermissionDenied, shown(),
                 "answered with status " + std::to_string(reply.code) + " instead of 200"};
  return reply;
}

}  // namespace slipway::events
