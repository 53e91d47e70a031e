// Client paths made into VPaths: the only place where outside text becomes one.
#pragma once

#include <string_view>

#include "slipway/filesystem.h"

namespace slipway::vfs {

inline constexpr std::size_t kMaxPath = 4096;  // bytes

// '/' and '\' separate; relative paths start at `base`; "." and ".." are resolved lexically, ".." never climbs above
// the root. InvalidArgument for NUL bytes, TooLarge beyond kMaxPath or a component beyond 255 bytes.
Result<VPath> clean_path(const VPath& base, std::string_view client_path);
// Of text that is ours or validated (configuration, accounts): as above, from the root.
Result<VPath> absolute_path(std::string_view text);

}  // namespace slipway::vfs
