#include "transfer.h"

#include <dirent.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "system_error.h"

namespace slipway::local {
namespace {

constexpr std::size_t kStep = std::size_t{16} << 20;  // bytes between two looks at the context
constexpr std::size_t kBufferSize = std::size_t{256} << 10;
constexpr int kMaxDepth = 256;  // two descriptors a level

// The server shows no client a name that begins so, and counts it in no scan (docs/modules/storage.md).
constexpr std::string_view kUnfinished = ".sftpgo-upload.";

std::string temporary_name() {
  std::array<unsigned char, 10> random{};
  if (::getrandom(random.data(), random.size(), 0) < 0) random.fill(0);  // O_EXCL still keeps names apart
  std::string name(kUnfinished);
  for (const unsigned char byte : random) {
    name += "0123456789abcdef"[byte >> 4];
    name += "0123456789abcdef"[byte & 15];
  }
  return name;
}

Status write_all(int to, const std::byte* data, std::size_t size, off_t offset, std::string_view subject) {
  while (size > 0) {
    const ssize_t n = ::pwrite(to, data, size, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_error(n < 0 ? errno : EIO, subject);
    data += n;
    offset += n;
    size -= static_cast<std::size_t>(n);
  }
  return ok();
}

// Copies [offset, end), or up to the end of file when `end` is unknown.
class RangeCopier {
 public:
  RangeCopier(int from, int to, std::string_view subject) : from_(from), to_(to), subject_(subject) {}

  Status copy(const OpContext& context, off_t offset, off_t end) {
    while (offset < end) {
      SLIPWAY_TRY(check(context, subject_));
      const auto want = static_cast<std::size_t>(std::min<off_t>(end - offset, kStep));
      SLIPWAY_ASSIGN(const std::size_t n,
                     in_kernel_ ? step_in_kernel(offset, want) : step_through_buffer(offset, want));
      if (n == 0 && !in_kernel_) return ok();  // the source became shorter
      offset += static_cast<off_t>(n);
    }
    return ok();
  }

 private:
  Result<std::size_t> step_in_kernel(off_t offset, std::size_t want) {
    off_t in = offset;
    off_t out = offset;
    const ssize_t n = ::copy_file_range(from_, &in, to_, &out, want, 0);
    if (n > 0) return static_cast<std::size_t>(n);
    if (n < 0 && errno == EINTR) return std::size_t{0};
    // Across file systems, or where one of them does not know the call; 0 is what some answer instead of an error. The
    // buffer settles what is true: it meets the same full disk or broken sector if there is one.
    in_kernel_ = false;
    return step_through_buffer(offset, want);
  }

  Result<std::size_t> step_through_buffer(off_t offset, std::size_t want) {
    if (buffer_ == nullptr) buffer_ = std::make_unique_for_overwrite<std::byte[]>(kBufferSize);
    ssize_t n;
    do {
      n = ::pread(from_, buffer_.get(), std::min(want, kBufferSize), offset);
    } while (n < 0 && errno == EINTR);
    if (n < 0) return system_error(errno, subject_);
    SLIPWAY_TRY(write_all(to_, buffer_.get(), static_cast<std::size_t>(n), offset, subject_));
    return static_cast<std::size_t>(n);
  }

  const int from_, to_;
  const std::string_view subject_;
  bool in_kernel_ = true;
  std::unique_ptr<std::byte[]> buffer_;
};

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

// The names in a directory, all at once: moving a tree changes it while it is walked.
Result<std::vector<std::string>> names_in(int directory, std::string_view subject) {
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_error(errno, subject);
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(fd));
  if (stream == nullptr) {
    const int why = errno;
    ::close(fd);
    return system_error(why, subject);
  }
  std::vector<std::string> names;
  for (errno = 0; const dirent* entry = ::readdir(stream.get()); errno = 0) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return system_error(errno, subject);
  return names;
}

OwnedFd open_directory(int parent, const char* name) {
  return OwnedFd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Best effort: what cannot be removed now is somebody else's by now, or the disk's failure, which the caller reports.
void remove_tree(int parent, const char* name, int depth) {
  if (::unlinkat(parent, name, 0) == 0 || errno != EISDIR || depth > kMaxDepth) return;
  if (const OwnedFd directory = open_directory(parent, name)) {
    if (const auto names = names_in(directory.get(), {})) {
      for (const std::string& child : *names) remove_tree(directory.get(), child.c_str(), depth + 1);
    }
  }
  ::unlinkat(parent, name, AT_REMOVEDIR);
}

// Removes what a temporary name holds unless it was renamed into place.
class Temporary {
 public:
  explicit Temporary(int directory) : directory_(directory), name_(temporary_name()) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!placed_) remove_tree(directory_, name_.c_str(), 0);
  }
  const char* name() const noexcept { return name_.c_str(); }
  Status rename_to(const char* target, unsigned flags, std::string_view subject) {
    if (::renameat2(directory_, name_.c_str(), directory_, target, flags) != 0) return system_error(errno, subject);
    placed_ = true;
    return ok();
  }

