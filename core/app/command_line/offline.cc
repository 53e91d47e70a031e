#include "core/app/command_line/offline.h"

namespace slipway::app {

Result<Offline> open_offline(const Location& location, Migrate migrate) {
  log::set_level(LogLevel::Warn);
  SLIPWAY_ASSIGN(const auto configuration, config::Configuration::load(location));
  std::vector<config::Problem> problems;
  Offline offline;
  offline.settings = read_core_settings(*configuration, problems);
  SLIPWAY_TRY(report(*configuration, problems));
  SLIPWAY_ASSIGN(offline.rooms, open_accounts(offline.settings, migrate));
  return offline;
}

}  // namespace slipway::app
