#include "core/app/rooms.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/accounts/store/sql_store.h"
#include "core/config/core_options.h"
#include "core/log/log.h"
#include "core/module/inspect.h"

namespace slipway::app {
namespace {

// data_provider.create_default_admin: name and password come from the environment, and only for the first one.
Status create_default_admin(accounts::Accounts& accounts) {
  SLIPWAY_ASSIGN(const bool wanted, accounts.needs_setup());
  if (!wanted) return ok();
  const auto variable = [](const char* ours, const char* theirs) -> std::string {
    for (const char* name : {ours, theirs})
      if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
    return {};
  };
  const std::string username = variable("SLIPWAY_DEFAULT_ADMIN_USERNAME", "SFTPGO_DEFAULT_ADMIN_USERNAME");
  const std::string password = variable("SLIPWAY_DEFAULT_ADMIN_PASSWORD", "SFTPGO_DEFAULT_ADMIN_PASSWORD");
  if (username.empty() || password.empty())
    return Error(Errc::InvalidArgument, "data_provider.create_default_admin",
                 "set SLIPWAY_DEFAULT_ADMIN_USERNAME and SLIPWAY_DEFAULT_ADMIN_PASSWORD, or turn it off");
  SLIPWAY_TRY(accounts.create_first_admin(username, password));
  log::info("dataprovider", "the default administrator was made", {{"username", username}});
  return ok();
}

}  // namespace

Result<std::unique_ptr<AccountRooms>> open_accounts(const CoreSettings& settings, Migrate migrate) {
  if (settings.data_provider.driver != "sqlite")
    return Error(Errc::NotSupported, "data_provider.driver",
                 "'" + settings.data_provider.driver + "' is not available in this version; use sqlite");
  auto rooms = std::make_unique<AccountRooms>();
  rooms->bus = std::make_shared<events::EventBus>();
  SLIPWAY_ASSIGN(auto secrets, crypto::SecretKeeper::make(settings.secrets));
  rooms->secrets = std::make_unique<crypto::SecretKeeper>(std::move(secrets));

  accounts::SqliteStoreSettings store;
  store.path = settings.data_provider.database;
  store.connection_string = settings.data_provider.connection_string;
  store.table_prefix = settings.data_provider.table_prefix;
  if (const std::size_t pool = settings.data_provider.pool_size; pool != 0)
    store.options.max_readers = std::max<std::size_t>(pool - 1, 1);
  const bool apply = migrate == Migrate::Yes || settings.data_provider.update_mode == 0;
  store.options.migration = apply ? sql::MigrationMode::Apply : sql::MigrationMode::CheckOnly;
  SLIPWAY_ASSIGN(rooms->store, accounts::open_sqlite_store(store));
  rooms->accounts =
      std::make_unique<accounts::Accounts>(*rooms->store, *rooms->secrets, rooms->bus.get(), settings.accounts);
  if (settings.data_provider.create_default_admin) SLIPWAY_TRY(create_default_admin(*rooms->accounts));
  return rooms;
}

Status check_sections(const config::Configuration& configuration, const std::vector<std::string>& module_sections) {
  std::vector<std::string> claimed(module_sections);
  for (const std::string_view section : core_sections()) claimed.emplace_back(section);
  const auto unknown = [&] {
    const std::vector<std::string_view> known(claimed.begin(), claimed.end());
    return configuration.unknown_sections(known);
  };
  auto problems = unknown();
  if (std::ranges::any_of(problems, &config::Problem::fatal)) {
    // A section may belong to a module that is disabled: only opening it tells.
    (void)module::check_modules(configuration, std::filesystem::read_symlink("/proc/self/exe"), claimed);
    problems = unknown();
  }
  return report(configuration, problems);
}

}  // namespace slipway::app
