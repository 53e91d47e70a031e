// A listing in progress: a directory of any size in the memory of one read.
#pragma once

#include <memory>

#include "owned_fd.h"
#include "slipway/filesystem.h"

namespace slipway::local {

class LocalCursor final : public DirCursor {
 public:
  // `fd` is the directory, opened for reading.
  LocalCursor(OwnedFd fd, VPath path) : fd_(std::move(fd)), path_(std::move(path)) {}

  // One system call for each entry and one for some hundred names. Entries that vanish meanwhile are left out; those
  // that may not be examined are listed with their name and type.
  Result<bool> next(const OpContext&, std::size_t max, std::vector<FileInfo>& out) override;

 private:
  static constexpr std::size_t kBufferSize = std::size_t{32} << 10;

  // Reads more names; false at the end of the directory.
  Result<bool> fill();

  const OwnedFd fd_;
  const VPath path_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t at_ = 0, end_ = 0;
};

}  // namespace slipway::local
