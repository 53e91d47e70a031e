// ping: whether a server runs on this configuration, for health checks.
#include <iostream>

#include "core/app/command_line/commands.h"
#include "core/app/control_socket.h"

namespace slipway::app {

int ping(const Location& location) {
  const auto answer = call_running_server(location.config_dir, "log_level.get", "");
  if (!answer) return fail(answer.error());
  std::cout << "OK\n";
  return 0;
}

}  // namespace slipway::app
