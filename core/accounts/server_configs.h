// Settings that are kept with the accounts instead of the configuration file: the dump's "configs" object.
#pragma once

#include <cstdint>

#include "core/base/json_text.h"

namespace slipway::accounts {

// Each member is a JSON object or empty; objects shaped like a Secret are sealed on save.
struct ServerConfigs {
  JsonText sftpd, smtp, acme, branding;
  std::int64_t updated_at = 0;  // Unix ms
  JsonText extra;
  bool operator==(const ServerConfigs&) const = default;
};

}  // namespace slipway::accounts
