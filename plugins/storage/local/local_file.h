// An open regular file of a local disk.
#pragma once

#include <sys/stat.h>

#include <atomic>

#include "owned_fd.h"
#include "slipway/filesystem.h"

namespace slipway::local {

class LocalFile final : public File {
 public:
  struct Facts {
    std::uint64_t size;  // when it was opened
    bool nonblocking;    // O_NONBLOCK is set
    bool late_errors;    // the disk may tell only at close that it could not store what was written, as a network's do
  };
  LocalFile(OwnedFd fd, VPath path, const OpenOptions& options, const Facts& facts)
      : fd_(std::move(fd)),
        path_(std::move(path)),
        size_(facts.size),
        readable_(options.read),
        writable_(options.write),
        late_errors_(facts.late_errors),
        nonblocking_(facts.nonblocking) {}

  // One system call for a read that ends within the file or exactly at its end.
  Result<std::size_t> read_at(const OpContext&, std::uint64_t offset, std::span<std::byte> out) override;
  Status write_at(const OpContext&, std::uint64_t offset, std::span<const std::byte> data) override;
  Result<FileInfo> stat(const OpContext&) override;
  Status truncate(const OpContext&, std::uint64_t size) override;
  Status set_attributes(const OpContext&, const FileAttributes&) override;
  Status sync(const OpContext&) override;
  Status finish(const OpContext&) override;
  // One when it is asked for the first time, by several threads perhaps.
  int native_fd() const noexcept override;

 private:
  const OwnedFd fd_;
  const VPath path_;
  const std::uint64_t size_;
  const bool readable_, writable_, late_errors_;
  mutable std::atomic<bool> nonblocking_;
};

// Of what fstat or fstatat told.
FileInfo file_info(std::string_view name, const struct stat& status);

// The times of `attributes` as utimensat takes them, an absent one as "leave it".
struct TimesToSet {
  explicit TimesToSet(const FileAttributes& attributes);
  timespec times[2];
};

}  // namespace slipway::local
