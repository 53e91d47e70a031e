#include "root.h"

#include <linux/openat2.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "system_error.h"

namespace slipway::local {
namespace {

// The kernel answers EAGAIN when something was renamed or mounted anywhere while it walked a "..": it cannot tell then
// whether the walk left the root. Trying again nearly always helps; on a machine that renames without end it must stop.
constexpr int kMaxAttempts = 256;
constexpr int kAttemptsBeforeYield = 16;

int open_confined(int root, const char* path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.mode = (flags & O_CREAT) != 0 ? mode & 07777 : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 1;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    if (errno == EINTR) continue;
    if (errno != EAGAIN || attempt >= kMaxAttempts) return -1;
    if (attempt >= kAttemptsBeforeYield) ::sched_yield();
  }
}

// What a path of the configuration names may be a link: the administrator's choice.
int open_root(const std::string& path) { return ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }

// mkdir -p. 0 when the last one was made, else why it or one above it was not.
int make_directories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (::mkdir(path.substr(0, slash).c_str(), 0777) != 0 && errno != EEXIST) return errno;
  }
  return ::mkdir(path.c_str(), 0777) == 0 ? 0 : errno;
}

}  // namespace

Result<const char*> relative_path(const VPath& path) {
  if (path.is_root()) return ".";
  const std::string& text = path.str();
  const std::string_view name = path.name();
  if (text[0] != '/' || name.empty() || name == "." || name == ".." || text.find('\0') != std::string::npos) {
    return Error(Errc::InvalidArgument, text, "not a clean path");
  }
  return text.c_str() + 1;
}

Status Root::probe() {
  const OwnedFd here(open_confined(AT_FDCWD, ".", O_PATH, 0));
  if (here) return ok();
  return Error(Errc::NotSupported, "storage-local",
               errno == ENOSYS || errno == EPERM
                   ? "openat2 is missing, without which no path can be confined: it takes Linux 5.8 or later, and a "
                     "container runtime whose system call filter lets it pass"
                   : system_error(errno, "openat2").message());
}

Result<std::unique_ptr<Root>> Root::open(std::string path, bool create, bool& created) {
  created = false;
  if (path.empty() || path[0] != '/' || path.find('\0') != std::string::npos) {
    return Error(Errc::InvalidArgument, path, "the root of a local filesystem must be an absolute path");
  }
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  std::unique_ptr<Root> root(new Root(std::move(path)));
  int fd = open_root(root->path_);
  if (fd < 0 && errno == ENOENT && create) {
    const int failure = make_directories(root->path_);
    created = failure == 0;
    if (!created && failure != EEXIST) return system_error(failure, root->path_);
    fd = open_root(root->path_);
  }
  if (fd < 0 && (errno != ENOENT || create)) return system_error(errno, root->path_);
  root->fd_ = fd;
  return root;
}

Root::~Root() {
  if (const int fd = fd_.load(); fd >= 0) ::close(fd);
}

Result<int> Root::descriptor() const {
  if (const int fd = fd_.load(std::memory_order_acquire); fd >= 0) return fd;
  OwnedFd fresh(open_root(path_));
  if (!fresh) return system_error(errno, path_);
  int expected = -1;
  if (!fd_.compare_exchange_strong(expected, fresh.get())) return expected;
  return fresh.release();
}

Result<OwnedFd> Root::open_beneath(const VPath& path, int flags, mode_t mode) const {
  SLIPWAY_ASSIGN(const char* relative, relative_path(path));
  SLIPWAY_ASSIGN(const int root, descriptor());
  const int fd = open_confined(root, relative, flags, mode);
  if (fd < 0) return beneath_error(errno, path.str());
  return OwnedFd(fd);
}

Result<Place> Root::place(const VPath& path) const {
  if (path.is_root()) return Error(Errc::InvalidArgument, path.str(), "the root directory itself");
  SLIPWAY_ASSIGN(const char* relative, relative_path(path));
  SLIPWAY_ASSIGN(const int root, descriptor());
  const char* slash = std::strrchr(relative, '/');
  if (slash == nullptr) return Place(root, relative);

  std::array<char, PATH_MAX> parent;
  const auto length = static_cast<std::size_t>(slash - relative);
  if (length >= parent.size()) return system_error(ENAMETOOLONG, path.str());
  std::memcpy(parent.data(), relative, length);
  parent[length] = '\0';
  const int fd = open_confined(root, parent.data(), O_PATH | O_DIRECTORY, 0);
  if (fd < 0) return beneath_error(errno, path.str());
  return Place(OwnedFd(fd), slash + 1);
}

}  // namespace slipway::local
