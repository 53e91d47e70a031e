// A plain directory as a Filesystem: what the tests of this module serve, without policy and without confinement.
#pragma once

#include "slipway/filesystem.h"

namespace slipway::sftp::testing {

// Reads of a file called "blocks" wait until they are cancelled, as those of a store that does not answer.
std::unique_ptr<Filesystem> make_posix_filesystem(std::string root);

}  // namespace slipway::sftp::testing