 private:
  const int directory_;
  const std::string name_;
  bool placed_ = false;
};

bool same_content_state(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

Error changed_meanwhile(std::string_view subject) {
  return {Errc::Conflict, std::string(subject), "it changed while it was being moved", true};
}

// Owner first: changing it takes the set-user-ID bits away. Times last: everything else changes them.
Status keep_attributes(int to, const struct stat& source, std::string_view subject) {
  // A server without the right to change owners moves files as mv does: they become its own.
  if (::fchown(to, source.st_uid, source.st_gid) != 0 && errno != EPERM && errno != EINVAL) {
    return system_error(errno, subject);
  }
  if (::fchmod(to, source.st_mode & 07777) != 0) return system_error(errno, subject);
  const timespec times[2] = {source.st_atim, source.st_mtim};
  if (::futimens(to, times) != 0) return system_error(errno, subject);
  return ok();
}

Status move_link(int from, const char* name, int to, const char* new_name, const struct stat& source,
                 std::string_view subject) {
  std::array<char, PATH_MAX> target;
  const ssize_t length = ::readlinkat(from, name, target.data(), target.size() - 1);
  if (length < 0) return system_error(errno, subject);
  target[static_cast<std::size_t>(length)] = '\0';
  if (::symlinkat(target.data(), to, new_name) != 0) return system_error(errno, subject);
  if (::fchownat(to, new_name, source.st_uid, source.st_gid, AT_SYMLINK_NOFOLLOW) != 0 && errno != EPERM &&
      errno != EINVAL) {
    return system_error(errno, subject);
  }
  const timespec times[2] = {source.st_atim, source.st_mtim};
  if (::utimensat(to, new_name, times, AT_SYMLINK_NOFOLLOW) != 0) return system_error(errno, subject);
  return ok();
}

Status copy_for_move(const OpContext& context, int from, const char* name, int to, const char* new_name, int depth,
                     std::string_view subject);

Status copy_directory_for_move(const OpContext& context, int from, const char* name, int to, const char* new_name,
                               const struct stat& source, int depth, std::string_view subject) {
  if (depth >= kMaxDepth) return Error(Errc::TooLarge, std::string(subject), "directories nested too deep to be moved");
  const OwnedFd from_directory = open_directory(from, name);
  if (!from_directory) return system_error(errno, subject);
  if (::mkdirat(to, new_name, 0700) != 0) return system_error(errno, subject);
  const OwnedFd to_directory = open_directory(to, new_name);
  if (!to_directory) return system_error(errno, subject);
  SLIPWAY_ASSIGN(const auto names, names_in(from_directory.get(), subject));
  for (const std::string& child : names) {
    SLIPWAY_TRY(copy_for_move(context, from_directory.get(), child.c_str(), to_directory.get(), child.c_str(),
                              depth + 1, subject));
  }
  return keep_attributes(to_directory.get(), source, subject);
}

Status copy_file_for_move(const OpContext& context, int from, const char* name, int to, const char* new_name,
                          std::string_view subject) {
  const OwnedFd source(::openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!source) return system_error(errno, subject);
  struct stat before, after;
  if (::fstat(source.get(), &before) != 0) return system_error(errno, subject);
  if (!S_ISREG(before.st_mode)) return changed_meanwhile(subject);
  const OwnedFd target(::openat(to, new_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!target) return system_error(errno, subject);
  SLIPWAY_TRY(copy_content(context, source.get(), target.get(), subject));
  if (::fstat(source.get(), &after) != 0) return system_error(errno, subject);
  if (!same_content_state(before, after)) return changed_meanwhile(subject);
  return keep_attributes(target.get(), before, subject);
}

Status copy_for_move(const OpContext& context, int from, const char* name, int to, const char* new_name, int depth,
                     std::string_view subject) {
  SLIPWAY_TRY(check(context, subject));
  struct stat source;
  if (::fstatat(from, name, &source, AT_SYMLINK_NOFOLLOW) != 0) return system_error(errno, subject);
  switch (source.st_mode & S_IFMT) {
    case S_IFREG:
      return copy_file_for_move(context, from, name, to, new_name, subject);
    case S_IFDIR:
      return copy_directory_for_move(context, from, name, to, new_name, source, depth, subject);
    case S_IFLNK:
      return move_link(from, name, to, new_name, source, subject);
    default:
      return Error(Errc::NotSupported, std::string(subject), "pipes, sockets and devices do not move between disks");
  }
}

// Removes the source of a move entry by entry, only what the copy has: a file that somebody added meanwhile stays, and
// makes this fail.
Status remove_moved(int from, const char* name, int copy, const char* copy_name, std::string_view subject) {
  struct stat source, copied;
  if (::fstatat(from, name, &source, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? ok() : system_error(errno, subject);
  if (::fstatat(copy, copy_name, &copied, AT_SYMLINK_NOFOLLOW) != 0 ||
      (source.st_mode & S_IFMT) != (copied.st_mode & S_IFMT) ||
      (S_ISREG(source.st_mode) && source.st_size != copied.st_size)) {
    return changed_meanwhile(subject);
  }
  if (!S_ISDIR(source.st_mode)) return ::unlinkat(from, name, 0) == 0 ? ok() : system_error(errno, subject);
  const OwnedFd from_directory = open_directory(from, name);
  if (!from_directory) return system_error(errno, subject);
  const OwnedFd copy_directory = open_directory(copy, copy_name);
  if (!copy_directory) return system_error(errno, subject);
  SLIPWAY_ASSIGN(const auto names, names_in(from_directory.get(), subject));
  for (const std::string& child : names) {
    SLIPWAY_TRY(remove_moved(from_directory.get(), child.c_str(), copy_directory.get(), child.c_str(), subject));
  }
  if (::unlinkat(from, name, AT_REMOVEDIR) == 0) return ok();
  return errno == ENOTEMPTY ? changed_meanwhile(subject) : system_error(errno, subject);
}

// The source is about to go: its copy must have reached the disk.
Status flush(int directory, const char* name, mode_t mode, std::string_view subject) {
  if (S_ISLNK(mode)) return ok();
  const OwnedFd fd(::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return errno == EACCES ? ok() : system_error(errno, subject);  // a mode that its own server may not read
  if ((S_ISDIR(mode) ? ::syncfs(fd.get()) : ::fsync(fd.get())) != 0) return system_error(errno, subject);
  return ok();
}

}  // namespace

int give(int fd, const Ownership& owner) {
  if (!owner.any()) return 0;
  return ::fchownat(fd, "", owner.uid.value_or(uid_t(-1)), owner.gid.value_or(gid_t(-1)), AT_EMPTY_PATH) == 0 ? 0
                                                                                                              : errno;
}

Status copy_content(const OpContext& context, int from, int to, std::string_view subject) {
  struct stat source;
  if (::fstat(from, &source) != 0) return system_error(errno, subject);
  RangeCopier copier(from, to, subject);
  off_t offset = 0;
  while (offset < source.st_size) {
    off_t data = ::lseek(from, offset, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // a hole up to the end
    off_t hole = data < 0 ? -1 : ::lseek(from, data, SEEK_HOLE);
    if (hole < 0) {  // holes are not told here
      data = offset;
      hole = source.st_size;
    }
    SLIPWAY_TRY(copier.copy(context, data, std::min(hole, source.st_size)));
    offset = hole;
  }
  // A hole at the end is a length only. A source that became shorter meanwhile must not end in zeros of ours.
  struct stat now;
  if (::fstat(from, &now) != 0) return system_error(errno, subject);
  if (::ftruncate(to, std::min(source.st_size, now.st_size)) != 0) return system_error(errno, subject);
  return ok();
}

Status copy_file(const OpContext& context, int from, const Place& to, const Ownership& owner,
                 std::string_view subject) {
  struct stat source;
  if (::fstat(from, &source) != 0) return system_error(errno, subject);
  Temporary temporary(to.directory());
  const OwnedFd target(::openat(to.directory(), temporary.name(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                source.st_mode & 0777));
  if (!target) return system_error(errno, subject);
  SLIPWAY_TRY(copy_content(context, from, target.get(), subject));
  if (const int why = give(target.get(), owner); why != 0 && why != EPERM && why != EINVAL) {
    return system_error(why, subject);
  }
  return temporary.rename_to(to.name(), 0, subject);
}

Status move_between_devices(const OpContext& context, const Place& from, const Place& to, std::string_view subject) {
  struct stat source, target;
  if (::fstatat(from.directory(), from.name(), &source, AT_SYMLINK_NOFOLLOW) != 0) return system_error(errno, subject);
  const bool target_exists = ::fstatat(to.directory(), to.name(), &target, AT_SYMLINK_NOFOLLOW) == 0;
  if (target_exists && S_ISDIR(target.st_mode)) return system_error(EEXIST, subject);
  if (target_exists && S_ISDIR(source.st_mode)) return system_error(ENOTDIR, subject);

  // A source that cannot be removed afterwards would end as two copies.
  if (::faccessat(from.directory(), ".", W_OK | X_OK, AT_EACCESS) != 0) return system_error(errno, subject);

  Temporary temporary(to.directory());
  SLIPWAY_TRY(copy_for_move(context, from.directory(), from.name(), to.directory(), temporary.name(), 0, subject));
  SLIPWAY_TRY(flush(to.directory(), temporary.name(), source.st_mode, subject));
  SLIPWAY_TRY(temporary.rename_to(to.name(), 0, subject));
  return remove_moved(from.directory(), from.name(), to.directory(), to.name(), subject);
}

}  // namespace slipway::local
