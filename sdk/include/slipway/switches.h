// Switches that exist as variables of the environment only (SLIPWAY_HOOK__…), for the modules they are about.
#pragma once

#include "slipway/module.h"

namespace slipway {

class Switches {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.switches.v1";
  // Validated, by the names of docs/configuration-reference.md ("httpd_max_request_size"). Read when the server starts;
  // valid as long as the host.
  virtual const OptionView& switches() const = 0;

 protected:
  ~Switches() = default;
};

}  // namespace slipway
