#include "core/vfs/guard_impl.h"
#include "core/vfs/quota_scan.h"
#include "core/vfs/raw_copy.h"
#include "core/vfs/tree_walk.h"

namespace slipway::vfs {
namespace {

constexpr Permissions kRenameAll = Permissions(Permission::RenameFiles) | Permissions(Permission::RenameDirs);

Status check_names(const Access& access, const VPath& from, const VPath& to) {
  if (access.verdict(from) != PatternVerdict::Visible) return denied(from);
  return access.creatable(to);
}

Status check_kind(const Access& access, const VPath& from, const VPath& to, bool directory) {
  const Permission needed = directory ? Permission::RenameDirs : Permission::RenameFiles;
  SLIPWAY_TRY(access.require(needed, from));
  return access.require(needed, to);
}

Result<std::optional<FileInfo>> stat_target(const OpContext& ctx, const Place& to) {
  auto target = about(to.virtual_path, to.fs().stat(ctx, to.path, Follow::No));
  if (target) return std::optional<FileInfo>(*std::move(target));
  if (target.code() == Errc::NotFound) return std::optional<FileInfo>();
  return std::move(target).error();
}

VPath moved_path(const VPath& path, const VPath& from, const VPath& to) {
  return path == from ? to : VPath(to.str() + path.str().substr(from.str().size()));
}

}  // namespace

// What can be said without asking the storage; it comes first, so that nobody learns what exists by being refused.
Status Guard::check_rename(const Place& from, const Place& to) const {
  const GuardState& s = *s_;
  const VPath &source = from.virtual_path, &target = to.virtual_path;
  if (source == target || same_object(from, to))
    return not_supported(source, "the rename source and target cannot be the same");
  for (const Place* place : {&from, &to}) {
    const VPath& path = place->virtual_path;
    if (path.is_root() || place->path.is_root()) return denied(path, "a root cannot be renamed");
    if (s.mounts.is_mount_point(path)) return denied(path, "a virtual folder cannot be renamed");
    if (s.mounts.is_mapped(*place)) return denied(path, "a virtual folder is stored here");
  }
  if (!same_storage(*from.mount, *to.mount)) return denied(source, "source and target are different storages");
  SLIPWAY_TRY(check_names(s.access, source, target));
  const Permissions held = s.access.in(source.parent()) & s.access.in(target.parent());
  if ((held & kRenameAll) == 0) return denied(source);
  return ok();
}

Status Guard::rename(const OpContext& ctx, const VPath& source, const VPath& target) {
  const GuardState& s = *s_;
  const auto started = std::chrono::steady_clock::now();
  const Place from = s.place(source), to = s.place(target);
  SLIPWAY_TRY(check_rename(from, to));
  QuotaHold source_hold(from), target_hold(to);
  SLIPWAY_ASSIGN(FileInfo found, about(source, from.fs().stat(ctx, from.path, Follow::No)));
  const std::optional<FileInfo> source_info = std::move(found);
  const FileInfo& info = *source_info;
  SLIPWAY_TRY(check_kind(s.access, source, target, info.is_directory()));
  if (is_synthetic(target)) return not_supported(target, "a directory is in the way");
  SLIPWAY_ASSIGN(const auto existing, stat_target(ctx, to));
  if (existing && existing->is_directory()) return not_supported(target, "a directory is in the way");
  if (existing) SLIPWAY_TRY(s.access.require(Permission::Overwrite, target));

  source_hold.assume(counted(info));
  target_hold.assume(existing ? counted(*existing) : CountedFile{});
  SLIPWAY_TRY(info.is_directory() ? rename_directory(ctx, from, info, to)
                                  : rename_file(ctx, {from, source_info, source_hold}, {to, existing, target_hold}));
  const auto elapsed = std::chrono::steady_clock::now() - started;
  s.notices.log_command("Rename", from,
                        {.target = &to, .elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed)});
  s.notices.tell(ctx, "rename", from, &to);
  return ok();
}

Status Guard::rename_file(const OpContext& ctx, const RenameEnd& from, const RenameEnd& to) {
  const bool one_domain = from.place.mount->quota == to.place.mount->quota;
  if (!one_domain && from.info->is_regular()) {
    if (!to.hold.take_file() || !to.hold.allow(from.info->size, 0)) return over_write_quota(to.place.virtual_path);
  }
  const bool one_tree = share_tree(from.place, to.place);
  Status done = one_tree ? from.place.fs().rename(ctx, from.place.path, to.place.path)
                         : move_by_copy(ctx, from.place, *from.info, to.place);
  if (!done && !one_tree) {
    // The copy may be complete although the source could not be removed.
    const OpContext cleanup = cleanup_context(s_->policy);
    const auto look = [&] { return look_at(cleanup, to.place, Follow::No, to.hold.counted()); };
    to.hold.settle(look(), look, Identity::Another);
  }
  SLIPWAY_TRY(about(from.place.virtual_path, std::move(done)));

  const CountedFile arrived = counted(*from.info);
  QuotaUsage came = to.hold.commit(
      arrived, [&] { return look_at(ctx, to.place, Follow::No, arrived); }, Identity::Another);
  const auto what_is_left = [&] { return look_at(ctx, from.place, Follow::No, {}); };
  QuotaUsage left =
      one_tree ? from.hold.commit_moved(what_is_left, to.hold) : from.hold.commit({}, what_is_left, Identity::Another);
  if (one_domain) {
    came += left;
    left = {};
  }
  from.hold.apply(left);
  to.hold.apply(came);
  return ok();
}

