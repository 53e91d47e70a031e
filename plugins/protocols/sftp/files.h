// Small files of the configuration, read whole.
#pragma once

#include <cstddef>
#include <string>

#include "slipway/result.h"

namespace slipway::sftp {

// `name` as it is when absolute, else below `config_dir`.
std::string path_in(const std::string& config_dir, const std::string& name);
// The content of a regular file. TooLarge beyond `limit` bytes; NotFound and IoError name the file.
Result<std::string> read_file(const std::string& file, std::size_t limit);

}  // namespace slipway::sftp
