#include "core/session/share_filesystem.h"

#include <algorithm>

#include "core/vfs/link_check.h"

namespace slipway::session {
namespace {

using Need = ShareRequest::Need;

class ShareFilesystem final : public Filesystem {
 public:
  ShareFilesystem(std::unique_ptr<Filesystem> fs, std::vector<VPath> paths, Need need)
      : fs_(std::move(fs)), paths_(std::move(paths)), need_(need) {}

  Capabilities capabilities() const noexcept override { return fs_->capabilities(); }
  std::string location(const VPath& path) const override { return fs_->location(path); }

  Result<FileInfo> stat(const OpContext& ctx, const VPath& path, Follow) override {
    const VPath* const root = shared_above(path);
    if (root == nullptr) return missing(path);
    if (path == *root) return fs_->stat(ctx, path, Follow::No);
    SLIPWAY_TRY(refuse_links(ctx, path, path.parent(), *root));
    SLIPWAY_ASSIGN(FileInfo info, fs_->stat(ctx, path, Follow::No));
    if (info.type == FileType::Symlink) return missing(path);
    return info;
  }
  Result<std::unique_ptr<DirCursor>> list(const OpContext& ctx, const VPath& path) override {
    SLIPWAY_TRY(only_for(Need::Read, path));
    SLIPWAY_TRY(reach(ctx, path));
    return fs_->list(ctx, path);
  }
  Result<std::unique_ptr<File>> open(const OpContext& ctx, const VPath& path, const OpenOptions& options) override {
    SLIPWAY_TRY(only_for(options.write ? Need::Write : Need::Read, path));
    if (options.write && options.read) return denied(path);
    SLIPWAY_TRY(reach(ctx, path));
    return fs_->open(ctx, path, options);
  }
  Status make_dir(const OpContext& ctx, const VPath& path, std::uint32_t mode) override {
    SLIPWAY_TRY(only_for(Need::Write, path));
    SLIPWAY_TRY(reach(ctx, path));
    return fs_->make_dir(ctx, path, mode);
  }
  Status set_attributes(const OpContext& ctx, const VPath& path, const FileAttributes& attributes, Follow) override {
    SLIPWAY_TRY(only_for(Need::Write, path));
    SLIPWAY_TRY(reach(ctx, path));
    return fs_->set_attributes(ctx, path, attributes, Follow::No);
  }
  Status remove(const OpContext&, const VPath& path) override { return denied(path); }
  Status remove_dir(const OpContext&, const VPath& path) override { return denied(path); }
  Status rename(const OpContext&, const VPath& from, const VPath&) override { return denied(from); }
  Status copy(const OpContext&, const VPath& from, const VPath&) override { return denied(from); }
  Status symlink(const OpContext&, std::string_view, const VPath& link) override { return denied(link); }
  Result<std::string> read_link(const OpContext&, const VPath& path) override { return denied(path); }
  Result<FilesystemSpace> space(const OpContext&, const VPath& path) override { return denied(path); }

 private:
  static Error denied(const VPath& path) { return {Errc::PermissionDenied, path.str(), "not for visitors of a share"}; }
  Status only_for(Need need, const VPath& path) const { return need == need_ ? ok() : Status(denied(path)); }

  static Error missing(const VPath& path) { return {Errc::NotFound, path.str()}; }

  // Below one of the paths, and not by way of a link: the owner may link to what is not shared.
  Status reach(const OpContext& ctx, const VPath& path) {
    const VPath* const root = shared_above(path);
    if (root == nullptr) return missing(path);
    return refuse_links(ctx, path, path, *root);
  }
  // The shared path that holds it; null: none does.
  const VPath* shared_above(const VPath& path) const {
    const auto root = std::ranges::find_if(paths_, [&](const VPath& shared) { return path.is_within(shared); });
    return root == paths_.end() ? nullptr : &*root;
  }
  // `path` is not there if something from `last` up to `root` is a link.
  Status refuse_links(const OpContext& ctx, const VPath& path, const VPath& last, const VPath& root) {
    for (VPath part = last; part != root; part = part.parent()) {
      SLIPWAY_ASSIGN(const bool is_link, this->is_link(ctx, part));
      if (is_link) return missing(path);
    }
    return ok();
  }
  // Also where the owner may not list: a visitor who only writes must not write through what nobody sees.
  Result<bool> is_link(const OpContext& ctx, const VPath& path) {
    if (links_ != nullptr) return links_->is_link(ctx, path);
    const auto info = fs_->stat(ctx, path, Follow::No);
    if (info) return info->type == FileType::Symlink;
    if (info.code() == Errc::NotFound) return false;
    return info.error();
  }

  const std::unique_ptr<Filesystem> fs_;
  vfs::LinkCheck* const links_ = static_cast<vfs::LinkCheck*>(fs_->query(vfs::LinkCheck::kInterfaceId));
  const std::vector<VPath> paths_;
  const Need need_;
};

}  // namespace

std::unique_ptr<Filesystem> make_share_filesystem(std::unique_ptr<Filesystem> fs, std::vector<VPath> paths, Need need) {
  return std::make_unique<ShareFilesystem>(std::move(fs), std::move(paths), need);
}

}  // namespace slipway::session
