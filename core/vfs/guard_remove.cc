#include <algorithm>

#include "core/vfs/guard_impl.h"

namespace slipway::vfs {
namespace {

// An upload that has not moved for so long belongs to a server that is gone.
constexpr std::chrono::hours kAbandonedAfter{1};
constexpr std::size_t kPage = 256;

// After a crash a directory may hold nothing but staged uploads that nobody will finish and no client can see: they are
// removed with it. False when there is anything else.
bool remove_abandoned_uploads(const OpContext& ctx, const Place& directory) {
  auto cursor = directory.fs().list(ctx, directory.path);
  if (!cursor) return false;
  const Timestamp limit =
      std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now()) - kAbandonedAfter;
  std::vector<FileInfo> entries;
  while (true) {
    const std::size_t seen = entries.size();
    const auto more = (*cursor)->next(ctx, kPage, entries);
    if (!more) return false;
    const auto abandoned = [&](const FileInfo& entry) {
      return is_upload_name(entry.name) && entry.is_regular() && entry.mtime < limit;
    };
    if (!std::all_of(entries.begin() + static_cast<std::ptrdiff_t>(seen), entries.end(), abandoned)) return false;
    if (!*more) break;
  }
  for (const FileInfo& entry : entries)
    if (!directory.fs().remove(ctx, directory.path.child(entry.name))) return false;
  return !entries.empty();
}

}  // namespace

Status Guard::make_dir(const OpContext& ctx, const VPath& path, std::uint32_t mode) {
  const GuardState& s = *s_;
  SLIPWAY_TRY(s.access.require(Permission::CreateDirs, path));
  SLIPWAY_TRY(s.access.creatable(path));
  if (s.mounts.is_mount_point(path)) return denied(path, "a virtual folder is here");
  if (path.is_root() || is_parent_of_mount(path)) return refused(Errc::Exists, path, "exists already");
  const Place place = s.place(path);
  SLIPWAY_TRY(about(path, place.fs().make_dir(ctx, place.path, mode)));
  s.notices.log_command("Mkdir", place);
  s.notices.tell(ctx, "mkdir", place);
  return ok();
}

Status Guard::remove(const OpContext& ctx, const VPath& path) {
  const GuardState& s = *s_;
  if (s.policy.mark_activity) s.policy.mark_activity();
  SLIPWAY_TRY(s.access.require(Permission::DeleteFiles, path));
  SLIPWAY_TRY(s.access.usable(path));
  if (path.is_root() || is_synthetic(path)) return refused(Errc::IsDirectory, path, "is a directory");
  const Place place = s.place(path);
  QuotaHold hold(place);
  const auto info = about(path, place.fs().stat(ctx, place.path, Follow::No));
  if (!info) return info.error();
  if (info->is_directory()) return refused(Errc::IsDirectory, path, "is a directory");
  hold.assume(counted(*info));

  const bool asked = s.notices.wanted("pre-delete");
  if (asked) {
    Event event = s.notices.event("pre-delete", place);
    event.file_size = info->size;
    SLIPWAY_TRY(s.notices.ask(ctx, event));
  }
  Status removed = about(path, place.fs().remove(ctx, place.path));
  // A pre-delete handler may have taken it away itself (a recycle bin); that is what the client wanted.
  if (!removed && !(asked && removed.code() == Errc::NotFound)) return removed;
  hold.settle(
      {}, [&] { return look_at(ctx, place, Follow::No, {}); }, Identity::Another);

  s.notices.log_command("Remove", place);
  if (s.notices.wanted("delete")) {
    Event event = s.notices.event("delete", place);
    event.file_size = info->size;
    (void)s.notices.tell(ctx, std::move(event));
  }
  return ok();
}

Status Guard::removable(const VPath& path) const {
  const GuardState& s = *s_;
  if (path.is_root()) return denied(path, "the root cannot be removed");
  if (s.mounts.is_mount_point(path)) return denied(path, "a virtual folder cannot be removed");
  if (s.mounts.has_mounts_below(path)) return not_supported(path, "a virtual folder lies inside");
  if (s.mounts.is_mapped(s.place(path))) return denied(path, "a virtual folder is stored here");
  return ok();
}

Status Guard::remove_dir(const OpContext& ctx, const VPath& path) {
  const GuardState& s = *s_;
  SLIPWAY_TRY(removable(path));
  SLIPWAY_TRY(s.access.require(Permission::DeleteDirs, path));
  SLIPWAY_TRY(s.access.usable(path));
  const Place place = s.place(path);
  const auto info = about(path, place.fs().stat(ctx, place.path, Follow::No));
  if (!info) return info.error();
  if (!info->is_directory()) return refused(Errc::NotDirectory, path, "is not a directory");
  Status removed = place.fs().remove_dir(ctx, place.path);
  if (!removed && removed.code() == Errc::NotEmpty && remove_abandoned_uploads(ctx, place))
    removed = place.fs().remove_dir(ctx, place.path);
  SLIPWAY_TRY(about(path, std::move(removed)));
  s.notices.log_command("Rmdir", place);
  s.notices.tell(ctx, "rmdir", place);
  return ok();
}

}  // namespace slipway::vfs
