// errno as an Error: one table for the whole server.
#pragma once

#include <string_view>

#include "slipway/result.h"

namespace slipway {

// The code closest to `errno_value`, with the system's text as cause.
Error error_from_errno(int errno_value, std::string_view subject);

}  // namespace slipway
