#include "local_filesystem.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "local_cursor.h"
#include "local_file.h"
#include "system_error.h"

namespace slipway::local {
namespace {

// Linux 6.6; absent from the headers of glibc 2.36.
constexpr long kFchmodat2 = 452;
// Opening a pipe must not wait for its other end, nor a terminal become ours.
constexpr int kOpenFlags = O_NONBLOCK | O_NOCTTY;
constexpr int kCreateAttempts = 4;

bool is_network_disk(int fd) {
  constexpr long kFuse = 0x65735546, kCifs = 0xFF534D42L, kSmb2 = 0xFE534D42L, kCeph = 0x00C36400, kNinep = 0x01021997;
  struct statfs status;
  if (::fstatfs(fd, &status) != 0) return true;
  switch (static_cast<unsigned long>(status.f_type) & 0xFFFFFFFFul) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case AFS_SUPER_MAGIC:
    case CODA_SUPER_MAGIC:
    case kFuse:
    case kCifs:
    case kSmb2:
    case kCeph:
    case kNinep:
      return true;
    default:
      return false;
  }
}

Capabilities capabilities_of(const Root& root) {
  const Capabilities all = Capability::RandomWrite | Capability::ReadWrite | Capability::Resume | Capability::NativeFd |
                           Capability::AtomicRename | Capability::ServerCopy | Capability::Symlinks | Capability::Mode |
                           Capability::Owner | Capability::Times | Capability::Truncate | Capability::RealDirectories |
                           Capability::Space;
  const auto fd = root.descriptor();
  // A network's disk can hang for minutes: protocols must not wait for it inline.
  return !fd || is_network_disk(*fd) ? all : all | Capability::Immediate;
}

// By an O_PATH descriptor, on which fchmod is refused.
int change_mode(int fd, mode_t mode) {
  if (::syscall(kFchmodat2, fd, "", mode, AT_EMPTY_PATH) == 0) return 0;
  if (errno != ENOSYS && errno != EPERM) return errno;  // EPERM: also what a system call filter answers
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return ::chmod(path.c_str(), mode) == 0 ? 0 : errno;
}

Error not_regular(const VPath& path) { return {Errc::PermissionDenied, path.str(), "not a regular file"}; }

}  // namespace

LocalFilesystem::LocalFilesystem(std::unique_ptr<Root> root, Ownership owner, Logger& log)
    : root_(std::move(root)), owner_(owner), capabilities_(capabilities_of(*root_)), log_(log) {}

std::string LocalFilesystem::location(const VPath& path) const {
  if (path.is_root()) return root_->path();
  std::string location;
  location.reserve(root_->path().size() + path.str().size());
  if (root_->path() != "/") location = root_->path();
  location += path.str();
  return location;
}

void* LocalFilesystem::query(std::string_view interface_id) noexcept {
  return interface_id == MountState::kInterfaceId ? static_cast<MountState*>(this) : nullptr;
}

// A directory that was removed has no links; one that was absent is looked for with each call anyway.
bool LocalFilesystem::is_there() noexcept {
  if (!has(capabilities_, Capability::Immediate)) return true;
  const auto root = root_->descriptor();
  struct stat status;
  return root && ::fstat(*root, &status) == 0 && status.st_nlink > 0;
}

