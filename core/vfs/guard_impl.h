// The guard's class, private to the guard_*.cc files: one file a group of operations.
#pragma once

#include "core/vfs/guard.h"
#include "core/vfs/guard_state.h"
#include "core/vfs/link_check.h"
#include "core/vfs/quota_hold.h"
#include "core/vfs/tree.h"

namespace slipway::vfs {

class Guard final : public Filesystem,
                    private TreeRules,
                    private TreeOperations,
                    private DigestReads,
                    private CommandNotices,
                    private AccountIds,
                    private LinkCheck {
 public:
  explicit Guard(std::shared_ptr<GuardState> state) : s_(std::move(state)) {}

  Capabilities capabilities() const noexcept override;
  std::string location(const VPath& path) const override;
  void* query(std::string_view interface_id) noexcept override;

  Result<FileInfo> stat(const OpContext& ctx, const VPath& path, Follow follow) override;
  Status set_attributes(const OpContext& ctx, const VPath& path, const FileAttributes& attributes,
                        Follow follow) override;
  Result<FilesystemSpace> space(const OpContext& ctx, const VPath& path) override;

  Status symlink(const OpContext& ctx, std::string_view target, const VPath& link) override;
  Result<std::string> read_link(const OpContext& ctx, const VPath& path) override;

  Result<std::unique_ptr<DirCursor>> list(const OpContext& ctx, const VPath& path) override;
  Status make_dir(const OpContext& ctx, const VPath& path, std::uint32_t mode) override;
  Status remove_dir(const OpContext& ctx, const VPath& path) override;
  Status remove(const OpContext& ctx, const VPath& path) override;

  Result<std::unique_ptr<File>> open(const OpContext& ctx, const VPath& path, const OpenOptions& options) override;

  Status rename(const OpContext& ctx, const VPath& from, const VPath& to) override;
  Status copy(const OpContext& ctx, const VPath& from, const VPath& to) override;

 private:
  // Of every path that leads to a mount: it stands where the user sees a directory, whatever is stored there.
  bool is_synthetic(const VPath& path) const { return s_->mounts.is_mount_point(path) || is_parent_of_mount(path); }
  bool is_parent_of_mount(const VPath& path) const { return !path.is_root() && s_->mounts.has_mounts_below(path); }

  Result<std::unique_ptr<File>> open_for_reading(const OpContext& ctx, const VPath& path, const OpenOptions& options);
  Result<std::unique_ptr<File>> open_for_writing(const OpContext& ctx, const VPath& path, OpenOptions options);

  Status change_size(const OpContext& ctx, const Place& place, std::uint64_t size);

  // TreeRules
  Status removable(const VPath& path) const override;

  // LinkCheck
  Result<bool> is_link(const OpContext& ctx, const VPath& path) override;

  // guard_server_side.cc
  Status copy_tree(const OpContext& ctx, const CopyRequest& request) override;
  Status remove_tree(const OpContext& ctx, const VPath& path) override;
  Status move_tree(const OpContext& ctx, const VPath& from, const VPath& to) override;
  Result<std::unique_ptr<File>> open_for_digest(const OpContext& ctx, const VPath& path) override;
  void command_ended(const OpContext& ctx, const Command& command) override;
  std::optional<std::uint32_t> uid() const noexcept override { return s_->policy.uid; }
  std::optional<std::uint32_t> gid() const noexcept override { return s_->policy.gid; }

  Status check_rename(const Place& from, const Place& to) const;
  Status check_rename_tree(const OpContext& ctx, const Place& from, const Place& to) const;
  // One side of the rename of a file.
  struct RenameEnd {
    const Place& place;
    const std::optional<FileInfo>& info;
    QuotaHold& hold;
  };
  Status rename_file(const OpContext& ctx, const RenameEnd& from, const RenameEnd& to);
  bool count_incomplete_move(const Place& from, const Place& to, QuotaUsage content) const;
  Status rename_directory(const OpContext& ctx, const Place& from, const FileInfo& info, const Place& to);

  const std::shared_ptr<GuardState> s_;
};

}  // namespace slipway::vfs
