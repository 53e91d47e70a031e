// Reads small files whole.
#pragma once

#include <cstddef>
#include <string>

#include "slipway/result.h"

namespace slipway::config {

// A regular file of at most `max_bytes`; opened first, then looked at. TooLarge beyond, InvalidArgument for what is no
// file.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

}  // namespace slipway::config
