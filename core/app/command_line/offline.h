// The accounts opened by a command that runs beside, or without, a server.
#pragma once

#include <memory>

#include "core/app/command_line/commands.h"
#include "core/app/rooms.h"

namespace slipway::app {

struct Offline {
  CoreSettings settings;
  std::unique_ptr<AccountRooms> rooms;
};

// Reads the configuration and opens the database; warnings of the configuration go to standard error.
Result<Offline> open_offline(const Location& location, Migrate migrate);

}  // namespace slipway::app
