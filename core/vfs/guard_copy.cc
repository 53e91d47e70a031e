#include "core/vfs/guard_impl.h"
#include "core/vfs/raw_copy.h"

namespace slipway::vfs {

Status Guard::copy(const OpContext& ctx, const VPath& source, const VPath& target) {
  const GuardState& s = *s_;
  if (s.policy.mark_activity) s.policy.mark_activity();
  const auto started = std::chrono::steady_clock::now();
  const Place from = s.place(source), to = s.place(target);
  SLIPWAY_TRY(s.access.require_on(Permission::Copy, source));
  SLIPWAY_TRY(s.access.require_on(Permission::Copy, target));
  SLIPWAY_TRY(s.access.usable(source));
  SLIPWAY_TRY(s.access.creatable(target));
  if (source == target || same_object(from, to))
    return not_supported(source, "the copy source and target cannot be the same");
  if (source.is_root() || is_synthetic(source)) return refused(Errc::IsDirectory, source, "is a directory");
  if (target.is_root() || is_synthetic(target)) return not_supported(target, "a directory is in the way");

  SLIPWAY_ASSIGN(const FileInfo info, about(source, from.fs().stat(ctx, from.path, Follow::No)));
  if (info.is_directory()) return refused(Errc::IsDirectory, source, "is a directory");
  if (!info.is_regular()) return not_supported(source, "only files can be copied");

  const bool by_storage = share_tree(from, to) && has(from.fs().capabilities(), Capability::ServerCopy);
  // What passes through the server could as well be downloaded and uploaded.
  if (!by_storage) {
    SLIPWAY_TRY(s.access.require(Permission::Download, source));
    SLIPWAY_TRY(s.access.require(Permission::Upload, target));
  }
  QuotaHold hold(to);
  std::optional<FileInfo> existing;
  auto present = about(target, to.fs().stat(ctx, to.path, Follow::No));
  if (present) {
    if (!present->is_regular()) return not_supported(target, "only a file can be replaced");
    SLIPWAY_TRY(s.access.require(Permission::Overwrite, target));
    existing = *std::move(present);
  } else if (present.code() != Errc::NotFound) {
    return std::move(present).error();
  }
  hold.assume(existing ? counted(*existing) : CountedFile{});
  if (!hold.take_file() || !hold.allow(info.size, 0)) return over_write_quota(target);

  std::uint64_t size = info.size;
  Status done = ok();
  if (by_storage) {
    done = from.fs().copy(ctx, from.path, to.path);
  } else {
    // The source may have grown since it was looked at.
    auto streamed = stream_file(ctx, from.fs(), from.path, to, existing, [&](std::uint64_t grown) -> Status {
      if (!hold.allow(grown, 0)) return over_write_quota(target);
      return ok();
    });
    done = streamed ? ok() : Status(std::move(streamed).error());
    if (done) size = *streamed;
  }
  done = about(target, std::move(done));
  const CountedFile now = done ? CountedFile{true, static_cast<std::int64_t>(size)}
                               : look_at(ctx, to, Follow::No, existing ? counted(*existing) : CountedFile{});
  hold.settle(
      now, [&] { return look_at(ctx, to, Follow::No, now); }, Identity::Another);

  const auto elapsed =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
  if (done) s.notices.log_command("Copy", from, {.target = &to, .elapsed = elapsed});
  if (s.notices.wanted("copy")) {
    Event event = s.notices.event("copy", from);
    event.virtual_target_path = target.str();
    event.target_path = to.location();
    event.file_size = info.size;
    event.elapsed = elapsed;
    if (!done) {
      event.status = done.code() == Errc::QuotaExceeded ? EventStatus::QuotaExceeded : EventStatus::Error;
      event.error = done.error().message();
    }
    (void)s.notices.tell(ctx, std::move(event));
  }
  return done;
}

}  // namespace slipway::vfs
