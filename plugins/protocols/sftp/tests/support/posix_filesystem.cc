#include "posix_filesystem.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>

namespace slipway::sftp::testing {
namespace {

Error from_errno(const std::string& subject) {
  const int code = errno;
  const auto errc = code == ENOENT                     ? Errc::NotFound
                    : code == EEXIST                   ? Errc::Exists
                    : code == ENOTDIR                  ? Errc::NotDirectory
                    : code == EISDIR                   ? Errc::IsDirectory
                    : code == ENOTEMPTY                ? Errc::NotEmpty
                    : code == EACCES || code == EPERM  ? Errc::PermissionDenied
                    : code == ENOSPC || code == EDQUOT ? Errc::NoSpace
                    : code == EROFS                    ? Errc::ReadOnly
                    : code == ENAMETOOLONG             ? Errc::TooLarge
                                                       : Errc::IoError;
  return {errc, subject, std::strerror(code)};
}

Timestamp time_of(const timespec& t) {
  return Timestamp(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

FileInfo info_of(std::string name, const struct stat& st) {
  FileInfo info(std::move(name),
                S_ISREG(st.st_mode)   ? FileType::Regular
                : S_ISDIR(st.st_mode) ? FileType::Directory
                : S_ISLNK(st.st_mode) ? FileType::Symlink
                                      : FileType::Other,
                static_cast<std::uint64_t>(st.st_size));
  info.mode = st.st_mode & 07777;
  info.uid = st.st_uid;
  info.gid = st.st_gid;
  info.links = static_cast<std::uint32_t>(st.st_nlink);
  info.mtime = time_of(st.st_mtim);
  info.atime = time_of(st.st_atim);
  return info;
}

timespec to_timespec(const std::optional<Timestamp>& time) {
  if (!time) return {0, UTIME_OMIT};
  const auto ns = time->time_since_epoch().count();
  return {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

class PosixFile final : public File {
 public:
  PosixFile(int fd, VPath path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override { ::close(fd_); }

  Result<std::size_t> read_at(const OpContext& context, std::uint64_t offset, std::span<std::byte> out) override {
    if (path_.name() == "blocks") {
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any().wait(lock, context.stop, [] { return false; });
      return Error(Errc::Cancelled, path_.str());
    }
    std::size_t done = 0;
    while (done < out.size()) {
      const auto n = ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (n < 0) return from_errno(path_.str());
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }
  Status write_at(const OpContext&, std::uint64_t offset, std::span<const std::byte> data) override {
    while (!data.empty()) {
      const auto n = ::pwrite(fd_, data.data(), data.size(), static_cast<off_t>(offset));
      if (n < 0) return from_errno(path_.str());
      offset += static_cast<std::uint64_t>(n);
      data = data.subspan(static_cast<std::size_t>(n));
    }
    return ok();
  }
  Result<FileInfo> stat(const OpContext&) override {
    struct stat st {};
    if (::fstat(fd_, &st) != 0) return from_errno(path_.str());
    return info_of(std::string(path_.name()), st);
  }
  Status truncate(const OpContext&, std::uint64_t size) override {
    return ::ftruncate(fd_, static_cast<off_t>(size)) == 0 ? ok() : Status(from_errno(path_.str()));
  }
  Status set_attributes(const OpContext&, const FileAttributes& a) override {
    if (a.mode && ::fchmod(fd_, *a.mode) != 0) return from_errno(path_.str());
    if ((a.uid || a.gid) && ::fchown(fd_, a.uid.value_or(-1), a.gid.value_or(-1)) != 0) return from_errno(path_.str());
    const timespec times[2] = {to_timespec(a.atime), to_timespec(a.mtime)};
    if ((a.atime || a.mtime) && ::futimens(fd_, times) != 0) return from_errno(path_.str());
    return ok();
  }
  Status sync(const OpContext&) override { return ::fsync(fd_) == 0 ? ok() : Status(from_errno(path_.str())); }
  int native_fd() const noexcept override { return fd_; }

 private:
  const int fd_;
  const VPath path_;
};

class PosixCursor final : public DirCursor {
 public:
  explicit PosixCursor(DIR* dir) : dir_(dir) {}
  ~PosixCursor() override { ::closedir(dir_); }
  Result<bool> next(const OpContext&, std::size_t max, std::vector<FileInfo>& out) override {
    while (max > 0) {
      const dirent* entry = ::readdir(dir_);
      if (entry == nullptr) return false;
      const std::string name = entry->d_name;
      struct stat st {};
      if (name == "." || name == ".." || ::fstatat(::dirfd(dir_), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        continue;
      out.push_back(info_of(name, st));
      --max;
    }
    return true;
  }

 private:
  DIR* const dir_;
};

class PosixFilesystem final : public Filesystem {
 public:
  explicit PosixFilesystem(std::string root) : root_(std::move(root)) {
    while (root_.size() > 1 && root_.back() == '/') root_.pop_back();
    if (root_ == "/") root_.clear();
  }

  Capabilities capabilities() const noexcept override {
    return Capability::RandomWrite | Capability::ReadWrite | Capability::Resume | Capability::NativeFd |
           Capability::AtomicRename | Capability::Symlinks | Capability::Mode | Capability::Owner | Capability::Times |
           Capability::Truncate | Capability::RealDirectories | Capability::Space | Capability::Immediate;
  }
  std::string location(const VPath& path) const override { return root_ + path.str(); }

  Result<FileInfo> stat(const OpContext&, const VPath& path, Follow follow) override {
    struct stat st {};
    const auto at = location(path);
    if ((follow == Follow::Yes ? ::stat(at.c_str(), &st) : ::lstat(at.c_str(), &st)) != 0)
      return from_errno(path.str());
    return info_of(std::string(path.name()), st);
  }
  Result<std::unique_ptr<DirCursor>> list(const OpContext&, const VPath& path) override {
    DIR* dir = ::opendir(location(path).c_str());
    if (dir == nullptr) return from_errno(path.str());
    return std::make_unique<PosixCursor>(dir);
  }
  Result<std::unique_ptr<File>> open(const OpContext&, const VPath& path, const OpenOptions& o) override {
    int flags = O_CLOEXEC | (o.read && o.write ? O_RDWR : o.write ? O_WRONLY : O_RDONLY);
    if (o.create) flags |= O_CREAT;
    if (o.exclusive) flags |= O_EXCL;
    if (o.truncate) flags |= O_TRUNC;
    const int fd = ::open(location(path).c_str(), flags, o.mode);
    if (fd < 0) return from_errno(path.str());
    return std::make_unique<PosixFile>(fd, path);
  }
  Status remove(const OpContext&, const VPath& path) override { return done(::unlink(location(path).c_str()), path); }
  Status make_dir(const OpContext&, const VPath& path, std::uint32_t mode) override {
    return done(::mkdir(location(path).c_str(), mode), path);
  }
  Status remove_dir(const OpContext&, const VPath& path) override {
    return done(::rmdir(location(path).c_str()), path);
  }
  Status rename(const OpContext&, const VPath& from, const VPath& to) override {
    return done(::rename(location(from).c_str(), location(to).c_str()), from);
  }
  Status set_attributes(const OpContext&, const VPath& path, const FileAttributes& a, Follow follow) override {
    const auto at = location(path);
    const int flags = follow == Follow::Yes ? 0 : AT_SYMLINK_NOFOLLOW;
    if (a.size && ::truncate(at.c_str(), static_cast<off_t>(*a.size)) != 0) return from_errno(path.str());
    if (a.mode && ::fchmodat(AT_FDCWD, at.c_str(), *a.mode, flags) != 0) return from_errno(path.str());
    if ((a.uid || a.gid) && ::fchownat(AT_FDCWD, at.c_str(), a.uid.value_or(-1), a.gid.value_or(-1), flags) != 0)
      return from_errno(path.str());
    const timespec times[2] = {to_timespec(a.atime), to_timespec(a.mtime)};
    if ((a.atime || a.mtime) && ::utimensat(AT_FDCWD, at.c_str(), times, flags) != 0) return from_errno(path.str());
    return ok();
  }
  Status symlink(const OpContext&, std::string_view target, const VPath& link) override {
    return done(::symlink(std::string(target).c_str(), location(link).c_str()), link);
  }
  Result<std::string> read_link(const OpContext&, const VPath& path) override {
    char target[4096];
    const auto n = ::readlink(location(path).c_str(), target, sizeof target);
    if (n < 0) return from_errno(path.str());
    return std::string(target, static_cast<std::size_t>(n));
  }
  Result<FilesystemSpace> space(const OpContext&, const VPath& path) override {
    struct statvfs st {};
    if (::statvfs(location(path).c_str(), &st) != 0) return from_errno(path.str());
    FilesystemSpace space;
    space.block_size = st.f_frsize;
    space.total_blocks = st.f_blocks;
    space.free_blocks = st.f_bfree;
    space.available_blocks = st.f_bavail;
    space.total_files = st.f_files;
    space.free_files = st.f_ffree;
    space.max_name = st.f_namemax;
    return space;
  }

 private:
  static Status done(int result, const VPath& path) { return result == 0 ? ok() : Status(from_errno(path.str())); }
  std::string root_;
};

}  // namespace

std::unique_ptr<Filesystem> make_posix_filesystem(std::string root) {
  return std::make_unique<PosixFilesystem>(std::move(root));
}

}  // namespace slipway::sftp::testing
