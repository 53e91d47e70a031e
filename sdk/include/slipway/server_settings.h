// Settings that administrators keep with the accounts instead of the configuration file, for the module they concern.
#pragma once

#include <string>

#include "slipway/module.h"

namespace slipway {

// Ask in start() and in configure(); a change reaches running modules with the next reload.
class ServerSettings {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.server-settings.v1";
  // "sftpd" for the settings of the SSH module: a JSON object in which secrets are opened (as strings), "{}" without
  // any. NotFound for a section that this server does not keep; an error when a secret cannot be opened.
  virtual Result<std::string> section(std::string_view name) = 0;

 protected:
  ~ServerSettings() = default;
};

}  // namespace slipway
