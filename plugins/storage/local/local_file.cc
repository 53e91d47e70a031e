#include "local_file.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdint>
#include <limits>

#include "system_error.h"

namespace slipway::local {
namespace {

constexpr std::uint64_t kMaxOffset = std::numeric_limits<off_t>::max();

Timestamp timestamp(const timespec& t) {
  return Timestamp(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

timespec to_timespec(const std::optional<Timestamp>& time) {
  if (!time) return {0, UTIME_OMIT};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*time);  // before 1970 too
  return {static_cast<time_t>(seconds.time_since_epoch().count()), static_cast<long>((*time - seconds).count())};
}

}  // namespace

FileInfo file_info(std::string_view name, const struct stat& status) {
  FileInfo info;
  info.name = name;
  info.type = S_ISREG(status.st_mode)   ? FileType::Regular
              : S_ISDIR(status.st_mode) ? FileType::Directory
              : S_ISLNK(status.st_mode) ? FileType::Symlink
                                        : FileType::Other;
  info.size = static_cast<std::uint64_t>(status.st_size);
  info.mode = status.st_mode & 07777;
  info.uid = status.st_uid;
  info.gid = status.st_gid;
  info.links = static_cast<std::uint32_t>(status.st_nlink);
  info.mtime = timestamp(status.st_mtim);
  info.atime = timestamp(status.st_atim);
  return info;
}

TimesToSet::TimesToSet(const FileAttributes& attributes)
    : times{to_timespec(attributes.atime), to_timespec(attributes.mtime)} {}

Result<std::size_t> LocalFile::read_at(const OpContext& context, std::uint64_t offset, std::span<std::byte> out) {
  SLIPWAY_TRY(check(context, path_.str()));
  if (!readable_) return Error(Errc::PermissionDenied, path_.str(), "not opened for reading");
  if (offset > kMaxOffset) return std::size_t{0};
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = ::pread(fd_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno != EINTR) return system_error(errno, path_.str());
    if (n < 0) {
      SLIPWAY_TRY(check(context, path_.str()));
      continue;
    }
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
    // A short read is the end of file on a disk, but not always on a network's: believed only where the end was.
    if (offset + done == size_) break;
  }
  return done;
}

Status LocalFile::write_at(const OpContext& context, std::uint64_t offset, std::span<const std::byte> data) {
  SLIPWAY_TRY(check(context, path_.str()));
  if (!writable_) return Error(Errc::PermissionDenied, path_.str(), "not opened for writing");
  if (offset > kMaxOffset || data.size() > kMaxOffset - offset) return system_error(EFBIG, path_.str());
  std::size_t done = 0;
  while (done < data.size()) {
    const ssize_t n = ::pwrite(fd_.get(), data.data() + done, data.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno != EINTR) return system_error(errno, path_.str());
    if (n < 0) {
      SLIPWAY_TRY(check(context, path_.str()));
      continue;
    }
    if (n == 0) return Error(Errc::IoError, path_.str(), "the disk took nothing and said nothing");
    done += static_cast<std::size_t>(n);  // a disk that fills up takes a part first, and says so at the next call
  }
  return ok();
}

Result<FileInfo> LocalFile::stat(const OpContext& context) {
  SLIPWAY_TRY(check(context, path_.str()));
  struct stat status;
  if (::fstat(fd_.get(), &status) != 0) return system_error(errno, path_.str());
  return file_info(path_.name(), status);
}

Status LocalFile::truncate(const OpContext& context, std::uint64_t size) {
  SLIPWAY_TRY(check(context, path_.str()));
  if (!writable_) return Error(Errc::PermissionDenied, path_.str(), "not opened for writing");
  if (size > kMaxOffset) return system_error(EFBIG, path_.str());
  while (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
    if (errno != EINTR) return system_error(errno, path_.str());
    SLIPWAY_TRY(check(context, path_.str()));
  }
  return ok();
}

Status LocalFile::set_attributes(const OpContext& context, const FileAttributes& attributes) {
  SLIPWAY_TRY(check(context, path_.str()));
  if (attributes.size) return Error(Errc::InvalidArgument, path_.str(), "the size of an open file is set by truncate");
  if (attributes.mode && ::fchmod(fd_.get(), *attributes.mode & 07777) != 0) return system_error(errno, path_.str());
  if ((attributes.uid || attributes.gid) &&
      ::fchown(fd_.get(), attributes.uid.value_or(uid_t(-1)), attributes.gid.value_or(gid_t(-1))) != 0) {
    return system_error(errno, path_.str());
  }
  if (attributes.atime || attributes.mtime) {
    if (::futimens(fd_.get(), TimesToSet(attributes).times) != 0) return system_error(errno, path_.str());
  }
  return ok();
}

Status LocalFile::sync(const OpContext& context) {
  SLIPWAY_TRY(check(context, path_.str()));
  while (::fsync(fd_.get()) != 0) {
    if (errno != EINTR) return system_error(errno, path_.str());
    SLIPWAY_TRY(check(context, path_.str()));
  }
  return ok();
}

// Whoever takes it may be a reader (io_uring) that takes the flag seriously even on a disk; pread and pwrite do not.
int LocalFile::native_fd() const noexcept {
  if (nonblocking_.load(std::memory_order_acquire)) {
    if (::fcntl(fd_.get(), F_SETFL, 0) != 0) return -1;
    nonblocking_.store(false, std::memory_order_release);
  }
  return fd_.get();
}

Status LocalFile::finish(const OpContext& context) {
  SLIPWAY_TRY(check(context, path_.str()));
  if (!writable_ || !late_errors_) return ok();
  // A network disk tells at close() what it could not store. The descriptor lives as long as this object, so a
  // duplicate is closed: that flushes the same open file.
  const int duplicate = ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) return system_error(errno, path_.str());
  // After EINTR Linux has closed it all the same.
  if (::close(duplicate) != 0 && errno != EINTR) return system_error(errno, path_.str());
  return ok();
}

}  // namespace slipway::local
