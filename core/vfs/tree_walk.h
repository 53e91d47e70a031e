// Visits a directory and everything below it, in any Filesystem, without recursion.
#pragma once

#include <functional>

#include "slipway/filesystem.h"

namespace slipway::vfs {

// `root` first (with what stat says), each directory before its entries, links not followed, pages of bounded size.
// An entry that `visit` removes or that vanishes is fine. Ends with the first error of a visit; Cancelled when ctx.stop
// is requested, TooLarge beyond 1000 levels.
using Visit = std::function<Status(const VPath& path, const FileInfo& entry)>;
Status walk_tree(const OpContext& ctx, Filesystem& fs, const VPath& root, const Visit& visit);

}  // namespace slipway::vfs
