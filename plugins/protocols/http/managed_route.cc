#include "managed_route.h"

#include <boost/json.hpp>

#include "support/http/url.h"

namespace slipway::httpd {
namespace {

namespace json = boost::json;
using Takes = Managed::Takes;
using Gives = Managed::Gives;

constexpr std::int64_t kMaxPage = 500;

Error invalid(const char* name) { return {Errc::InvalidArgument, name, std::string("invalid ") + name}; }

Status read_page(Exchange& x, json::object& input) {
  SLIPWAY_ASSIGN(const auto offset, x.query_integer("offset"));
  SLIPWAY_ASSIGN(const auto limit, x.query_integer("limit"));
  const auto order = x.request.query("order").value_or("ASC");
  if (offset.value_or(0) < 0) return invalid("offset");
  if (limit.value_or(1) < 1) return invalid("limit");
  if (order != "ASC" && order != "DESC") return invalid("order");
  if (offset) input["offset"] = *offset;
  if (limit) input["limit"] = std::min(*limit, kMaxPage);
  input["order"] = order;
  return ok();
}

// The name in braces; empty: the path has none.
std::string_view parameter_of(std::string_view path) {
  const auto open = path.find('{');
  if (open == std::string_view::npos) return {};
  return path.substr(open + 1, path.find('}', open) - open - 1);
}

// {"items":[…],"next":…} -> […], without parsing what may be long.
std::string items_of(const std::string& page) {
  constexpr std::string_view kBefore = R"({"items":)", kAfter = R"(,"next":)";
  const auto after = page.rfind(kAfter);
  if (!page.starts_with(kBefore) || after == std::string::npos || after < kBefore.size()) return "[]";
  return page.substr(kBefore.size(), after - kBefore.size());
}

// Where a created object is from now on.
std::string location_of(const Managed& mapping, const std::string& result) {
  boost::system::error_code failure;
  const json::value value = json::parse(result, failure);
  const auto* object = failure ? nullptr : value.if_object();
  const auto* name = object == nullptr ? nullptr : object->if_contains(mapping.key);
  if (name == nullptr || !name->is_string()) return {};
  return "/api/v2" + std::string(mapping.path) + "/" + http::percent_encode(name->get_string());
}

Status make_input(const Managed& mapping, Exchange& x, json::object& input) {
  switch (mapping.takes) {
    case Takes::Nothing:
      break;
    case Takes::Page:
      SLIPWAY_TRY(read_page(x, input));
      break;
    case Takes::Body: {
      SLIPWAY_ASSIGN(input, x.body_object());
      // Those are the query's to say.
      for (const char* name : {"confidential_data", "disconnect"}) input.erase(name);
      [[fallthrough]];
    }
    case Takes::Object:
      if (x.request.query("confidential_data") == "1") input["confidential_data"] = true;
      break;
  }
  if (const auto parameter = parameter_of(mapping.path); !parameter.empty() && !mapping.key.empty())
    input[mapping.key] = x.request.parameter(parameter);
  if (mapping.prepare != nullptr) SLIPWAY_TRY(mapping.prepare(x, input));
  return ok();
}

void answer(const Managed& mapping, Exchange& x, const std::string& result) {
  switch (mapping.gives) {
    case Gives::Items:
      return send_json(x.response, mapping.status, items_of(result));
    case Gives::Result:
      return send_json(x.response, mapping.status, result);
    case Gives::Created:
      if (const auto location = location_of(mapping, result); !location.empty())
        x.response.set_header("Location", location);
      return send_json(x.response, 201, result);
    case Gives::Message:
      return x.say(mapping.status, mapping.message);
  }
}

void handle(const Managed& mapping, Exchange& x) {
  json::object input;
  if (const auto made = make_input(mapping, x, input); !made) return x.refuse(made.error());
  const auto result = x.manage(mapping.operation, input);
  if (!result) {
    Refusal refusal = refusal_of(result.error());
    if (result.code() == Errc::Conflict && mapping.status_of_conflict != 0) refusal.status = mapping.status_of_conflict;
    if (result.code() == Errc::NotSupported && mapping.status_of_unsupported != 0)
      refusal.status = mapping.status_of_unsupported;
    return x.refuse(refusal);
  }
  if (mapping.done != nullptr) mapping.done(x);
  answer(mapping, x, *result);
}

}  // namespace

Route managed(const Managed& mapping) {
  Route route{.method = mapping.method,
              .path = mapping.path,
              .audience = mapping.audience,
              .flags = mapping.flags,
              .operation = mapping.operation};
  route.mapping = std::make_shared<const Managed>(mapping);
  route.handler = [kept = route.mapping](Exchange& x) { handle(*kept, x); };
  return route;
}

}  // namespace slipway::httpd
