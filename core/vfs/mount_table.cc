#include "core/vfs/mount_table.h"

#include <algorithm>

#include "core/vfs/path_walk.h"

namespace slipway::vfs {
namespace {

VPath relative_to(const VPath& path, const VPath& mount_point) {
  if (mount_point.is_root()) return path;
  if (path.str().size() == mount_point.str().size()) return VPath();
  return VPath(path.str().substr(mount_point.str().size()));
}

}  // namespace

MountTable::MountTable(std::vector<Mount> mounts) {
  for (auto mount = mounts.rbegin(); mount != mounts.rend(); ++mount) {
    const bool replaced =
        std::any_of(mounts_.begin(), mounts_.end(), [&](const Mount& kept) { return kept.at == mount->at; });
    if (!replaced) mounts_.push_back(std::move(*mount));
  }
  // An ancestor's path is always shorter than its descendant's.
  std::stable_sort(mounts_.begin(), mounts_.end(),
                   [](const Mount& a, const Mount& b) { return a.at.str().size() > b.at.str().size(); });
}

Place MountTable::resolve(const VPath& path) const {
  for (const Mount& mount : mounts_)
    if (path.is_within(mount.at)) return {path, &mount, relative_to(path, mount.at)};
  return {path, &mounts_.back(), path};
}

bool MountTable::is_mount_point(const VPath& path) const noexcept {
  return !path.is_root() &&
         std::any_of(mounts_.begin(), mounts_.end(), [&](const Mount& mount) { return mount.at == path; });
}

bool MountTable::has_mounts_below(const VPath& path) const noexcept {
  return std::any_of(mounts_.begin(), mounts_.end(),
                     [&](const Mount& mount) { return mount.at != path && mount.at.is_within(path); });
}

std::vector<std::string> MountTable::names_below(const VPath& directory) const {
  std::vector<std::string> names;
  for (const Mount& mount : mounts_) {
    if (mount.at == directory || !mount.at.is_within(directory)) continue;
    std::string_view rest = mount.at.str();
    if (!directory.is_root()) rest.remove_prefix(directory.str().size());
    names.emplace_back(split_head(rest).component);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool MountTable::is_mapped(const Place& place) const {
  for (const Mount& mount : mounts_) {
    if (&mount == place.mount || mount.at.is_root() || !same_storage(mount, *place.mount)) continue;
    if (mount.fs->location(VPath()) == place.location()) return true;
  }
  return false;
}

bool same_storage(const Mount& a, const Mount& b) noexcept {
  return &a == &b || (!a.resource.empty() && a.resource == b.resource);
}

bool same_object(const Place& a, const Place& b) {
  if (a.mount == b.mount) return a.path == b.path;
  return same_storage(*a.mount, *b.mount) && a.location() == b.location();
}

std::string ledger_key(const Place& place) {
  const std::string location = place.location();
  std::string key;
  key.reserve(place.mount->resource.size() + 1 + location.size());
  key += place.mount->resource;
  key += '\0';
  key += location;
  return key;
}

}  // namespace slipway::vfs
