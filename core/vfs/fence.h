// Keeps a storage module's exceptions out of the server: each becomes Errc::Internal, logged with the module's name.
#pragma once

#include <memory>

#include "core/vfs/policy.h"

namespace slipway::vfs {

// Replaces mount.fs (and mount.staging) by one that answers the same and never throws; so do its files and cursors.
void put_behind_fence(Mount& mount, const Policy& policy);

}  // namespace slipway::vfs
