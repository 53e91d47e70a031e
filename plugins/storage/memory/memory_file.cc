#include "memory_file.h"

#include <limits>

namespace slipway::memory {

Result<std::size_t> MemoryFile::read_at(const OpContext& context, std::uint64_t offset, std::span<std::byte> out) {
  SLIPWAY_TRY(check(context, path_.str()));
  if (!readable_) return Error(Errc::PermissionDenied, path_.str(), "not opened for reading");
  return node_->read(offset, out);
}

Status MemoryFile::write_at(const OpContext& context, std::uint64_t offset, std::span<const std::byte> data) {
  SLIPWAY_TRY(check(context, path_.str()));
  if (!writable_) return Error(Errc::PermissionDenied, path_.str(), "not opened for writing");
  return node_->write(offset, data, path_.str());
}

Result<FileInfo> MemoryFile::stat(const OpContext& context) {
  SLIPWAY_TRY(check(context, path_.str()));
  return node_->info(path_.name());
}

Status MemoryFile::truncate(const OpContext& context, std::uint64_t size) {
  SLIPWAY_TRY(check(context, path_.str()));
  if (!writable_) return Error(Errc::PermissionDenied, path_.str(), "not opened for writing");
  return apply(*node_, {.size = size}, path_.str());
}

Status MemoryFile::set_attributes(const OpContext& context, const FileAttributes& attributes) {
  SLIPWAY_TRY(check(context, path_.str()));
  if (attributes.size) return Error(Errc::InvalidArgument, path_.str(), "the size of an open file is set by truncate");
  return apply(*node_, attributes, path_.str());
}

Status apply(Node& node, const FileAttributes& attributes, std::string_view subject) {
  if (attributes.size) {
    if (node.type != FileType::Regular) return Error(Errc::IsDirectory, std::string(subject));
    if (*attributes.size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return Error(Errc::TooLarge, std::string(subject));
    }
    node.resize(*attributes.size);
  }
  if (attributes.mode) node.set_mode(*attributes.mode);
  if (attributes.uid || attributes.gid) {
    return Error(Errc::NotSupported, std::string(subject), "files in memory have no owner");
  }
  node.set_times(attributes.atime, attributes.mtime);
  return ok();
}

}  // namespace slipway::memory
