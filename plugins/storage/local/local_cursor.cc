#include "local_cursor.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "local_file.h"
#include "system_error.h"

namespace slipway::local {
namespace {

constexpr std::size_t kEntriesBetweenChecks = 256;

FileType type_of(unsigned char d_type) {
  switch (d_type) {
    case DT_REG:
      return FileType::Regular;
    case DT_DIR:
      return FileType::Directory;
    case DT_LNK:
      return FileType::Symlink;
    default:
      return FileType::Other;
  }
}

}  // namespace

Result<bool> LocalCursor::fill() {
  if (buffer_ == nullptr) buffer_ = std::make_unique_for_overwrite<std::byte[]>(kBufferSize);
  ssize_t n;
  do {
    n = ::getdents64(fd_.get(), buffer_.get(), kBufferSize);
  } while (n < 0 && errno == EINTR);
  // ENOENT: the directory was removed while it was listed, so there is nothing more in it.
  if (n < 0 && errno != ENOENT) return system_error(errno, path_.str());
  at_ = 0;
  end_ = n > 0 ? static_cast<std::size_t>(n) : 0;
  return end_ > 0;
}

Result<bool> LocalCursor::next(const OpContext& context, std::size_t max, std::vector<FileInfo>& out) {
  for (std::size_t added = 0, seen = 0; added < max; ++seen) {
    if (seen % kEntriesBetweenChecks == 0) SLIPWAY_TRY(check(context, path_.str()));
    if (at_ == end_) {
      SLIPWAY_ASSIGN(const bool more, fill());
      if (!more) return false;
    }
    const auto* entry = reinterpret_cast<const dirent64*>(buffer_.get() + at_);
    at_ += entry->d_reclen;
    const std::string_view name(entry->d_name);
    if (name == "." || name == "..") continue;

    struct stat status;
    if (::fstatat(fd_.get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0) {
      out.push_back(file_info(name, status));
    } else if (errno == ENOENT) {
      continue;
    } else {
      // One broken mount or an unreadable inode must not hide its neighbours.
      out.emplace_back(std::string(name), type_of(entry->d_type)).mode = 0;
    }
    ++added;
  }
  return true;
}

}  // namespace slipway::local
