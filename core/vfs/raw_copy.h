// Copies between storages, below the guard: no permission is asked and nothing is counted.
#pragma once

#include <functional>

#include "core/vfs/mount_table.h"

namespace slipway::vfs {

// Both places are in one tree of one storage, so that its own rename and copy reach from one to the other.
bool share_tree(const Place& from, const Place& to);

// One regular file over `target` (or nothing). `grow` is told the size before it is reached; its error stops the copy.
// A failed copy leaves the target as it was where the storage can stage files, and else removes it. Returns the size.
using Grow = std::function<Status(std::uint64_t size)>;
Result<std::uint64_t> stream_file(const OpContext& ctx, Filesystem& source_fs, const VPath& source, const Place& to,
                                  const std::optional<FileInfo>& target, const Grow& grow);

// Moves a file, link or directory by copying everything and then removing the source, times and modes kept as far as
// the target storage can. An error during the copy leaves the source whole; after an error behind it both may be there.
// Conflict: the source has changed meanwhile, and what has changed in it stays. NotSupported before anything is copied
// when the tree holds links that cannot be made again, or special files.
Status move_by_copy(const OpContext& ctx, const Place& from, const FileInfo& source, const Place& to);

// Everything at and below a directory, which `place` names; entries that vanish meanwhile are fine.
Status remove_everything(const OpContext& ctx, Filesystem& fs, const VPath& path);

}  // namespace slipway::vfs
