// Stands where a mount cannot be used, so that its path never falls through to the storage below it.
#pragma once

#include <string>

#include "slipway/filesystem.h"

namespace slipway::session {

// Its root is a directory; everything below it, and every change, is Unavailable for the given reason.
class UnusableFilesystem : public Filesystem {
 public:
  explicit UnusableFilesystem(std::string reason) : reason_(std::move(reason)) {}

  // All of them: a mount that cannot be used must not take abilities from the others.
  Capabilities capabilities() const noexcept override { return ~Capabilities{0}; }
  Result<FileInfo> stat(const OpContext&, const VPath& path, Follow) override {
    if (path.is_root()) return FileInfo({}, FileType::Directory);
    return refuse(path);
  }
  Result<std::unique_ptr<DirCursor>> list(const OpContext&, const VPath& path) override { return refuse(path); }
  Result<std::unique_ptr<File>> open(const OpContext&, const VPath& path, const OpenOptions&) override {
    return refuse(path);
  }
  Status remove(const OpContext&, const VPath& path) override { return refuse(path); }
  Status make_dir(const OpContext&, const VPath& path, std::uint32_t) override { return refuse(path); }
  Status remove_dir(const OpContext&, const VPath& path) override { return refuse(path); }
  Status rename(const OpContext&, const VPath& from, const VPath&) override { return refuse(from); }
  Status copy(const OpContext&, const VPath& from, const VPath&) override { return refuse(from); }
  Status set_attributes(const OpContext&, const VPath& path, const FileAttributes&, Follow) override {
    return refuse(path);
  }
  Status symlink(const OpContext&, std::string_view, const VPath& link) override { return refuse(link); }
  Result<std::string> read_link(const OpContext&, const VPath& path) override { return refuse(path); }
  Result<FilesystemSpace> space(const OpContext&, const VPath& path) override { return refuse(path); }

 private:
  Error refuse(const VPath& path) const { return {Errc::Unavailable, path.str(), reason_, true}; }

  const std::string reason_;
};

}  // namespace slipway::session
