// protocol-http: options, descriptor and factory.
#include <array>
#include <memory>

#include "web_server.h"

namespace {

using namespace slipway;
using enum OptionType;

constexpr std::int64_t kMaxMinutes = 720;

constexpr std::array kOptions = {
    OptionSpec{"bindings[]", Integer, "1", "addresses to listen on", 0, 100},
    OptionSpec{"bindings[].port", Integer, "8080", "port to listen on; 0 turns the binding off", 0, 65535},
    OptionSpec{"bindings[].address", String, "",
               "address to listen on; empty: all interfaces; an absolute path: a unix socket"},
    OptionSpec{"bindings[].enable_rest_api", Boolean, "true", "whether the REST API is served"},
    OptionSpec{"bindings[].render_openapi", Boolean, "true",
               "whether the OpenAPI document and its page are served at /openapi, where the REST API is"},
    OptionSpec{"bindings[].upload_chunk_size", Integer, "0",
               "MiB of a piece of a resumable upload, as the web client sends them; 0: no resumable uploads here", 0,
               4096},
    OptionSpec{"bindings[].disabled_login_methods", Integer, "0",
               "flags of logins that are refused: 16 tokens of administrators, 32 tokens of users, 64 API keys of "
               "administrators, 128 API keys of users",
               0, 255},
    OptionSpec{"bindings[].enable_https", Boolean, "false", "TLS; needs a certificate"},
    OptionSpec{"bindings[].certificate_file", Path, "", "PEM file of the certificate; empty: that of httpd"},
    OptionSpec{"bindings[].certificate_key_file", Path, "", "PEM file of its key; empty: that of httpd"},
    OptionSpec{"bindings[].min_tls_version", Integer, "12", "10 to 13: TLS 1.0 to 1.3", 10, 13},
    OptionSpec{"bindings[].client_auth_type", Integer, "0",
               "1: clients need a certificate too; 2: it is verified when they have one", 0, 2},
    OptionSpec{"bindings[].tls_cipher_suites", StringList, "",
               "cipher suites of TLS 1.2 and before, by IANA name; empty: secure ones"},
    OptionSpec{"bindings[].proxy_mode", Integer, "0", "1: the PROXY protocol as the common section says", 0, 1},
    OptionSpec{"bindings[].proxy_allowed", StringList, "",
               "addresses and networks of proxies whose header fields are believed"},
    OptionSpec{"bindings[].client_ip_proxy_header", String, "",
               "header field with the client's address, such as X-Forwarded-For"},
    OptionSpec{"bindings[].client_ip_header_depth", Integer, "0",
               "position of the client's address from the right; -1: the leftmost", -1, 100},
    OptionSpec{"bindings[].security.enabled", Boolean, "false", "whether the other settings of security are used"},
    OptionSpec{"bindings[].security.allowed_hosts", StringList, "", "host names that are served; empty: all"},
    OptionSpec{"bindings[].security.allowed_hosts_are_regex", Boolean, "false",
               "allowed_hosts are regular expressions"},
    OptionSpec{"bindings[].security.hosts_proxy_headers", StringList, "",
               "header fields of proxies that hold the host name"},
    OptionSpec{"bindings[].security.https_redirect", Boolean, "false", "plain HTTP is redirected to HTTPS"},
    OptionSpec{"bindings[].security.https_host", String, "", "host of the redirect; empty: the one asked for"},
    OptionSpec{"bindings[].security.https_proxy_headers[].key", String, "",
               "header field of a proxy that says HTTPS is in use"},
    OptionSpec{"bindings[].security.https_proxy_headers[].value", String, "", "its value then"},
    OptionSpec{"bindings[].security.sts_seconds", Integer, "0", "max-age of Strict-Transport-Security; 0: none", 0,
               INT32_MAX},
    OptionSpec{"bindings[].security.sts_include_subdomains", Boolean, "false", "with includeSubdomains"},
    OptionSpec{"bindings[].security.sts_preload", Boolean, "false", "with preload"},
    OptionSpec{"bindings[].security.content_type_nosniff", Boolean, "false", "X-Content-Type-Options: nosniff"},
    OptionSpec{"bindings[].security.content_security_policy", String, "", "Content-Security-Policy; empty: none"},
    OptionSpec{"bindings[].security.permissions_policy", String, "", "Permissions-Policy; empty: none"},
    OptionSpec{"bindings[].security.cross_origin_opener_policy", String, "", "Cross-Origin-Opener-Policy; empty: none"},
    OptionSpec{"bindings[].security.cross_origin_resource_policy", String, "",
               "Cross-Origin-Resource-Policy; empty: none"},
    OptionSpec{"bindings[].security.cross_origin_embedder_policy", String, "",
               "Cross-Origin-Embedder-Policy; empty: none"},
    OptionSpec{"bindings[].security.referrer_policy", String, "", "Referrer-Policy; empty: none"},
    OptionSpec{"bindings[].security.cache_control", String, "", "private: answers are not to be stored by caches"},
    OptionSpec{"openapi_path", String, "openapi",
               "empty: no binding serves the OpenAPI document; it is made by the server, so no directory is read"},
    OptionSpec{"certificate_file", Path, "", "PEM file of the certificate of bindings that name none"},
    OptionSpec{"certificate_key_file", Path, "", "PEM file of its key"},
    OptionSpec{"ca_certificates", StringList, "", "PEM files of the authorities of client certificates"},
    OptionSpec{"ca_revocation_lists", StringList, "", "files of revoked client certificates"},
    OptionSpec{"signing_passphrase", Secret, "",
               "what tokens are signed with; empty: a key of its own for each start and binding"},
    OptionSpec{"signing_passphrase_file", Path, "", "file with it; comes before signing_passphrase"},
    OptionSpec{"token_validation", Integer, "0",
               "flags: 1 a token works from every address, 2 it ends when its account changes", 0, 3},
    OptionSpec{"jwt_lifetime", Integer, "20", "minutes that a token is valid", 1, kMaxMinutes},
    OptionSpec{"share_cookie_lifetime", Integer, "120", "minutes that the token of a share's visitor is valid", 1,
               kMaxMinutes},
    OptionSpec{"max_upload_file_size", Integer, "0", "bytes of one upload's body; 0: no limit", 0},
    OptionSpec{"cors.enabled", Boolean, "false", "whether pages of other origins may use the API"},
    OptionSpec{"cors.allowed_origins", StringList, "", "origins; * allows all"},
    OptionSpec{"cors.allowed_methods", StringList, "", "methods; empty: GET, POST and HEAD"},
    OptionSpec{"cors.allowed_headers", StringList, "", "header fields of requests; * allows all"},
    OptionSpec{"cors.exposed_headers", StringList, "", "header fields of answers that pages may read"},
    OptionSpec{"cors.allow_credentials", Boolean, "false", "whether cookies and authorization may be sent along"},
    OptionSpec{"cors.max_age", Integer, "0", "seconds that the answer to a preflight is good for", INT32_MIN,
               INT32_MAX},
    OptionSpec{"cors.options_passthrough", Boolean, "false", "preflights reach the routes too"},
    OptionSpec{"cors.options_success_status", Integer, "0", "status of the answer to a preflight; 0: 204", 0, 599},
    OptionSpec{"cors.allow_private_network", Boolean, "false", "requests from public to private networks are allowed"},
};

// As the server was started; without the service the defaults.
httpd::BodyLimits body_limits(Host& host) {
  httpd::BodyLimits limits;
  const auto* service = host.service<Switches>();
  if (service == nullptr) return limits;
  constexpr std::uint64_t kMegabyte = 1 << 20;
  const OptionView& switches = service->switches();
  limits.request = static_cast<std::uint64_t>(switches.integer("httpd_max_request_size")) * kMegabyte;
  limits.restore = static_cast<std::uint64_t>(switches.integer("httpd_max_restore_size")) * kMegabyte;
  return limits;
}

class HttpModule final : public ProtocolModule, private ServerIdentity {
 public:
  explicit HttpModule(Host& host) : host_(host) {}

