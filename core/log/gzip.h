// Compresses a closed log file.
#pragma once

#include <filesystem>
#include <stop_token>

#include "slipway/result.h"

namespace slipway::log {

// `file` becomes `file`.gz with the same mode and times. An existing .gz is replaced; on an error `file` stays and
// nothing half-written is left.
Status gzip_file(const std::filesystem::path& file, std::stop_token stop);

}  // namespace slipway::log
