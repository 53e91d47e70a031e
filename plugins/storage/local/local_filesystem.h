// A directory of this machine as a Filesystem.
#pragma once

#include "root.h"
#include "slipway/storage.h"
#include "transfer.h"

namespace slipway::local {

// Errors carry the path beneath the root. System calls are counted where a call is frequent: a name in the root itself
// saves the two that open and close its directory.
class LocalFilesystem final : public Filesystem, private MountState {
 public:
  // `owner` is given to what is created.
  LocalFilesystem(std::unique_ptr<Root> root, Ownership owner, Logger& log);

  Capabilities capabilities() const noexcept override { return capabilities_; }
  std::string location(const VPath& path) const override;

  // Three system calls; one for a name in the root that is no link.
  Result<FileInfo> stat(const OpContext&, const VPath&, Follow) override;
  // One, and what the cursor takes.
  Result<std::unique_ptr<DirCursor>> list(const OpContext&, const VPath&) override;
  // Two, and a close; one and a close for an exclusive new file. Two more for a new file with an owner.
  Result<std::unique_ptr<File>> open(const OpContext&, const VPath&, const OpenOptions&) override;
  // Three; one for a name in the root. make_dir and remove_dir alike.
  Status remove(const OpContext&, const VPath&) override;
  Status make_dir(const OpContext&, const VPath&, std::uint32_t mode) override;
  Status remove_dir(const OpContext&, const VPath&) override;
  // Five when nothing is at the target, else seven; one or three within the root. Between file systems a copy.
  Status rename(const OpContext&, const VPath& from, const VPath& to) override;
  Status copy(const OpContext&, const VPath& from, const VPath& to) override;
  // Two, and one for each attribute.
  Status set_attributes(const OpContext&, const VPath&, const FileAttributes&, Follow) override;
  Status symlink(const OpContext&, std::string_view target, const VPath& link) override;
  Result<std::string> read_link(const OpContext&, const VPath&) override;
  Result<FilesystemSpace> space(const OpContext&, const VPath&) override;

  void* query(std::string_view interface_id) noexcept override;

 private:
  // MountState. One system call; none on a disk that can hang.
  bool is_there() noexcept override;

  // A regular file, open and ready: never a pipe, a device or a directory.
  struct Opened {
    OwnedFd fd;
    std::uint64_t size;
    bool nonblocking;  // O_NONBLOCK is set
  };
  Result<Opened> open_regular(const VPath& path, int flags, mode_t mode) const;
  // As Root::open_beneath with O_CREAT and without O_EXCL, and says whether the file is new, so that its owner can be
  // set.
  Result<OwnedFd> open_or_create(const VPath& path, int flags, mode_t mode, bool& created) const;
  // Sets the owner of what `place` names if it is of `type`; failures are logged.
  void give_place(const Place& place, mode_t type, const VPath& path) const;
  void give_file(int fd, const VPath& path) const;
  void log_give_failure(int why, const VPath& path) const;

  const std::unique_ptr<Root> root_;
  const Ownership owner_;
  const Capabilities capabilities_;
  Logger& log_;
};

}  // namespace slipway::local