  Status configure(const OptionView& options) override {
    SLIPWAY_ASSIGN(auto settings, httpd::read_settings(options));
    if (server_) SLIPWAY_TRY(server_->configure(settings));
    settings_ = std::move(settings);
    return ok();
  }

  Status start() override {
    auto* sessions = host_.service<SessionService>();
    auto* paths = host_.service<PathResolver>();
    auto* access = host_.service<AccessService>();
    auto* management = host_.service<ManagementService>();
    auto* listeners = host_.service<ListenerService>();
    if (sessions == nullptr || paths == nullptr || access == nullptr || management == nullptr || listeners == nullptr) {
      return Error(Errc::NotSupported, "protocol-http",
                   "the module needs slipway.sessions.v1, slipway.paths.v1, slipway.access.v1, slipway.management.v1 "
                   "and slipway.listeners.v1, and this server denies it one");
    }
    auto server = std::make_unique<httpd::WebServer>(
        httpd::Services{host_.logger(), *sessions, *paths, *access, *management, std::string(host_.instance()),
                        host_.service<PasswordResetService>(), host_.service<EventService>(),
                        host_.service<RevocationService>(), body_limits(host_)},
        *listeners);
    SLIPWAY_TRY(server->start(settings_));
    server_ = std::move(server);
    return ok();
  }

  void drain(std::chrono::steady_clock::time_point deadline) noexcept override {
    if (server_) server_->drain(deadline);
  }
  void stop() noexcept override {
    if (server_) server_->stop();
    server_.reset();
  }

  std::vector<Endpoint> listening() const override { return server_ ? server_->listening() : std::vector<Endpoint>(); }

  void* query(std::string_view interface_id) noexcept override {
    return interface_id == ServerIdentity::kInterfaceId ? static_cast<ServerIdentity*>(this) : nullptr;
  }

 private:
  std::vector<std::string> fingerprints() const override { return {}; }
  std::vector<std::string> how_to_connect(std::string_view user) const override {
    return server_ ? server_->how_to_connect(user) : std::vector<std::string>();
  }

  Host& host_;
  httpd::Settings settings_;
  std::unique_ptr<httpd::WebServer> server_;
};

}  // namespace

SLIPWAY_MODULE(HttpModule, .kind = slipway::ModuleKind::Protocol, .name = "protocol-http", .version = "0.1.0",
               .summary = "Serves the REST API over HTTP and HTTPS", .provides = "http", .section = "httpd",
               .options = kOptions.data(), .option_count = kOptions.size());