// Entries below may be stricter than the directories at the top: then each is asked about.
Status Guard::check_rename_tree(const OpContext& ctx, const Place& from, const Place& to) const {
  const GuardState& s = *s_;
  const VPath &source = from.virtual_path, &target = to.virtual_path;
  const Permissions top =
      s.access.in(source.parent()) & s.access.in(target.parent()) & s.access.in(source)&s.access.in(target);
  const bool uniform = (top & kRenameAll) == kRenameAll && !s.policy.permissions.differs_below(source) &&
                       !s.policy.permissions.differs_below(target) && s.policy.patterns.empty();
  if (uniform) return ok();
  return walk_tree(ctx, from.fs(), from.path, [&](const VPath& path, const FileInfo& entry) -> Status {
    if (is_upload_name(path.name())) return ok();
    const VPath entry_path = moved_path(path, from.path, source);
    const VPath entry_target = moved_path(path, from.path, target);
    SLIPWAY_TRY(check_names(s.access, entry_path, entry_target));
    return check_kind(s.access, entry_path, entry_target, entry.is_directory());
  });
}

// A move by copying `content` failed: what there is now on both sides, where some of it is at the target already, is
// counted. False when nothing is; else what was reserved for the target is settled.
bool Guard::count_incomplete_move(const Place& from, const Place& to, QuotaUsage content) const {
  const OpContext cleanup = cleanup_context(s_->policy);
  const auto came = scan(cleanup, to.fs(), to.path, nullptr);
  const auto left = came ? scan(cleanup, from.fs(), from.path, nullptr) : came;
  if (!left) return false;
  const bool one_domain = from.mount->quota == to.mount->quota;
  if (to.mount->quota) to.mount->quota->settle(one_domain ? QuotaUsage{} : content, *came);
  if (from.mount->quota) from.mount->quota->add({left->size - content.size, left->files - content.files});
  return true;
}

Status Guard::rename_directory(const OpContext& ctx, const Place& from, const FileInfo& info, const Place& to) {
  const GuardState& s = *s_;
  const VPath &source = from.virtual_path, &target = to.virtual_path;
  const bool nested = target.is_within(source) || source.is_within(target) ||
                      (share_tree(from, to) && (to.path.is_within(from.path) || from.path.is_within(to.path)));
  if (nested) return not_supported(source, "source and target contain one another");
  if (s.mounts.has_mounts_below(source) || s.mounts.has_mounts_below(target))
    return not_supported(source, "a virtual folder lies inside");
  SLIPWAY_TRY(check_rename_tree(ctx, from, to));

  const Capabilities abilities = from.fs().capabilities();
  if (!has(abilities, Capability::AtomicRename) && !s.policy.recursive_store_rename) {
    SLIPWAY_TRY(about(source, walk_tree(ctx, from.fs(), from.path, [&](const VPath& path, const FileInfo&) -> Status {
                        return path == from.path ? ok()
                                                 : not_supported(source, "this storage renames only empty directories");
                      })));
  }

  const bool one_domain = from.mount->quota == to.mount->quota;
  const bool one_tree = share_tree(from, to);
  QuotaUsage content;
  if (!one_domain || !one_tree) {
    SLIPWAY_ASSIGN(content, about(source, scan(ctx, from.fs(), from.path, nullptr)));
    if (!one_domain && to.mount->quota && !to.mount->quota->reserve(content.size, content.files, to.mount->limits))
      return over_write_quota(target);
  }
  Status done = one_tree ? from.fs().rename(ctx, from.path, to.path)
                         : Status(Error(Errc::NotSupported, "rename", "another tree"));
  if (!done && done.code() == Errc::NotSupported && (!one_tree || s.policy.recursive_store_rename))
    done = move_by_copy(ctx, from, info, to);
  if (!done && !one_tree && count_incomplete_move(from, to, content)) return about(source, std::move(done));
  if (one_domain && done && one_tree && from.mount->quota)
    from.mount->quota->paths().move_directory(ledger_key(from), ledger_key(to));
  if (!one_domain && to.mount->quota) to.mount->quota->settle(content, done ? content : QuotaUsage{});
  if (!one_domain && from.mount->quota && done) from.mount->quota->add({-content.size, -content.files});
  return about(source, std::move(done));
}

}  // namespace slipway::vfs
