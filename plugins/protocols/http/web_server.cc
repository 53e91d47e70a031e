#include "web_server.h"

#include <algorithm>

#include "answer.h"
#include "event_streams.h"
#include "guard.h"
#include "openapi_routes.h"
#include "tus_uploads.h"

namespace slipway::httpd {
namespace {

constexpr std::string_view kServerHeader = "Slipway";
constexpr std::size_t kShares = 4;  // of the memory for bodies: what one address may have is one of them

void log_request(Logger& logger, const http::Request& request, const http::Finished& finished) {
  if (!logger.enabled(LogLevel::Info)) return;
  const auto* visit = std::any_cast<std::shared_ptr<Visit>>(&const_cast<http::Request&>(request).attachment());
  logger.info("request", {{"method", request.method()},
                          {"uri", request.target()},
                          {"remote_addr", request.remote().address},
                          {"user_agent", request.header("User-Agent").value_or("")},
                          {"connection_id", visit != nullptr ? (*visit)->connection.connection_id : std::string()},
                          {"resp_status", finished.status},
                          {"resp_size", finished.sent},
                          {"elapsed_ms", finished.time.count() / 1000}});
}

bool same_place(const BindingSettings& a, const BindingSettings& b) {
  return a.address == b.address && a.port == b.port && a.apply_proxy_config == b.apply_proxy_config;
}

void healthz(http::Request&, http::Response& response) { response.set_body("ok", "text/plain; charset=utf-8"); }

TokenSettings token_settings(const Settings& settings) {
  return {.lifetime = settings.token_lifetime,
          .share_lifetime = settings.share_token_lifetime,
          .bind_address = settings.bind_tokens_to_address,
          .follow_account = settings.end_tokens_with_changes};
}

}  // namespace

std::vector<Route> api_routes(const Site& site) {
  std::vector<Route> all;
  for (auto family : {token_routes(), management_routes(), data_routes(site), self_routes(), own_share_routes(),
                      password_routes(), absent_routes(), user_file_routes(site), share_routes(site),
                      share_code_routes(), tus_routes(site), event_routes()})
    for (Route& route : family)
      if ((route.switched_off & site.binding.disabled_logins) == 0) all.push_back(std::move(route));
  for (Route& route : all) {
    if (route.options.body != http::Body::Collected) continue;
    route.options.max_body = route.audience == Audience::Anyone ? kMaxOfStrangers : site.services.limits.request;
  }
  return all;
}

std::shared_ptr<http::Router> make_router(const std::shared_ptr<const Site>& site) {
  auto router = std::make_shared<http::Router>();
  router->add("GET", "/healthz", http::RouteOptions{.run = http::Run::Inline, .max_body = kMaxOfStrangers}, healthz);
  if (!site->binding.rest_api) return router;
  std::vector<Route> routes = api_routes(*site);
  if (site->binding.openapi) add_openapi_routes(*router, site->services.management, routes);
  for (Route& route : routes) {
    const std::string pattern = "/api/v2" + std::string(route.path);
    const std::string method(route.method);
    http::RouteOptions options = route.options;
    if (route.audience != Audience::Anyone && options.body == http::Body::Collected)
      options.check = checked(site, route);
    router->add(method, pattern, options, guarded(site, std::move(route)));
  }
  return router;
}

Result<http::BindingOptions> WebServer::options_of(const Settings& settings, Binding& binding) const {
  const bool same_key = binding.tokens && binding.passphrase == settings.signing_passphrase;
  if (same_key) {
    binding.tokens->configure(token_settings(settings));
  } else {
    binding.passphrase = settings.signing_passphrase;
    // Nobody else takes the tokens of a random key.
    binding.tokens = binding.passphrase.empty() ? std::make_shared<Tokens>(random_key(), token_settings(settings))
                                                : std::make_shared<Tokens>(key_of_passphrase(binding.passphrase),
                                                                           token_settings(settings), ended_);
  }
  auto site = std::make_shared<Site>(
      Site{services_, binding.settings, binding.tokens, settings.max_upload_size, uploads_, streams_});
  http::BindingOptions options;
  options.router = make_router(site);
  if (binding.settings.https) {
    SLIPWAY_ASSIGN(options.tls, http::TlsContext::make(binding.settings.tls));
  }
  options.proxy = binding.settings.proxy;
  options.security = binding.settings.security;
  options.cors = settings.cors;
  return options;
}

Result<std::unique_ptr<Listener>> WebServer::listen(const BindingSettings& settings) const {
  if (settings.is_unix_socket()) return http::listen_on_unix_socket(settings.address);
  return listeners_.listen({{settings.address, settings.port}, settings.apply_proxy_config});
}

Status WebServer::start(const Settings& settings) {
  uploads_ = std::make_shared<TusUploads>();
  if (services_.events != nullptr) streams_ = std::make_shared<EventStreams>(*services_.events, services_.logger);
  http::ServerOptions options;
  // One body must not take all of it.
  options.limits.collected = std::max<std::size_t>(options.limits.collected, kShares * services_.limits.request);
  options.limits.collected_shares = kShares;
  options.limits.collected_unchecked = options.limits.collected / 8;
  options.lanes = {{.name = "api", .threads = 16}, {.name = "files", .threads = 256}};
  options.server_header = kServerHeader;
  options.failure = send_failure;
  options.before = [this](http::Request& request, http::Response& response) {
    return admit(services_, request, response);
  };
  options.finished = [this](const http::Request& request, const http::Response&, const http::Finished& finished) {
    log_request(services_.logger, request, finished);
  };
  SLIPWAY_ASSIGN(server_, http::Server::make(services_.logger, std::move(options)));
  SLIPWAY_TRY(server_->start());
  return configure(settings);
}

Status WebServer::configure(const Settings& settings) {
  // First everything that can fail, then everything that cannot be taken back.
  std::list<Binding> kept, added;
  std::vector<std::pair<Binding*, http::BindingOptions>> changes;
  std::vector<std::unique_ptr<Listener>> fresh;
  std::list<Binding> current;
  {
    std::lock_guard lock(mutex_);
    current = bindings_;
  }
  for (const BindingSettings& wanted : settings.bindings) {
    const auto old =
        std::find_if(current.begin(), current.end(), [&](const Binding& b) { return same_place(b.settings, wanted); });
    const bool is_new = old == current.end();
    if (is_new)
      added.push_back({.settings = wanted});
    else
      kept.splice(kept.end(), current, old);
    Binding& binding = is_new ? added.back() : kept.back();
    binding.settings = wanted;
    SLIPWAY_ASSIGN(auto options, options_of(settings, binding));
    changes.emplace_back(&binding, std::move(options));
    if (!is_new) continue;
    SLIPWAY_ASSIGN(auto listener, listen(wanted));
    binding.endpoint = listener->endpoint();
    fresh.push_back(std::move(listener));
  }

  auto next = fresh.begin();
  for (auto& [changed, options] : changes) {
    Binding* const binding = changed;
    const bool is_new = std::any_of(added.begin(), added.end(), [&](const Binding& b) { return &b == binding; });
    if (!is_new) {
      SLIPWAY_TRY(server_->change_binding(binding->id, std::move(options)));
      continue;
    }
    SLIPWAY_ASSIGN(binding->id, server_->add_binding(std::move(options)));
    SLIPWAY_TRY(server_->listen(std::move(*next++), binding->id));
  }
  for (const Binding& gone : current) server_->close_binding(gone.id);
  std::lock_guard lock(mutex_);
  kept.splice(kept.end(), added);
  bindings_ = std::move(kept);
  return ok();
}

void WebServer::drain(std::chrono::steady_clock::time_point deadline) noexcept {
  if (server_) server_->drain(deadline);
  if (uploads_) uploads_->close();
}

void WebServer::stop() noexcept {
  if (server_) server_->stop();
  if (uploads_) uploads_->close();
  if (streams_) streams_->close();
}

std::vector<Endpoint> WebServer::listening() const {
  std::lock_guard lock(mutex_);
  std::vector<Endpoint> all;
  for (const Binding& binding : bindings_) all.push_back(binding.endpoint);
  return all;
}

std::vector<std::string> WebServer::how_to_connect(std::string_view user) const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> lines;
  for (const Binding& binding : bindings_) {
    if (!binding.settings.rest_api || binding.settings.is_unix_socket()) continue;
    const std::string& address = binding.endpoint.address;
    const bool everywhere = address.empty() || address == "::" || address == "0.0.0.0";
    const bool v6 = address.find(':') != std::string::npos;
    const std::string host = everywhere ? "localhost" : v6 ? "[" + address + "]" : address;
    lines.push_back("curl -u " + std::string(user) + (binding.settings.https ? " https://" : " http://") + host + ":" +
                    std::to_string(binding.endpoint.port) + "/api/v2/user/token");
  }
  return lines;
}

}  // namespace slipway::httpd
