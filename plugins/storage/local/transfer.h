// Bytes and trees that move from one place to another: copies, and renames across file systems.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "root.h"

namespace slipway::local {

// Who owns what is created; nothing set: whom the system says.
struct Ownership {
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  bool any() const noexcept { return uid || gid; }
};

// Gives a new file, directory or link, by descriptor (O_PATH will do), to its owner; errno or 0.
int give(int fd, const Ownership& owner);

// Copies the content of `from`, an open regular file, to `to`, an empty one opened for writing, inside the kernel where
// it can; holes stay holes.
Status copy_content(const OpContext&, int from, int to, std::string_view subject);

// Copies the regular file `from`, open for reading, to `to`: written beside it under a temporary name and renamed, so
// the target is old or new, never half.
Status copy_file(const OpContext&, int from, const Place& to, const Ownership& owner, std::string_view subject);

// A rename between two file systems mounted beneath the root. The whole tree is copied under a temporary name (mode,
// owner and times kept), written to the disk, renamed into place, and only then the source is removed: what fails
// before leaves the source as it was. Neither pipes, sockets nor devices are moved: NotSupported, and nothing changes.
Status move_between_devices(const OpContext&, const Place& from, const Place& to, std::string_view subject);

}  // namespace slipway::local
