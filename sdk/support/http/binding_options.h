// What differs from one listening address to the next: TLS, trusted proxies, security headers, CORS, routes.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/http/router.h"
#include "support/http/tls.h"

namespace slipway::http {

// The client's address when a proxy stands in front. Peers on unix sockets are trusted like listed ones. Without trust
// the fields are removed from the request.
struct ProxyOptions {
  std::vector<std::string> allowed;  // addresses and networks ("10.0.0.0/8"); empty: no proxy is trusted
  std::string client_ip_header;      // "X-Forwarded-For", "X-Real-IP" or the like; empty: not used
  int client_ip_depth = 0;           // position from the right, over all fields of that name; -1: the leftmost
};

// Header fields for browsers, and checks of the host. All of it is off unless `enabled`.
struct SecurityOptions {
  bool enabled = false;
  std::vector<std::string> allowed_hosts;  // else 403; empty: all
  bool allowed_hosts_are_regex = false;
  std::vector<std::string> hosts_proxy_headers;  // of trusted proxies: where the asked host stands
  bool https_redirect = false;
  std::string https_host;                                                // of the redirect; empty: the asked one
  std::vector<std::pair<std::string, std::string>> https_proxy_headers;  // field and value that mean HTTPS
  int sts_seconds = 0;
  bool sts_include_subdomains = false, sts_preload = false;
  bool content_type_nosniff = false;
  std::string content_security_policy, permissions_policy, cross_origin_opener_policy, cross_origin_resource_policy,
      cross_origin_embedder_policy, referrer_policy;
  std::string cache_control;                          // "private": dynamic answers are not to be stored
  std::vector<std::string> redirect_exempt_prefixes;  // paths that are served over plain HTTP all the same
};

// Cross-origin requests (the Fetch standard).
struct CorsOptions {
  bool enabled = false;
  std::vector<std::string> allowed_origins;  // "*" allows all; one '*' within stands for any text
  std::vector<std::string> allowed_methods;  // empty: GET, POST and HEAD
  std::vector<std::string> allowed_headers;  // "*" allows all; Origin always
  std::vector<std::string> exposed_headers;
  bool allow_credentials = false;
  int max_age = 0;                   // seconds; 0: not said; negative: do not cache
  bool options_passthrough = false;  // preflights reach the routes too
  int options_success_status = 0;    // 0: 204
  bool allow_private_network = false;
};

struct BindingOptions {
  std::shared_ptr<const Router> router;
  std::shared_ptr<TlsContext> tls;  // null: plain
  ProxyOptions proxy;
  SecurityOptions security;
  CorsOptions cors;
};

}  // namespace slipway::http
