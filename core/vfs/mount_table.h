// Which storage a path of the user's tree belongs to.
#pragma once

#include <string>
#include <vector>

#include "core/vfs/policy.h"

namespace slipway::vfs {

// A path of the user's tree and where it is stored. The mount lives as long as its table.
struct Place {
  VPath virtual_path;
  const Mount* mount = nullptr;
  VPath path;  // within the mount's filesystem

  Filesystem& fs() const noexcept { return *mount->fs; }
  std::string location() const { return mount->fs->location(path); }
};

// Immutable, hence thread-safe. The deepest mount at or above a path owns it; of two at one path the later one counts.
class MountTable {
 public:
  // `mounts` has one at "/".
  explicit MountTable(std::vector<Mount> mounts);

  Place resolve(const VPath& path) const;
  // A mount other than the root's is exactly here.
  bool is_mount_point(const VPath& path) const noexcept;
  // A mount point lies strictly below.
  bool has_mounts_below(const VPath& path) const noexcept;
  // Names directly below `directory` that are mount points or lead to some.
  std::vector<std::string> names_below(const VPath& directory) const;
  // A mount's root is stored here too: a folder whose files lie inside another mount's tree.
  bool is_mapped(const Place& place) const;

  const std::vector<Mount>& mounts() const noexcept { return mounts_; }  // deepest first

 private:
  std::vector<Mount> mounts_;
};

// Equal storages: a file can be renamed between the two mounts.
bool same_storage(const Mount& a, const Mount& b) noexcept;
// One object by two names.
bool same_object(const Place& a, const Place& b);
// The counters of the domain, and the file's name in them.
std::string ledger_key(const Place& place);

}  // namespace slipway::vfs
