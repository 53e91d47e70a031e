// The stored server settings as the modules they concern see them: with their secrets opened.
#pragma once

#include "core/accounts/accounts.h"
#include "core/crypto/secrets.h"
#include "slipway/server_settings.h"

namespace slipway::accounts {

// Thread-safe. The accounts and the keys outlive it.
class OpenedSettings final : public ServerSettings {
 public:
  OpenedSettings(Accounts& accounts, const crypto::SecretKeeper& secrets) : accounts_(accounts), secrets_(secrets) {}
  Result<std::string> section(std::string_view name) override;
  // No event tells of it: nobody has changed what the settings mean.
  Status replace_secret(std::string_view section, std::string_view pointer, std::string_view old,
                        std::string_view fresh) override;

 private:
  Accounts& accounts_;
  const crypto::SecretKeeper& secrets_;
};

}  // namespace slipway::accounts
