// The directory that a filesystem is confined to. The kernel resolves every path beneath it, in the call that opens it:
// there is no moment between a check and its use.
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <atomic>
#include <string>

#include "owned_fd.h"
#include "slipway/filesystem.h"

namespace slipway::local {

// A directory beneath the root and one name in it, for the calls that act on a name: unlinkat, renameat2, mkdirat. The
// name is a single component that those calls do not follow, so they stay in that directory.
class Place {
 public:
  Place(int root, const char* name) noexcept : fd_(root), name_(name) {}
  Place(OwnedFd parent, const char* name) noexcept : parent_(std::move(parent)), fd_(parent_.get()), name_(name) {}

  int directory() const noexcept { return fd_; }
  const char* name() const noexcept { return name_; }

 private:
  OwnedFd parent_;
  int fd_;
  const char* name_;  // in the VPath that the place was made of
};

// Thread-safe.
class Root {
 public:
  // `path` is absolute. With `create` it is made with its parents when it is absent; `created` tells whether it was.
  // Without, an absent directory is looked for again at each call: a home may be mounted later.
  static Result<std::unique_ptr<Root>> open(std::string path, bool create, bool& created);
  // An error that says what is missing, when this kernel (or the sandbox the server runs in) has no openat2.
  static Status probe();

  ~Root();
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;

  const std::string& path() const noexcept { return path_; }
  // The root itself, an O_PATH descriptor.
  Result<int> descriptor() const;
  // One system call. Links are followed as long as they stay beneath the root, the last one too unless `flags` has
  // O_NOFOLLOW. O_CLOEXEC is added.
  Result<OwnedFd> open_beneath(const VPath& path, int flags, mode_t mode = 0) const;
  // No system call for a name in the root itself, else one (and a close). InvalidArgument for the root.
  Result<Place> place(const VPath& path) const;

 private:
  explicit Root(std::string path) : path_(std::move(path)) {}
  const std::string path_;
  mutable std::atomic<int> fd_{-1};  // set once
};

// A path as the kernel takes it, relative to the root. VPath is trusted to be clean, but a backend that would walk out
// of its root on a mistake made elsewhere is one mistake away from a hole: the forms that matter are refused again.
Result<const char*> relative_path(const VPath& path);

}  // namespace slipway::local
