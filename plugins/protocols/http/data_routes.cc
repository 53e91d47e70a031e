// Everything about the accounts as one document: out and in again.
#include <boost/json.hpp>

#include "route.h"

namespace slipway::httpd {
namespace {

namespace json = boost::json;

// A dump with its users, groups and their lists.
constexpr std::size_t kMaxDepth = 32;

json::array split(std::string_view text) {
  json::array parts;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (comma != 0) parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return parts;
}

void dump(Exchange& x) {
  json::object input;
  if (const auto scopes = x.request.query("scopes"); scopes && !scopes->empty()) input["scopes"] = split(*scopes);
  const bool as_body = x.request.query("output-data") == "1";
  if (!as_body) {
    const auto file = x.request.query("output-file").value_or("");
    if (file.empty()) return x.refuse({400, "invalid or missing output-file", ""});
    if (file.starts_with('/')) return x.refuse({400, "invalid output-file: it must be a relative path", ""});
    input["output_file"] = file;
    if (x.request.query("indent") == "1") input["indent"] = 2;
  }
  const auto result = x.manage("data.dump", input);
  if (!result) return x.refuse(result.error());
  if (!as_body) return x.say(200, "Data saved");
  x.response.set_header("Content-Disposition", "attachment; filename=\"sftpgo-backup.json\"");
  send_json(x.response, 200, *result);
}

Status read_load_options(Exchange& x, json::object& input) {
  SLIPWAY_ASSIGN(const auto scan, x.query_integer("scan-quota"));
  SLIPWAY_ASSIGN(const auto mode, x.query_integer("mode"));
  if (scan) input["scan_quota"] = *scan;
  if (mode) input["mode"] = *mode;
  return ok();
}

void load(Exchange& x, json::object input) {
  if (const auto read = read_load_options(x, input); !read) return x.refuse(read.error());
  const auto result = x.manage("data.load", input);
  if (!result) return x.refuse(result.error());
  x.say(200, "Data restored");
}

void load_file(Exchange& x) {
  const auto file = x.request.query("input-file").value_or("");
  if (!file.starts_with('/'))
    return x.refuse({400, "invalid input_file " + quoted(file) + ": it must be an absolute path", ""});
  load(x, {{"input_file", file}});
}

void load_body(Exchange& x) {
  auto text = x.request.text(x.site->services.limits.restore);
  if (!text) return x.refuse(text.error());
  if (text->empty()) return x.refuse({400, "Validation error: request body is required", ""});
  json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::system::error_code failure;
  json::value data = json::parse(*text, failure, {}, options);
  if (failure || !data.is_object()) return x.refuse({400, "Validation error: the body is not a dump", ""});
  *text = {};
  load(x, {{"data", std::move(data)}});
}

}  // namespace

std::vector<Route> data_routes(const Site& site) {
  std::vector<Route> routes = {
      {.method = "GET", .path = "/dumpdata", .audience = Audience::Admin, .operation = "data.dump", .handler = dump},
      {.method = "GET",
       .path = "/loaddata",
       .audience = Audience::Admin,
       .operation = "data.load",
       .handler = load_file},
      {.method = "POST",
       .path = "/loaddata",
       .audience = Audience::Admin,
       .operation = "data.load",
       .handler = load_body},
  };
  for (Route& route : routes) route.options.deadline = std::chrono::minutes(10);
  // A body of that size is taken from those alone who may restore.
  http::RouteOptions& options = routes.back().options;
  options.lane = kFileLane;
  options.body = http::Body::Streamed;
  options.max_body = site.services.limits.restore;
  return routes;
}

}  // namespace slipway::httpd
