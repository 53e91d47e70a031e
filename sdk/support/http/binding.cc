#include "support/http/binding.h"

#include <algorithm>

#include "support/http/characters.h"

namespace slipway::http {
namespace {

// One element of a list of addresses: "192.0.2.1", "192.0.2.1:1234", "[2001:db8::1]:1234", "\"[2001:db8::1]\"".
std::optional<AddressBytes> listed_address(std::string_view text) {
  text = trim_blanks(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    return end == std::string_view::npos ? std::nullopt : parse_address(text.substr(1, end - 1));
  }
  if (std::count(text.begin(), text.end(), ':') == 1) text = text.substr(0, text.find(':'));
  return parse_address(text);
}

std::string sts_value(const SecurityOptions& options) {
  std::string value = "max-age=" + std::to_string(options.sts_seconds);
  if (options.sts_include_subdomains) value += "; includeSubDomains";
  if (options.sts_preload) value += "; preload";
  return value;
}

Status check_token(std::string_view name, std::string_view option) {
  if (is_token(name)) return ok();
  return Error(Errc::InvalidArgument, std::string(option), "'" + std::string(name) + "' is no name of a header field");
}

}  // namespace

Result<std::shared_ptr<const Binding>> Binding::make(BindingOptions options) {
  if (!options.router) return Error(Errc::InvalidArgument, "binding", "it has no router");
  std::shared_ptr<Binding> binding(new Binding(std::move(options)));
  SLIPWAY_TRY(binding->prepare());
  return std::shared_ptr<const Binding>(std::move(binding));
}

Status Binding::prepare() {
  for (const auto& network : options_.proxy.allowed) {
    if (auto added = proxies_.add(network); !added)
      return Error(Errc::InvalidArgument, "proxy_allowed", added.error().message());
  }
  if (!options_.proxy.client_ip_header.empty())
    SLIPWAY_TRY(check_token(options_.proxy.client_ip_header, "client_ip_proxy_header"));
  if (options_.proxy.client_ip_depth < -1)
    return Error(Errc::InvalidArgument, "client_ip_header_depth", "it must be -1 or more");

  const auto& security = options_.security;
  if (!security.enabled) return ok();
  for (const auto& name : security.hosts_proxy_headers) SLIPWAY_TRY(check_token(name, "hosts_proxy_headers"));
  for (const auto& [name, value] : security.https_proxy_headers) SLIPWAY_TRY(check_token(name, "https_proxy_headers"));
  SLIPWAY_TRY(hosts_.set(security.allowed_hosts, security.allowed_hosts_are_regex));
  FieldBlock fields;
  const auto set = [&fields](std::string_view name, const std::string& value) {
    if (!value.empty()) fields.set(name, value);
  };
  if (security.content_type_nosniff) fields.set("X-Content-Type-Options", "nosniff");
  set("Content-Security-Policy", security.content_security_policy);
  set("Permissions-Policy", security.permissions_policy);
  set("Cross-Origin-Opener-Policy", security.cross_origin_opener_policy);
  set("Cross-Origin-Resource-Policy", security.cross_origin_resource_policy);
  set("Cross-Origin-Embedder-Policy", security.cross_origin_embedder_policy);
  set("Referrer-Policy", security.referrer_policy);
  if (security.cache_control == "private")
    fields.set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate, private");
  else
    set("Cache-Control", security.cache_control);
  security_fields_ = fields.text();
  if (security.sts_seconds > 0) sts_ = sts_value(security);
  return ok();
}

std::optional<std::string> Binding::client_address(const Fields& fields) const {
  const auto& proxy = options_.proxy;
  if (proxy.client_ip_header.empty()) return std::nullopt;
  const auto list = fields.joined(proxy.client_ip_header);
  if (list.empty()) return std::nullopt;
  std::vector<std::string_view> elements;
  for (std::string_view rest = list;;) {
    const auto comma = rest.find(',');
    elements.push_back(rest.substr(0, comma));
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  const auto depth = static_cast<std::size_t>(proxy.client_ip_depth);
  if (proxy.client_ip_depth >= 0 && depth >= elements.size()) return std::nullopt;
  const auto chosen = proxy.client_ip_depth < 0 ? elements.front() : elements[elements.size() - 1 - depth];
  const auto address = listed_address(chosen);
  return address ? std::optional(format_address(*address)) : std::nullopt;
}

void Binding::identify(RequestParts& parts) const {
  parts.https = options_.tls != nullptr;
  const auto& security = options_.security;
  const bool reads_security =
      security.enabled && (!security.hosts_proxy_headers.empty() || !security.https_proxy_headers.empty());
  if (options_.proxy.client_ip_header.empty() && !reads_security) return;

  const bool unix_socket = parts.peer.address.empty();
  const auto peer = parse_address(parts.peer.address);
  if (unix_socket || (peer && proxies_.contains(*peer))) {
    if (auto address = client_address(parts.headers)) parts.remote = {*std::move(address), 0};
    if (!security.enabled) return;
    for (const auto& [name, value] : security.https_proxy_headers) {
      const auto field = parts.headers.get(name);
      if (field && equal_ignoring_case(*field, value)) parts.https = true;
    }
    for (const auto& name : security.hosts_proxy_headers) {
      const auto field = parts.headers.get(name);
      if (!field || field->empty()) continue;
      parts.host = trim_blanks(field->substr(0, field->find(',')));
      break;
    }
    return;
  }
  if (!security.enabled) return;
  for (const auto& [name, value] : security.https_proxy_headers) parts.headers.remove(name);
  for (const auto& name : security.hosts_proxy_headers) parts.headers.remove(name);
}

bool Binding::answer(const Request& request, Response& response) const {
  const auto& security = options_.security;
  if (security.enabled) {
    response.fields().append_block(security_fields_);
    if (!sts_.empty() && request.is_https()) response.set_header("Strict-Transport-Security", sts_);
    if (!hosts_.allow(request.host())) {
      response.fail(403, "this host is not served here");
      return true;
    }
    if (security.https_redirect && !request.is_https()) {
      const auto path = request.raw_path();
      const auto& exempt = security.redirect_exempt_prefixes;
      if (std::none_of(exempt.begin(), exempt.end(), [&](const auto& prefix) { return path.starts_with(prefix); })) {
        std::string location = "https://";
        location += security.https_host.empty() ? request.host() : std::string_view(security.https_host);
        location += request.target();
        // 301 would turn a POST into a GET.
        response.redirect(location, request.method() == "GET" || request.method() == "HEAD" ? 301 : 308);
        return true;
      }
    }
  }
  return cors_.answer(request, response);
}

}  // namespace slipway::http
