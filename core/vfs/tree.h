// Whole directories in one call, for protocols and actions that offer it: entry by entry through a session's
// filesystem, so that every permission, quota and event is that of the single operations.
#pragma once

#include "slipway/server_side.h"

namespace slipway::vfs {

// What the guard knows about directories before anything in them is touched; by Filesystem::query.
class TreeRules {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.tree-rules.v1";
  // PermissionDenied for roots and mount points, NotSupported when a mount point lies inside.
  virtual Status removable(const VPath& directory) const = 0;

 protected:
  ~TreeRules() = default;
};

// Copies a file, or a directory with everything below it, to exactly `to`. Missing parents of `to` are made; existing
// directories are merged into, existing files overwritten; links and special files inside are left out, as is what
// vanishes meanwhile. NotSupported: `from` is a link, a directory meets a file or a file a directory, one contains the
// other. Stops at the first error; what was copied until then stays. At most 1000 levels; Cancelled with ctx.stop.
Status copy_tree(const OpContext& ctx, Filesystem& fs, const VPath& from, const VPath& to);

// Where a copy goes that was asked for as "copy `from` `to`".
using CopyRequest = TreeOperations::CopyRequest;
Result<VPath> copy_target(const OpContext& ctx, Filesystem& fs, const CopyRequest& request);

// Removes a file or link, or a directory with everything below it that the user sees, deepest first. Nothing is removed
// when the directory is a root, a mount point or contains one. Stops at the first error.
Status remove_tree(const OpContext& ctx, Filesystem& fs, const VPath& path);

// Copies all of `from` to exactly `to`, then removes it; see TreeOperations::move_tree.
Status move_tree_by_copy(const OpContext& ctx, Filesystem& fs, const VPath& from, const VPath& to);

}  // namespace slipway::vfs
