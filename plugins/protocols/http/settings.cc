#include "settings.h"

#include <fstream>
#include <iterator>

namespace slipway::httpd {
namespace {

constexpr std::size_t kMaxPassphraseFile = 64 << 10;
// Flags of token_validation.
constexpr std::int64_t kAnyAddress = 1, kEndWithChanges = 2;

std::vector<std::string> list(const OptionView& options, const std::string& name) {
  std::vector<std::string> items;
  for (std::size_t i = 0, count = options.count(name); i < count; ++i) items.emplace_back(options.item(name, i));
  return items;
}

http::SecurityOptions read_security(const OptionView& options, const std::string& at) {
  const auto text = [&](const char* name) { return std::string(options.string(at + name)); };
  http::SecurityOptions security;
  security.enabled = options.flag(at + "enabled");
  security.allowed_hosts = list(options, at + "allowed_hosts");
  security.allowed_hosts_are_regex = options.flag(at + "allowed_hosts_are_regex");
  security.hosts_proxy_headers = list(options, at + "hosts_proxy_headers");
  security.https_redirect = options.flag(at + "https_redirect");
  security.https_host = text("https_host");
  for (std::size_t i = 0, count = options.count(at + "https_proxy_headers"); i < count; ++i) {
    const auto element = at + "https_proxy_headers[" + std::to_string(i) + "].";
    security.https_proxy_headers.emplace_back(options.string(element + "key"), options.string(element + "value"));
  }
  security.sts_seconds = static_cast<int>(options.integer(at + "sts_seconds"));
  security.sts_include_subdomains = options.flag(at + "sts_include_subdomains");
  security.sts_preload = options.flag(at + "sts_preload");
  security.content_type_nosniff = options.flag(at + "content_type_nosniff");
  security.content_security_policy = text("content_security_policy");
  security.permissions_policy = text("permissions_policy");
  security.cross_origin_opener_policy = text("cross_origin_opener_policy");
  security.cross_origin_resource_policy = text("cross_origin_resource_policy");
  security.cross_origin_embedder_policy = text("cross_origin_embedder_policy");
  security.referrer_policy = text("referrer_policy");
  security.cache_control = text("cache_control");
  return security;
}

http::CorsOptions read_cors(const OptionView& options) {
  http::CorsOptions cors;
  cors.enabled = options.flag("cors.enabled");
  cors.allowed_origins = list(options, "cors.allowed_origins");
  cors.allowed_methods = list(options, "cors.allowed_methods");
  cors.allowed_headers = list(options, "cors.allowed_headers");
  cors.exposed_headers = list(options, "cors.exposed_headers");
  cors.allow_credentials = options.flag("cors.allow_credentials");
  cors.max_age = static_cast<int>(options.integer("cors.max_age"));
  cors.options_passthrough = options.flag("cors.options_passthrough");
  cors.options_success_status = static_cast<int>(options.integer("cors.options_success_status"));
  cors.allow_private_network = options.flag("cors.allow_private_network");
  return cors;
}

Result<http::TlsConfig> read_tls(const OptionView& options, const std::string& at) {
  http::TlsConfig tls;
  std::string certificate(options.string(at + "certificate_file")), key(options.string(at + "certificate_key_file"));
  if (certificate.empty() && key.empty()) {
    certificate = options.string("certificate_file");
    key = options.string("certificate_key_file");
  }
  if (certificate.empty() || key.empty())
    return Error(Errc::InvalidArgument, "httpd." + at + "enable_https",
                 "set certificate_file and certificate_key_file, of the binding or of httpd");
  tls.certificates.push_back({std::move(certificate), std::move(key)});
  tls.min_version = static_cast<int>(options.integer(at + "min_tls_version"));
  tls.cipher_suites = list(options, at + "tls_cipher_suites");
  tls.client_auth = options.integer(at + "client_auth_type") == 1   ? http::ClientAuth::Require
                    : options.integer(at + "client_auth_type") == 2 ? http::ClientAuth::VerifyIfGiven
                                                                    : http::ClientAuth::None;
  tls.ca_files = list(options, "ca_certificates");
  tls.crl_files = list(options, "ca_revocation_lists");
  if (tls.client_auth != http::ClientAuth::None && tls.ca_files.empty())
    return Error(Errc::InvalidArgument, "httpd.ca_certificates",
                 "name the authorities of client certificates, which client_auth_type asks for");
  return tls;
}

Result<BindingSettings> read_binding(const OptionView& options, const std::string& at) {
  BindingSettings binding;
  binding.address = options.string(at + "address");
  binding.port = static_cast<std::uint16_t>(options.integer(at + "port"));
  binding.apply_proxy_config = options.integer(at + "proxy_mode") == 1;
  binding.rest_api = options.flag(at + "enable_rest_api");
  binding.openapi = options.flag(at + "render_openapi") && !options.string("openapi_path").empty();
  binding.tus = options.integer(at + "upload_chunk_size") > 0;
  binding.disabled_logins = static_cast<unsigned>(options.integer(at + "disabled_login_methods"));
  binding.https = options.flag(at + "enable_https");
  if (binding.https) {
    SLIPWAY_ASSIGN(binding.tls, read_tls(options, at));
  }
  binding.proxy.allowed = list(options, at + "proxy_allowed");
  binding.proxy.client_ip_header = options.string(at + "client_ip_proxy_header");
  binding.proxy.client_ip_depth = static_cast<int>(options.integer(at + "client_ip_header_depth"));
  binding.security = read_security(options, at + "security.");
  return binding;
}

Result<std::string> read_passphrase(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) return Error(Errc::InvalidArgument, "httpd.signing_passphrase_file", "cannot be read: " + path);
  if (text.size() > kMaxPassphraseFile)
    return Error(Errc::InvalidArgument, "httpd.signing_passphrase_file", "is larger than a pass phrase should be");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  if (text.empty()) return Error(Errc::InvalidArgument, "httpd.signing_passphrase_file", "is empty: " + path);
  return text;
}

}  // namespace

Result<Settings> read_settings(const OptionView& options) {
  Settings settings;
  for (std::size_t i = 0, count = options.count("bindings"); i < count; ++i) {
    SLIPWAY_ASSIGN(auto binding, read_binding(options, "bindings[" + std::to_string(i) + "]."));
    if (binding.port != 0 || binding.is_unix_socket()) settings.bindings.push_back(std::move(binding));
  }
  settings.cors = read_cors(options);
  settings.signing_passphrase = options.string("signing_passphrase");
  if (const std::string file(options.string("signing_passphrase_file")); !file.empty()) {
    SLIPWAY_ASSIGN(settings.signing_passphrase, read_passphrase(file));
  }
  settings.token_lifetime = std::chrono::minutes(options.integer("jwt_lifetime"));
  settings.share_token_lifetime = std::chrono::minutes(options.integer("share_cookie_lifetime"));
  const auto validation = options.integer("token_validation");
  settings.bind_tokens_to_address = (validation & kAnyAddress) == 0;
  settings.end_tokens_with_changes = (validation & kEndWithChanges) != 0;
  settings.max_upload_size = static_cast<std::uint64_t>(options.integer("max_upload_file_size"));
  return settings;
}

}  // namespace slipway::httpd
