// Bytes from one open file of the server into another, in the kernel where both have descriptors.
#pragma once

#include "slipway/filesystem.h"

namespace slipway::vfs {

// By File::query of the guard's files, for the guard alone: the storage's file behind one that may be read.
class StoredContent {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.core.stored-content";
  // PermissionDenied where reading is not permitted; Cancelled once the transfer was stopped.
  virtual Result<File*> content(const OpContext&) = 0;

 protected:
  ~StoredContent() = default;
};

// Copies up to `length` bytes; the number is smaller only at the end of `source`. Both are files of storages, opened
// for reading and for writing. Some of the range may be written when it fails.
Result<std::uint64_t> copy_content(const OpContext& ctx, File& source, std::uint64_t source_offset, File& target,
                                   std::uint64_t target_offset, std::uint64_t length);

}  // namespace slipway::vfs
