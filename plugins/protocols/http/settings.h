// The module's options as values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "slipway/option.h"
#include "slipway/result.h"
#include "support/http/binding_options.h"
#include "support/http/tls.h"

namespace slipway::httpd {

// Bits of disabled_login_methods that this module knows.
inline constexpr unsigned kNoAdminTokens = 16, kNoUserTokens = 32, kNoAdminKeys = 64, kNoUserKeys = 128;

struct BindingSettings {
  std::string address;  // empty: all interfaces; an absolute path: a unix socket
  std::uint16_t port = 8080;
  bool is_unix_socket() const noexcept { return address.starts_with('/'); }
  bool apply_proxy_config = false;
  bool rest_api = true;
  bool openapi = true;  // the document of the API and its page
  bool tus = false;     // uploads in pieces
  unsigned disabled_logins = 0;
  bool https = false;
  http::TlsConfig tls;
  http::ProxyOptions proxy;
  http::SecurityOptions security;
};

struct Settings {
  std::vector<BindingSettings> bindings;  // without those that are off
  http::CorsOptions cors;
  std::string signing_passphrase;  // empty: a key of its own for each binding and start
  std::chrono::minutes token_lifetime{20}, share_token_lifetime{120};
  bool bind_tokens_to_address = true, end_tokens_with_changes = false;
  std::uint64_t max_upload_size = 0;  // bytes of one upload's body; 0: no limit
};

// InvalidArgument for values that make no sense together, or files that cannot be read.
Result<Settings> read_settings(const OptionView& options);

}  // namespace slipway::httpd
