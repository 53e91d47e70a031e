// A plain directory as a Filesystem: what the tests of this module serve, without policy and without confinement.
#pragma once

#include "slipway/filesystem.h"

namespace slipway::sftp::testing {

std::unique_ptr<Filesystem> make_posix_filesystem(std::string root);

}  // namespace slipway::sftp::testing
