// initprovider: makes the database, or brings it up to date.
#include <iostream>

#include "core/app/command_line/offline.h"

namespace slipway::app {

int init_provider(const Location& location) {
  const auto offline = open_offline(location, Migrate::Yes);
  if (!offline) return fail(offline.error());
  std::cout << "the database is up to date: " << offline->settings.data_provider.database << '\n';
  return 0;
}

}  // namespace slipway::app
