// What the system calls answered, as the errors of the storage contract.
#pragma once

#include <string_view>

#include "slipway/filesystem.h"

namespace slipway::local {

// `code` is errno; `subject` is the path as the user sees it.
Error system_error(int code, std::string_view subject);
// Of openat2 beneath the root, where EXDEV means that a link or ".." leads outside.
Error beneath_error(int code, std::string_view subject);

}  // namespace slipway::local
