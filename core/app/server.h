// The server as a whole: the composition root that puts the rooms together, and its life from start to stop.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/config/configuration.h"
#include "core/log/log.h"
#include "slipway/protocol.h"

namespace slipway::app {

struct ServeOptions {
  config::Configuration::Location location;
  log::Settings log{.file = "slipway.log"};
  std::chrono::seconds grace_time{0};
  std::string loaddata_from;  // absolute path of a dump; empty: none
  int loaddata_mode = 1;      // 0 add and update, 1 add only
  int loaddata_scan = 0;      // 0 none, 1 all, 2 users with limits
  bool loaddata_clean = false;
  // Makes an administrator and a user with random passwords when there are none, and prints how to connect.
  bool first_run = false;
  std::function<void()> on_ready;  // called once everything listens; may be empty
};

// Runs until SIGINT or SIGTERM. Returns the process's exit code; what went wrong is in the log and on standard error.
int run_server(const ServeOptions& options);

}  // namespace slipway::app
