// What this program was built from.
#pragma once

#include "core/management/management.h"

namespace slipway::app {

management::BuildInfo build_info();

}  // namespace slipway::app
