// The part of a user's tree that a share opens: nothing outside of its paths, nothing beyond what was asked for, and no
// way out through a symbolic link.
#pragma once

#include <memory>
#include <vector>

#include "slipway/filesystem.h"
#include "slipway/share.h"

namespace slipway::session {

// Everything else is NotFound, or PermissionDenied where it would change something. Reading: stat, list, open. Writing:
// stat, open, make_dir, set_attributes.
std::unique_ptr<Filesystem> make_share_filesystem(std::unique_ptr<Filesystem> fs, std::vector<VPath> paths,
                                                  ShareRequest::Need need);

}  // namespace slipway::session
