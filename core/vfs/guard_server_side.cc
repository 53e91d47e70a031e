#include "core/vfs/guard_impl.h"
#include "core/vfs/range_copy.h"

namespace slipway::vfs {
namespace {

// Content that is read but not transferred.
class DigestFile final : public File {
 public:
  DigestFile(std::shared_ptr<GuardState> state, VPath path, std::unique_ptr<File> file)
      : state_(std::move(state)), path_(std::move(path)), file_(std::move(file)) {}

  Result<std::size_t> read_at(const OpContext& ctx, std::uint64_t offset, std::span<std::byte> out) override {
    if (ctx.stop.stop_requested()) return cancelled(path_);
    if (state_->policy.mark_activity) state_->policy.mark_activity();
    return about(path_, file_->read_at(ctx, offset, out));
  }
  Result<FileInfo> stat(const OpContext& ctx) override {
    auto info = about(path_, file_->stat(ctx));
    if (info) info->name = path_.name();
    return info;
  }

 private:
  const std::shared_ptr<GuardState> state_;
  const VPath path_;
  const std::unique_ptr<File> file_;
};

}  // namespace

Status Guard::copy_tree(const OpContext& ctx, const CopyRequest& request) {
  SLIPWAY_ASSIGN(const VPath target, copy_target(ctx, *this, request));
  return vfs::copy_tree(ctx, *this, request.from, target);
}

Status Guard::remove_tree(const OpContext& ctx, const VPath& path) { return vfs::remove_tree(ctx, *this, path); }

Status Guard::move_tree(const OpContext& ctx, const VPath& from, const VPath& to) {
  if (same_storage(*s_->place(from).mount, *s_->place(to).mount)) return rename(ctx, from, to);
  return move_tree_by_copy(ctx, *this, from, to);
}

Result<std::unique_ptr<File>> Guard::open_for_digest(const OpContext& ctx, const VPath& path) {
  const GuardState& s = *s_;
  SLIPWAY_TRY(s.access.require(Permission::Download, path));
  SLIPWAY_TRY(s.access.usable(path));
  if (path.is_root() || is_synthetic(path)) return refused(Errc::IsDirectory, path, "is a directory");
  const Place place = s.place(path);
  SLIPWAY_ASSIGN(auto file, about(path, place.fs().open(ctx, place.path, OpenOptions::reading())));
  return std::make_unique<DigestFile>(s_, path, std::move(file));
}

void Guard::command_ended(const OpContext& ctx, const Command& command) {
  const GuardState& s = *s_;
  const Place place = s.place(command.path);
  const std::optional<Place> target = command.target ? std::optional(s.place(*command.target)) : std::nullopt;
  if (!command.failure)
    s.notices.log_command(
        "SSHCommand", place,
        {.target = target ? &*target : nullptr, .elapsed = command.elapsed, .ssh_command = command.line});
  if (!s.notices.wanted("ssh_cmd")) return;
  Event event = s.notices.event("ssh_cmd", place);
  event.ssh_command = command.name;
  event.elapsed = command.elapsed;
  if (target) {
    event.virtual_target_path = target->virtual_path.str();
    event.target_path = target->location();
  }
  if (command.failure) {
    event.status = command.failure->code() == Errc::QuotaExceeded ? EventStatus::QuotaExceeded : EventStatus::Error;
    event.error = command.failure->message();
  }
  (void)s.notices.tell(ctx, std::move(event));
}

}  // namespace slipway::vfs
