#include "support/http/cors.h"

#include <algorithm>

#include "support/http/characters.h"

namespace slipway::http {
namespace {

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) {
    if (!text.empty()) text += ", ";
    text += part;
  }
  return text;
}

// `pattern` without case, with at most one '*'.
bool matches(std::string_view text, std::string_view pattern) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return equal_ignoring_case(text, pattern);
  const auto head = pattern.substr(0, star), tail = pattern.substr(star + 1);
  return text.size() >= head.size() + tail.size() && equal_ignoring_case(text.substr(0, head.size()), head) &&
         equal_ignoring_case(text.substr(text.size() - tail.size()), tail);
}

bool contains(const std::vector<std::string>& list, std::string_view wanted) {
  return std::any_of(list.begin(), list.end(), [&](const auto& entry) { return equal_ignoring_case(entry, wanted); });
}

}  // namespace

Cors::Cors(const CorsOptions& options) : options_(options) {
  if (options_.allowed_methods.empty()) options_.allowed_methods = {"GET", "POST", "HEAD"};
  all_origins_ = contains(options_.allowed_origins, "*");
  all_headers_ = contains(options_.allowed_headers, "*");
  methods_ = join(options_.allowed_methods);
  exposed_ = join(options_.exposed_headers);
}

bool Cors::origin_allowed(std::string_view origin) const {
  return all_origins_ || std::any_of(options_.allowed_origins.begin(), options_.allowed_origins.end(),
                                     [&](const auto& pattern) { return matches(origin, pattern); });
}

bool Cors::method_allowed(std::string_view method) const {
  return method == "OPTIONS" || contains(options_.allowed_methods, method);
}

bool Cors::headers_allowed(std::string_view list) const {
  if (all_headers_) return true;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto name = trim_blanks(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (!name.empty() && !equal_ignoring_case(name, "origin") && !contains(options_.allowed_headers, name))
      return false;
  }
  return true;
}

void Cors::allow_origin(std::string_view origin, Response& response) const {
  // With credentials a browser does not take the star.
  response.set_header("Access-Control-Allow-Origin", all_origins_ && !options_.allow_credentials ? "*" : origin);
  if (options_.allow_credentials) response.set_header("Access-Control-Allow-Credentials", "true");
}

void Cors::preflight(const Request& request, std::string_view origin, Response& response) const {
  response.add_header("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
  const auto& headers = request.headers();
  const auto asked = headers.joined("Access-Control-Request-Headers");
  if (!origin_allowed(origin) || !method_allowed(*headers.get("Access-Control-Request-Method")) ||
      !headers_allowed(asked))
    return;
  allow_origin(origin, response);
  response.set_header("Access-Control-Allow-Methods", methods_);
  if (!asked.empty()) response.set_header("Access-Control-Allow-Headers", asked);
  if (options_.allow_private_network && headers.get("Access-Control-Request-Private-Network") == "true")
    response.set_header("Access-Control-Allow-Private-Network", "true");
  if (options_.max_age != 0)
    response.set_header("Access-Control-Max-Age", std::to_string(std::max(options_.max_age, 0)));
}

bool Cors::answer(const Request& request, Response& response) const {
  if (!options_.enabled) return false;
  const auto origin = request.header("Origin");
  if (request.method() == "OPTIONS" && request.header("Access-Control-Request-Method")) {
    preflight(request, origin.value_or(""), response);
    if (options_.options_passthrough) return false;
    response.set_status(options_.options_success_status == 0 ? 204 : options_.options_success_status);
    return true;
  }
  if (!all_origins_ || options_.allow_credentials) response.add_header("Vary", "Origin");
  if (!origin || !origin_allowed(*origin)) return false;
  allow_origin(*origin, response);
  if (!exposed_.empty()) response.set_header("Access-Control-Expose-Headers", exposed_);
  return false;
}

}  // namespace slipway::http
