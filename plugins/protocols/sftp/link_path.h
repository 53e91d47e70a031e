// Where the symbolic links on a path of a session lead.
#pragma once

#include "slipway/session.h"

namespace slipway::sftp {

// The path with its links followed as far as they exist; the path itself where they cannot be followed.
VPath follow_links(const OpContext& op, Filesystem& fs, const PathResolver& paths, const VPath& path);

}  // namespace slipway::sftp
