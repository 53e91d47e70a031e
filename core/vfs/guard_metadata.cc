#include <algorithm>

#include "core/vfs/guard_impl.h"

namespace slipway::vfs {
namespace {

// One part of a change: what it is, what it needs, how it is logged.
struct Part {
  FileAttributes attributes;
  Permission permission;
  Capability ability;
  const char* sender;
  CommandLine line;
};

std::vector<Part> parts_of(const FileAttributes& wanted) {
  std::vector<Part> parts;
  if (wanted.atime || wanted.mtime)
    parts.push_back({{.atime = wanted.atime, .mtime = wanted.mtime},
                     Permission::Chtimes,
                     Capability::Times,
                     "Chtimes",
                     {.atime = wanted.atime, .mtime = wanted.mtime}});
  if (wanted.mode)
    parts.push_back(
        {{.mode = *wanted.mode & 07777u}, Permission::Chmod, Capability::Mode, "Chmod", {.mode = wanted.mode}});
  if (wanted.uid || wanted.gid) {
    CommandLine line;
    if (wanted.uid) line.uid = *wanted.uid;
    if (wanted.gid) line.gid = *wanted.gid;
    parts.push_back({{.uid = wanted.uid, .gid = wanted.gid}, Permission::Chown, Capability::Owner, "Chown", line});
  }
  return parts;
}

Status apply(const OpContext& ctx, const Place& place, const Part& part, Follow follow, OpenTarget open) {
  if (!has(place.fs().capabilities(), part.ability))
    return not_supported(place.virtual_path, "this storage does not support it");
  if (!open.file) return about(place.virtual_path, place.fs().set_attributes(ctx, place.path, part.attributes, follow));
  Status done = open.file->set_attributes(ctx, part.attributes);
  if (done && part.ability != Capability::Times) return done;
  if (!done && done.code() != Errc::NotSupported) return about(place.virtual_path, std::move(done));
  FileAttributes& late = *open.late;
  const FileAttributes& a = part.attributes;
  if (a.mode) late.mode = a.mode;
  if (a.uid) late.uid = a.uid;
  if (a.gid) late.gid = a.gid;
  if (a.atime) late.atime = a.atime;
  if (a.mtime) late.mtime = a.mtime;
  return ok();
}

constexpr std::uint64_t kNoLimitBytes = std::uint64_t{8} << 40;
constexpr std::uint64_t kNoLimitFiles = 1'000'000;

std::uint64_t positive(std::int64_t value) noexcept { return value > 0 ? static_cast<std::uint64_t>(value) : 0; }

// The storage's numbers (nothing: unknown) cut down to what the limits leave.
FilesystemSpace within_limits(const std::optional<FilesystemSpace>& disk, QuotaUsage used, const QuotaLimits& limits) {
  const std::uint64_t used_bytes = positive(used.size), used_files = positive(used.files);
  std::uint64_t total = disk ? disk->total_blocks * disk->block_size : used_bytes + kNoLimitBytes;
  std::uint64_t free = disk ? disk->available_blocks * disk->block_size : kNoLimitBytes;
  std::uint64_t files = disk ? disk->total_files : used_files + kNoLimitFiles;
  std::uint64_t free_files = disk ? disk->free_files : kNoLimitFiles;
  if (limits.size > 0) {
    const std::uint64_t quota = positive(limits.size);
    total = std::min(total, quota);
    free = std::min(free, quota > used_bytes ? quota - used_bytes : 0);
  }
  if (limits.files > 0) {
    const std::uint64_t quota = positive(limits.files);
    files = files == 0 ? quota : std::min(files, quota);
    const std::uint64_t left = quota > used_files ? quota - used_files : 0;
    free_files = disk && disk->total_files == 0 ? left : std::min(free_files, left);
  }
  FilesystemSpace space;
  space.block_size = 4096;
  while (space.block_size > 1 && limits.size > 0 && space.block_size > positive(limits.size)) space.block_size /= 4;
  space.total_blocks = total / space.block_size;
  space.free_blocks = space.available_blocks = free / space.block_size;
  space.total_files = files;
  space.free_files = free_files;
  if (disk) space.max_name = disk->max_name;
  return space;
}

}  // namespace

Result<FileInfo> Guard::stat(const OpContext& ctx, const VPath& path, Follow follow) {
  const GuardState& s = *s_;
  SLIPWAY_TRY(s.access.require(Permission::List, path));
  SLIPWAY_TRY(s.access.visible(path));
  if (is_synthetic(path)) {
    FileInfo directory(std::string(path.name()), FileType::Directory);
    directory.mode = 0755;
    return directory;
  }
  if (auto upload = s_->uploads.find(path)) return upload->stat(ctx);
  const Place place = s.place(path);
  return about(path, place.fs().stat(ctx, place.path, follow));
}

Result<bool> Guard::is_link(const OpContext& ctx, const VPath& path) {
  if (is_synthetic(path) || s_->uploads.find(path)) return false;
  const Place place = s_->place(path);
  if (!has(place.fs().capabilities(), Capability::Symlinks)) return false;
  const auto info = place.fs().stat(ctx, place.path, Follow::No);
  if (info.code() == Errc::NotFound || info.code() == Errc::NotDirectory) return false;
  if (!info) return info.error();
  return info->type == FileType::Symlink;
}

Status Guard::set_attributes(const OpContext& ctx, const VPath& path, const FileAttributes& attributes, Follow follow) {
  const GuardState& s = *s_;
  SLIPWAY_TRY(s.access.usable(path));
  if (attributes.size) {
    SLIPWAY_TRY(s.access.require(Permission::Upload, path));
    SLIPWAY_TRY(s.access.require(Permission::Overwrite, path));
  }
  auto upload = s_->uploads.find(path);
  SLIPWAY_TRY(upload ? upload->set_attributes(ctx, attributes)
                     : change_attributes(*s_, ctx, s.place(path), attributes, follow));
  if (!attributes.size) return ok();
  return upload ? upload->truncate(ctx, *attributes.size) : change_size(ctx, s.place(path), *attributes.size);
}

Status change_attributes(GuardState& s, const OpContext& ctx, const Place& place, const FileAttributes& attributes,
                         Follow follow, OpenTarget open) {
  const std::vector<Part> parts = parts_of(attributes);
  for (const Part& part : parts) SLIPWAY_TRY(s.access.require(part.permission, place.virtual_path));
  const SetstatMode mode = s.policy.setstat_mode;
  if (mode == SetstatMode::Ignore) return ok();
  for (const Part& part : parts) {
    Status done = apply(ctx, place, part, follow, open);
    if (!done && done.code() == Errc::NotSupported && mode == SetstatMode::IgnoreUnsupported) continue;
    if (!done) return done;
    s.notices.log_command(part.sender, place, part.line);
  }
  return ok();
}

// A size is content: it counts against the quota and is never ignored.
Status Guard::change_size(const OpContext& ctx, const Place& place, std::uint64_t size) {
  GuardState& s = *s_;
  QuotaHold hold(place);
  auto before = about(place.virtual_path, place.fs().stat(ctx, place.path, Follow::Yes));
  if (!before) return std::move(before).error();
  if (!before->is_regular()) return not_supported(place.virtual_path, "only a file has a size");
  hold.assume(counted(*before));
  const auto maximum = positive(s.policy.max_upload_size);
  if (maximum > 0 && size > std::max(maximum, before->size)) return over_write_quota(place.virtual_path);
  if (!hold.allow(size, 0)) return over_write_quota(place.virtual_path);
  SLIPWAY_TRY(about(place.virtual_path, place.fs().set_attributes(ctx, place.path, {.size = size}, Follow::Yes)));
  const CountedFile now{true, static_cast<std::int64_t>(size)};
  hold.settle(
      now, [&] { return look_at(ctx, place, Follow::Yes, now); }, Identity::Same);
  s.notices.log_command("Truncate", place, {.size = static_cast<std::int64_t>(size)});
  return ok();
}

Result<FilesystemSpace> Guard::space(const OpContext& ctx, const VPath& path) {
  const GuardState& s = *s_;
  SLIPWAY_TRY(s.access.visible(path));
  const Place place = s.place(path);
  const Mount& mount = *place.mount;
  std::optional<FilesystemSpace> disk;
  auto real = place.fs().space(ctx, place.path);
  // A parent of a mount point may not be stored anywhere; its disk is that of the mount it would lie on.
  if (!real && real.code() == Errc::NotFound && is_synthetic(path)) real = place.fs().space(ctx, VPath());
  if (real) disk = *real;
  if (!real && real.code() != Errc::NotSupported) return about(path, std::move(real));
  if (disk && !(mount.quota && mount.limits.limited())) return *disk;
  return within_limits(disk, mount.quota ? mount.quota->used() : QuotaUsage{}, mount.limits);
}

}  // namespace slipway::vfs