Result<FileInfo> LocalFilesystem::stat(const OpContext& context, const VPath& path, Follow follow) {
  SLIPWAY_TRY(check(context, path.str()));
  SLIPWAY_ASSIGN(const char* relative, relative_path(path));
  struct stat status;
  if (std::strchr(relative, '/') == nullptr) {
    SLIPWAY_ASSIGN(const int root, root_->descriptor());
    if (::fstatat(root, relative, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) {
      return system_error(errno, path.str());
    }
    if (follow == Follow::No || !S_ISLNK(status.st_mode)) return file_info(path.name(), status);
  }
  SLIPWAY_ASSIGN(const OwnedFd fd, root_->open_beneath(path, O_PATH | (follow == Follow::No ? O_NOFOLLOW : 0)));
  if (::fstat(fd.get(), &status) != 0) return system_error(errno, path.str());
  return file_info(path.name(), status);
}

Result<std::unique_ptr<DirCursor>> LocalFilesystem::list(const OpContext& context, const VPath& path) {
  SLIPWAY_TRY(check(context, path.str()));
  SLIPWAY_ASSIGN(OwnedFd fd, root_->open_beneath(path, O_RDONLY | O_DIRECTORY));
  return std::make_unique<LocalCursor>(std::move(fd), path);
}

Result<LocalFilesystem::Opened> LocalFilesystem::open_regular(const VPath& path, int flags, mode_t mode) const {
  bool created = false;
  OwnedFd fd;
  if ((flags & O_EXCL) != 0) {
    // What it opens it has made: an empty regular file.
    SLIPWAY_ASSIGN(fd, root_->open_beneath(path, flags | O_NOCTTY, mode));
    if (owner_.any()) give_file(fd.get(), path);
    return Opened{.fd = std::move(fd), .size = 0, .nonblocking = false};
  }
  if ((flags & O_CREAT) != 0 && owner_.any()) {
    SLIPWAY_ASSIGN(fd, open_or_create(path, flags | kOpenFlags, mode, created));
  } else {
    SLIPWAY_ASSIGN(fd, root_->open_beneath(path, flags | kOpenFlags, mode));
  }
  struct stat status;
  if (::fstat(fd.get(), &status) != 0) return system_error(errno, path.str());
  if (S_ISDIR(status.st_mode)) return system_error(EISDIR, path.str());
  if (!S_ISREG(status.st_mode)) return not_regular(path);
  if (created) give_file(fd.get(), path);
  return Opened{.fd = std::move(fd), .size = static_cast<std::uint64_t>(status.st_size), .nonblocking = true};
}

Result<OwnedFd> LocalFilesystem::open_or_create(const VPath& path, int flags, mode_t mode, bool& created) const {
  for (int attempt = 0; attempt < kCreateAttempts; ++attempt) {
    auto existing = root_->open_beneath(path, flags & ~O_CREAT);
    if (existing || existing.code() != Errc::NotFound) return existing;
    auto fresh = root_->open_beneath(path, flags | O_EXCL, mode);
    created = fresh.ok();
    if (fresh || fresh.code() != Errc::Exists) return fresh;
  }
  // There and not there: a link whose target does not exist yet, which O_EXCL does not follow.
  created = true;
  return root_->open_beneath(path, flags, mode);
}

Result<std::unique_ptr<File>> LocalFilesystem::open(const OpContext& context, const VPath& path,
                                                    const OpenOptions& options) {
  SLIPWAY_TRY(check(context, path.str()));
  if (!options.valid()) {
    return Error(Errc::InvalidArgument, path.str(), "these open options do not go together");
  }
  int flags = options.read && options.write ? O_RDWR : options.write ? O_WRONLY : O_RDONLY;
  if (options.create) flags |= O_CREAT;
  if (options.exclusive) flags |= O_EXCL;
  if (options.truncate) flags |= O_TRUNC;
  SLIPWAY_ASSIGN(Opened opened, open_regular(path, flags, options.mode));
  return std::make_unique<LocalFile>(std::move(opened.fd), path, options,
                                     LocalFile::Facts{.size = opened.size,
                                                      .nonblocking = opened.nonblocking,
                                                      .late_errors = !has(capabilities_, Capability::Immediate)});
}

Status LocalFilesystem::remove(const OpContext& context, const VPath& path) {
  SLIPWAY_TRY(check(context, path.str()));
  if (path.is_root()) return system_error(EISDIR, path.str());
  SLIPWAY_ASSIGN(const Place place, root_->place(path));
  if (::unlinkat(place.directory(), place.name(), 0) != 0) return system_error(errno, path.str());
  return ok();
}

Status LocalFilesystem::make_dir(const OpContext& context, const VPath& path, std::uint32_t mode) {
  SLIPWAY_TRY(check(context, path.str()));
  if (path.is_root()) return system_error(EEXIST, path.str());
  SLIPWAY_ASSIGN(const Place place, root_->place(path));
  if (::mkdirat(place.directory(), place.name(), mode & 07777) != 0) return system_error(errno, path.str());
  if (owner_.any()) give_place(place, S_IFDIR, path);
  return ok();
}

Status LocalFilesystem::remove_dir(const OpContext& context, const VPath& path) {
  SLIPWAY_TRY(check(context, path.str()));
  SLIPWAY_ASSIGN(const Place place, root_->place(path));
  if (::unlinkat(place.directory(), place.name(), AT_REMOVEDIR) != 0) return system_error(errno, path.str());
  return ok();
}

Status LocalFilesystem::rename(const OpContext& context, const VPath& from, const VPath& to) {
  SLIPWAY_TRY(check(context, from.str()));
  SLIPWAY_ASSIGN(const Place source, root_->place(from));
  SLIPWAY_ASSIGN(const Place target, root_->place(to));
  const auto attempt = [&](unsigned flags) {
    return ::renameat2(source.directory(), source.name(), target.directory(), target.name(), flags) == 0 ? 0 : errno;
  };
  // rename(2) would put a directory in the place of an empty one; the contract knows no such surprise. EINVAL is also
  // the answer of file systems that do not know the flag.
  int why = attempt(RENAME_NOREPLACE);
  if (why == EEXIST || why == EINVAL) {
    struct stat status;
    if (::fstatat(target.directory(), target.name(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode)) {
      // A directory below itself is the caller's mistake even when something is there.
      return system_error(to.is_within(from) && to != from ? EINVAL : EEXIST, to.str());
    }
    why = attempt(0);
  }
  if (why == 0) return ok();
  // Not openat2's EXDEV, which was dealt with above: both directories are beneath the root, on different file systems.
  if (why == EXDEV) return move_between_devices(context, source, target, from.str());
  return system_error(why, why == ENOENT ? from.str() : to.str());
}

Status LocalFilesystem::copy(const OpContext& context, const VPath& from, const VPath& to) {
  SLIPWAY_TRY(check(context, from.str()));
  SLIPWAY_ASSIGN(const Opened source, open_regular(from, O_RDONLY, 0));
  if (::fcntl(source.fd.get(), F_SETFL, 0) != 0) return system_error(errno, from.str());
  if (to.is_root()) return system_error(EISDIR, to.str());
  SLIPWAY_ASSIGN(const Place target, root_->place(to));
  // Only saves the work of a copy that the rename at its end would refuse.
  struct stat status;
  if (::fstatat(target.directory(), target.name(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode)) {
    return system_error(EISDIR, to.str());
  }
  return copy_file(context, source.fd.get(), target, owner_, to.str());
}

Status LocalFilesystem::set_attributes(const OpContext& context, const VPath& path, const FileAttributes& attributes,
                                       Follow follow) {
  SLIPWAY_TRY(check(context, path.str()));
  const int nofollow = follow == Follow::No ? O_NOFOLLOW : 0;
  if (attributes.size) {
    if (*attributes.size > static_cast<std::uint64_t>(LLONG_MAX)) return system_error(EFBIG, path.str());
    SLIPWAY_ASSIGN(const Opened file, open_regular(path, O_WRONLY | nofollow, 0));
    if (::ftruncate(file.fd.get(), static_cast<off_t>(*attributes.size)) != 0) return system_error(errno, path.str());
    if (!attributes.mode && !attributes.uid && !attributes.gid && !attributes.atime && !attributes.mtime) return ok();
  }
  SLIPWAY_ASSIGN(const OwnedFd fd, root_->open_beneath(path, O_PATH | nofollow));
  if (attributes.mode) {
    if (const int why = change_mode(fd.get(), *attributes.mode & 07777); why != 0) return system_error(why, path.str());
  }
  if (attributes.uid || attributes.gid) {
    if (const int why = give(fd.get(), {attributes.uid, attributes.gid}); why != 0) {
      return system_error(why, path.str());
    }
  }
  if (attributes.atime || attributes.mtime) {
    if (::utimensat(fd.get(), "", TimesToSet(attributes).times, AT_EMPTY_PATH) != 0) {
      return system_error(errno, path.str());
    }
  }
  return ok();
}

Status LocalFilesystem::symlink(const OpContext& context, std::string_view target, const VPath& link) {
  SLIPWAY_TRY(check(context, link.str()));
  if (target.empty() || target.find('\0') != std::string_view::npos) {
    return Error(Errc::InvalidArgument, link.str(), "a link needs a target without NUL bytes");
  }
  if (link.is_root()) return system_error(EEXIST, link.str());
  SLIPWAY_ASSIGN(const Place place, root_->place(link));
  if (::symlinkat(std::string(target).c_str(), place.directory(), place.name()) != 0) {
    return system_error(errno, link.str());
  }
  if (owner_.any()) give_place(place, S_IFLNK, link);
  return ok();
}

Result<std::string> LocalFilesystem::read_link(const OpContext& context, const VPath& path) {
  SLIPWAY_TRY(check(context, path.str()));
  SLIPWAY_ASSIGN(const Place place, root_->place(path));
  std::array<char, PATH_MAX> target;
  const ssize_t length = ::readlinkat(place.directory(), place.name(), target.data(), target.size());
  if (length < 0) return system_error(errno, path.str());
  return std::string(target.data(), static_cast<std::size_t>(length));
}

Result<FilesystemSpace> LocalFilesystem::space(const OpContext& context, const VPath& path) {
  SLIPWAY_TRY(check(context, path.str()));
  SLIPWAY_ASSIGN(const OwnedFd fd, root_->open_beneath(path, O_PATH));
  struct statvfs status;
  while (::fstatvfs(fd.get(), &status) != 0) {
    if (errno != EINTR) return system_error(errno, path.str());
  }
  FilesystemSpace space;
  space.block_size = status.f_frsize != 0 ? status.f_frsize : status.f_bsize;
  space.total_blocks = status.f_blocks;
  space.free_blocks = status.f_bfree;
  space.available_blocks = status.f_bavail;
  space.total_files = status.f_files;
  space.free_files = status.f_ffree;
  space.max_name = status.f_namemax;
  return space;
}

void LocalFilesystem::give_place(const Place& place, mode_t type, const VPath& path) const {
  // By name it could be something else by now, a hard link to another's file; a descriptor whose type was looked at
  // stays what it is.
  const OwnedFd fd(::openat(place.directory(), place.name(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status;
  if (!fd || ::fstat(fd.get(), &status) != 0 || (status.st_mode & S_IFMT) != type || status.st_uid != ::geteuid())
    return;
  if (const int why = give(fd.get(), owner_); why != 0) log_give_failure(why, path);
}

void LocalFilesystem::give_file(int fd, const VPath& path) const {
  if (const int why = give(fd, owner_); why != 0) log_give_failure(why, path);
}

void LocalFilesystem::log_give_failure(int why, const VPath& path) const {
  log_.warn("could not give a new entry to its owner",
            {{"path", location(path)}, {"cause", system_error(why, {}).cause()}});
}

}  // namespace slipway::local
