#include "core/vfs/tree.h"

#include <utility>
#include <vector>

#include "core/vfs/access.h"
#include "core/vfs/tree_walk.h"

namespace slipway::vfs {
namespace {

bool vanished(Errc code) noexcept { return code == Errc::NotFound || code == Errc::NotDirectory; }

// A directory is there when this returns; a file in its place is refused.
Status ensure_directory(const OpContext& ctx, Filesystem& fs, const VPath& path) {
  if (path.is_root()) return ok();
  const auto info = fs.stat(ctx, path, Follow::Yes);
  if (info) return info->is_directory() ? ok() : Status(not_supported(path, "a file is in the way of a directory"));
  if (info.code() != Errc::NotFound) return info.error();
  Status made = fs.make_dir(ctx, path);
  // Somebody else was quicker.
  if (!made && made.code() == Errc::Exists) return ok();
  return made;
}

Status ensure_parents(const OpContext& ctx, Filesystem& fs, const VPath& path) {
  std::vector<VPath> missing;
  for (VPath parent = path.parent(); !parent.is_root(); parent = parent.parent()) {
    const auto info = fs.stat(ctx, parent, Follow::Yes);
    if (info && info->is_directory()) break;
    if (info) return not_supported(parent, "a file is in the way of a directory");
    if (info.code() != Errc::NotFound) return info.error();
    missing.push_back(parent);
  }
  for (auto parent = missing.rbegin(); parent != missing.rend(); ++parent)
    SLIPWAY_TRY(ensure_directory(ctx, fs, *parent));
  return ok();
}

VPath moved_path(const VPath& path, const VPath& from, const VPath& to) {
  if (path == from) return to;
  const std::string rest = from.is_root() ? path.str() : path.str().substr(from.str().size());
  return VPath(to.is_root() ? rest : to.str() + rest);
}

}  // namespace

Status copy_tree(const OpContext& ctx, Filesystem& fs, const VPath& from, const VPath& to) {
  if (from == to) return not_supported(from, "the copy source and target cannot be the same");
  SLIPWAY_ASSIGN(const FileInfo source, fs.stat(ctx, from, Follow::No));
  if (source.type == FileType::Symlink) return not_supported(from, "only files and directories can be copied");
  if (source.is_directory() && (to.is_within(from) || from.is_within(to)))
    return not_supported(from, "source and target contain one another");
  const auto target = fs.stat(ctx, to, Follow::Yes);
  if (!target && target.code() != Errc::NotFound) return target.error();
  if (target && target->is_directory() != source.is_directory())
    return not_supported(to, "a file and a directory cannot replace one another");
  if (!target) SLIPWAY_TRY(ensure_parents(ctx, fs, to));
  if (!source.is_directory()) return fs.copy(ctx, from, to);

  return walk_tree(ctx, fs, from, [&](const VPath& path, const FileInfo& entry) -> Status {
    const VPath entry_target = moved_path(path, from, to);
    if (entry.is_directory()) return ensure_directory(ctx, fs, entry_target);
    if (!entry.is_regular()) return ok();
    Status copied = fs.copy(ctx, path, entry_target);
    if (!copied && copied.code() == Errc::NotFound && fs.stat(ctx, path, Follow::No).code() == Errc::NotFound)
      return ok();
    return copied;
  });
}

Result<VPath> copy_target(const OpContext& ctx, Filesystem& fs, const CopyRequest& request) {
  if (request.into) return request.to.child(request.from.name());
  if (request.contents) return request.to;
  const auto target = fs.stat(ctx, request.to, Follow::Yes);
  if (!target && target.code() != Errc::NotFound) return target.error();
  if (!target || !target->is_directory()) return request.to;
  return request.to.child(request.from.name());
}

Status remove_tree(const OpContext& ctx, Filesystem& fs, const VPath& path) {
  if (const auto* rules = static_cast<TreeRules*>(fs.query(TreeRules::kInterfaceId))) {
    const auto info = fs.stat(ctx, path, Follow::No);
    if (info && info->is_directory()) SLIPWAY_TRY(rules->removable(path));
  }
  std::vector<VPath> directories;  // parents before children
  SLIPWAY_TRY(walk_tree(ctx, fs, path, [&](const VPath& at, const FileInfo& entry) -> Status {
    if (entry.is_directory()) {
      directories.push_back(at);
      return ok();
    }
    Status removed = fs.remove(ctx, at);
    if (!removed && at != path && vanished(removed.code())) return ok();
    return removed;
  }));
  for (auto directory = directories.rbegin(); directory != directories.rend(); ++directory) {
    Status removed = fs.remove_dir(ctx, *directory);
    if (!removed && *directory != path && vanished(removed.code())) continue;
    SLIPWAY_TRY(std::move(removed));
  }
  return ok();
}

Status move_tree_by_copy(const OpContext& ctx, Filesystem& fs, const VPath& from, const VPath& to) {
  SLIPWAY_ASSIGN(const FileInfo source, fs.stat(ctx, from, Follow::No));
  if (source.is_directory()) {
    if (const auto* rules = static_cast<TreeRules*>(fs.query(TreeRules::kInterfaceId)))
      SLIPWAY_TRY(rules->removable(from));
    const auto target = fs.stat(ctx, to, Follow::No);
    if (target) return refused(Errc::Exists, to, "there is something already");
    if (target.code() != Errc::NotFound) return target.error();
  }
  // What a copy leaves out would be lost by the removal.
  SLIPWAY_TRY(walk_tree(ctx, fs, from, [&](const VPath& path, const FileInfo& entry) -> Status {
    if (entry.is_directory() || entry.is_regular()) return ok();
    return not_supported(path, "links and special files cannot be moved to another storage");
  }));
  SLIPWAY_TRY(copy_tree(ctx, fs, from, to));
  return remove_tree(ctx, fs, from);
}

}  // namespace slipway::vfs
