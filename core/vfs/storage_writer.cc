#include "core/vfs/storage_writer.h"

#include <utility>

#include "core/base/ids.h"
#include "core/vfs/access.h"
#include "core/vfs/raw_copy.h"

namespace slipway::vfs {
namespace {

constexpr std::size_t kMaxName = 255;

// ".sftpgo-upload.<id>.<name>" beside the target; a long name is cut, the id alone keeps it apart.
std::string staged_name(const VPath& target) {
  std::string name(kUploadPrefix);
  name += make_sortable_id();
  name += '.';
  name += target.name().substr(0, kMaxName - name.size());
  return name;
}

}  // namespace

bool can_stage(Capabilities capabilities) noexcept {
  return has(capabilities, Capability::AtomicRename) && !has(capabilities, Capability::CommitOnFinish);
}

Result<std::unique_ptr<StorageWriter>> StorageWriter::open(const OpContext& ctx, const Place& target,
                                                           const Plan& plan) {
  OpenOptions options = plan.open;
  VPath written = target.path;
  std::shared_ptr<Filesystem> fs = target.mount->fs;
  if (plan.staged) {
    const bool beside = plan.staged_beside || !target.mount->staging;
    if (!beside) fs = target.mount->staging;
    written = (beside ? target.path.parent() : VPath()).child(staged_name(target.path));
    options.create = true;
    options.exclusive = true;
    options.truncate = false;
  }
  SLIPWAY_ASSIGN(std::unique_ptr<File> file, fs->open(ctx, written, options));
  return std::unique_ptr<StorageWriter>(
      new StorageWriter(target, plan, std::move(fs), std::move(written), std::move(file)));
}

StorageWriter::StorageWriter(Place target, Plan plan, std::shared_ptr<Filesystem> written_fs, VPath written,
                             std::unique_ptr<File> file)
    : target_(std::move(target)),
      plan_(std::move(plan)),
      written_fs_(std::move(written_fs)),
      written_(std::move(written)),
      file_(std::move(file)) {}

void StorageWriter::attributes_were_set(const FileAttributes& attributes) noexcept {
  if (attributes.mode) mode_set_ = true;
  if (attributes.uid || attributes.gid) owner_set_ = true;
}

Status StorageWriter::commit(const OpContext& ctx) {
  if (!plan_.staged) {
    Status finished = file_->finish(ctx);
    file_.reset();
    return finished;
  }
  keep_attributes(ctx);
  Status finished = file_->finish(ctx);
  file_.reset();
  if (finished) finished = publish(ctx);
  if (!finished) (void)written_fs_->remove(ctx, written_);
  return finished;
}

Status StorageWriter::publish(const OpContext& ctx) {
  if (plan_.open.exclusive) {
    const auto present = target_.fs().stat(ctx, target_.path, Follow::No);
    if (present) return refused(Errc::Exists, target_.path, "it was made by somebody else meanwhile");
  }
  if (written_fs_ != target_.mount->fs) return move_in(ctx);
  return written_fs_->rename(ctx, written_, target_.path);
}

// Into another tree leads no rename: the content is copied beside the target first, so that it still appears at once.
Status StorageWriter::move_in(const OpContext& ctx) {
  SLIPWAY_ASSIGN(const FileInfo staged, written_fs_->stat(ctx, written_, Follow::No));
  auto copied = stream_file(ctx, *written_fs_, written_, target_, plan_.replaces, nullptr);
  if (!copied) return std::move(copied).error();
  FileAttributes chosen;
  if (mode_set_) chosen.mode = staged.mode;
  if (owner_set_) {
    chosen.uid = staged.uid;
    chosen.gid = staged.gid;
  }
  if (mode_set_ || owner_set_) (void)target_.fs().set_attributes(ctx, target_.path, chosen, Follow::No);
  (void)written_fs_->remove(ctx, written_);
  return ok();
}

// A replaced file keeps who may read it. Owners can be given only by privileged servers: what fails stays as it is.
void StorageWriter::keep_attributes(const OpContext& ctx) {
  if (!plan_.replaces) return;
  const Capabilities abilities = target_.fs().capabilities();
  const FileInfo& old = *plan_.replaces;
  if (has(abilities, Capability::Owner) && !owner_set_) {
    const auto now = file_->stat(ctx);
    if (now && (now->uid != old.uid || now->gid != old.gid))
      (void)file_->set_attributes(ctx, {.uid = old.uid, .gid = old.gid});
  }
  if (has(abilities, Capability::Mode) && !mode_set_) (void)file_->set_attributes(ctx, {.mode = old.mode});
}

// Somebody may have renamed or removed what is written in place, and put another file there.
bool StorageWriter::is_still_there(const OpContext& ctx) {
  const auto ours = file_->stat(ctx);
  const auto there = written_fs_->stat(ctx, written_, Follow::No);
  return ours && there && ours->links > 0 && ours->size == there->size && ours->mtime == there->mtime;
}

void StorageWriter::abandon(const OpContext& ctx, Leave leave) {
  if (!file_) return;
  if (plan_.staged && leave == Leave::Partial) {
    (void)commit(ctx);
    return;
  }
  // A storage that shows files when they are finished has not touched the old one.
  const bool in_place = !plan_.staged && !has(written_fs_->capabilities(), Capability::CommitOnFinish);
  const bool removes = plan_.staged || (in_place && leave == Leave::Nothing && is_still_there(ctx));
  file_.reset();
  if (removes) (void)written_fs_->remove(ctx, written_);
}

}  // namespace slipway::vfs
