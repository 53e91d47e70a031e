#include "core/vfs/download_file.h"
#include "core/vfs/guard_impl.h"
#include "core/vfs/upload_file.h"

namespace slipway::vfs {

using Direction = Transfer::Direction;

Result<std::unique_ptr<File>> Guard::open(const OpContext& ctx, const VPath& path, const OpenOptions& options) {
  if (options.write) return open_for_writing(ctx, path, options);
  if (options.read) return open_for_reading(ctx, path, options);
  return Error(Errc::InvalidArgument, "open", "neither reading nor writing was asked for");
}

Result<std::unique_ptr<File>> Guard::open_for_reading(const OpContext& ctx, const VPath& path,
                                                      const OpenOptions& options) {
  GuardState& s = *s_;
  SLIPWAY_TRY(s.access.require(Permission::Download, path));
  SLIPWAY_ASSIGN(auto transfer, Transfer::begin(s_, ctx, Direction::Download, path));
  SLIPWAY_TRY(s.access.usable(path));
  if (is_synthetic(path)) return refused(Errc::IsDirectory, path, "is a directory");
  Place place = s.place(path);
  if (s.notices.wanted("pre-download")) SLIPWAY_TRY(s.notices.ask(ctx, s.notices.event("pre-download", place)));
  auto file = about(path, place.fs().open(ctx, place.path, {.read = true, .mode = options.mode}));
  if (!file) return file;
  return std::make_unique<DownloadFile>(std::move(transfer), std::move(place), *std::move(file));
}

Result<std::unique_ptr<File>> Guard::open_for_writing(const OpContext& ctx, const VPath& path, OpenOptions options) {
  GuardState& s = *s_;
  SLIPWAY_ASSIGN(auto transfer, Transfer::begin(s_, ctx, Direction::Upload, path));
  SLIPWAY_TRY(s.access.creatable(path));
  // Both a new file and an existing one need it; asking here tells nobody what exists.
  SLIPWAY_TRY(s.access.require(Permission::Upload, path));
  if (path.is_root() || is_synthetic(path)) return not_supported(path, "is a directory");

  UploadPlan plan;
  plan.place = s.place(path);
  plan.options = options;
  if (options.read) plan.readable = allows(s.access.in(path.parent()), Permission::Download);
  Filesystem& fs = plan.place.fs();
  const Capabilities abilities = fs.capabilities();
  QuotaHold hold(plan.place);
  if (auto file = create_upload(ctx, transfer, plan, hold)) return file;
  auto present = fs.stat(ctx, plan.place.path, Follow::No);
  if (present && present->type == FileType::Symlink) {
    plan.through_link = true;
    present = fs.stat(ctx, plan.place.path, Follow::Yes);
  }
  if (!present && present.code() != Errc::NotFound) return about(path, std::move(present).error());
  if (present) {
    if (present->is_directory()) return not_supported(path, "is a directory");
    if (!present->is_regular()) return not_supported(path, "is not a regular file");
    if (options.exclusive && options.create) return refused(Errc::Exists, path, "exists already");
    SLIPWAY_TRY(s.access.require(Permission::Overwrite, path));
    plan.existing = *std::move(present);
  } else {
    if (!options.create) return not_found(path);
    // On a store without directories a name below a missing one would make it.
    if (!has(abilities, Capability::RealDirectories) && !allows(s.access.in(path.parent()), Permission::CreateDirs)) {
      const auto parent = fs.stat(ctx, plan.place.path.parent(), Follow::Yes);
      if (!parent) return about(path, parent.error());
    }
  }
  s.new_files.store(!plan.existing, std::memory_order_relaxed);
  hold.assume(plan.existing ? counted(*plan.existing) : CountedFile{});

  plan.fresh = !plan.existing || options.truncate;
  if (!plan.fresh && !has(abilities, Capability::Resume)) {
    if (plan.existing->size > 0) return not_supported(path, "this storage cannot resume uploads");
    options.truncate = true;
    plan.fresh = true;
  }
  if (options.read && !has(abilities, Capability::ReadWrite))
    return not_supported(path, "this storage cannot read and write one open file");
  plan.options = options;
  return open_upload(ctx, std::move(transfer), std::move(plan), std::move(hold));
}

}  // namespace slipway::vfs
