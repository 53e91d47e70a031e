// The accounts with what they are made of, opened from the configuration: what serve and the offline commands share.
#pragma once

#include <memory>

#include "core/accounts/accounts.h"
#include "core/app/settings.h"
#include "core/events/bus.h"

namespace slipway::app {

// In the order in which they need each other.
struct AccountRooms {
  std::shared_ptr<events::EventBus> bus;
  std::unique_ptr<crypto::SecretKeeper> secrets;
  std::unique_ptr<accounts::AccountStore> store;
  std::unique_ptr<accounts::Accounts> accounts;
};

enum class Migrate {
  AsConfigured,  // data_provider.update_mode
  Yes,           // initprovider
};

// Opens (and where it may, makes or migrates) the database. The first administrator is made when
// data_provider.create_default_admin asks for it.
Result<std::unique_ptr<AccountRooms>> open_accounts(const CoreSettings& settings, Migrate migrate);

// An error for top-level sections that nobody claims; a warning for documented ones that nobody uses.
Status check_sections(const config::Configuration& configuration, const std::vector<std::string>& module_sections);

}  // namespace slipway::app
