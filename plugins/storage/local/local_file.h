// An open regular file of a local disk.
#pragma once

#include <sys/stat.h>

#include "owned_fd.h"
#include "slipway/filesystem.h"

namespace slipway::local {

class LocalFile final : public File {
 public:
  // `size` is what the file had when it was opened. `late_errors`: the disk may tell only at close that it could not
  // store what was written, as those of a network do.
  LocalFile(OwnedFd fd, VPath path, const OpenOptions& options, std::uint64_t size, bool late_errors)
      : fd_(std::move(fd)),
        path_(std::move(path)),
        size_(size),
        readable_(options.read),
        writable_(options.write),
        late_errors_(late_errors) {}

  // One system call for a read that ends within the file or exactly at its end.
  Result<std::size_t> read_at(const OpContext&, std::uint64_t offset, std::span<std::byte> out) override;
  Status write_at(const OpContext&, std::uint64_t offset, std::span<const std::byte> data) override;
  Result<FileInfo> stat(const OpContext&) override;
  Status truncate(const OpContext&, std::uint64_t size) override;
  Status set_attributes(const OpContext&, const FileAttributes&) override;
  Status sync(const OpContext&) override;
  Status finish(const OpContext&) override;
  int native_fd() const noexcept override { return fd_.get(); }

 private:
  const OwnedFd fd_;
  const VPath path_;
  const std::uint64_t size_;
  const bool readable_, writable_, late_errors_;
};

// Of what fstat or fstatat told.
FileInfo file_info(std::string_view name, const struct stat& status);

// The times of `attributes` as utimensat takes them, an absent one as "leave it".
struct TimesToSet {
  explicit TimesToSet(const FileAttributes& attributes);
  timespec times[2];
};

}  // namespace slipway::local
