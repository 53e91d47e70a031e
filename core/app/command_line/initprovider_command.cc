// initprovider: makes the database, or brings it up to date.
#include <filesystem>
#include <iostream>

#include "core/accounts/backup.h"
#include "core/app/command_line/offline.h"
#include "core/management/restore.h"

namespace slipway::app {
namespace {

Status load_dump(accounts::Accounts& accounts, const InitProviderOptions& options) {
  SLIPWAY_ASSIGN(const std::string text, accounts::read_backup_file(options.loaddata_from, management::kMaxRestore));
  accounts::LoadOptions load;
  load.mode = options.loaddata_mode == 0 ? accounts::LoadMode::Update : accounts::LoadMode::AddOnly;
  load.actor.name = "__system__";
  accounts::LoadReport report;
  if (const Status loaded = management::restore(accounts, text, load, report); !loaded)
    return Error(loaded.code(), options.loaddata_from + loaded.error().subject(), loaded.error().cause());
  std::cout << "data loaded: " << report.added << " added, " << report.updated << " updated, " << report.skipped
            << " skipped\n";
  if (!options.loaddata_clean) return ok();
  std::error_code error;
  std::filesystem::remove(options.loaddata_from, error);
  if (error) return Error(Errc::IoError, options.loaddata_from, "cannot be removed: " + error.message());
  return ok();
}

}  // namespace

int init_provider(const Location& location, const InitProviderOptions& options) {
  const auto offline = open_offline(location, Migrate::Yes);
  if (!offline) return fail(offline.error());
  std::cout << "the database is up to date: " << offline->settings.data_provider.database << '\n';
  if (options.loaddata_from.empty()) return 0;
  const Status loaded = load_dump(*offline->rooms->accounts, options);
  return loaded ? 0 : fail(loaded.error());
}

}  // namespace slipway::app
