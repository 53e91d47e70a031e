// Settings that administrators keep with the accounts instead of the configuration file, for the module they concern.
#pragma once

#include <string>

#include "slipway/module.h"

namespace slipway {

// Ask in start() and in configure(); a change reaches running modules with the next reload. Thread-safe.
class ServerSettings {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.server-settings.v1";
  // "sftpd" for the settings of the SSH module: a JSON object in which secrets are opened (as strings), "{}" without
  // any. NotFound for a section that this server does not keep; an error when a secret cannot be opened.
  virtual Result<std::string> section(std::string_view name) = 0;
  // Puts `fresh` in the place of the secret `old` that the JSON pointer names ("/oauth2/refresh_token"), sealed.
  // NotFound: there is no such secret; Conflict: it is another one by now, and stays.
  virtual Status replace_secret(std::string_view section, std::string_view pointer, std::string_view old,
                                std::string_view fresh) = 0;

 protected:
  ~ServerSettings() = default;
};

}  // namespace slipway
