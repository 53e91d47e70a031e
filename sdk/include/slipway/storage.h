// A storage module mounts filesystems: one for each home directory or virtual folder that selects it.
#pragma once

#include "slipway/filesystem.h"

namespace slipway {

// What is mounted. The views live as long as the call.
struct MountRequest {
  // The home directory or the folder's mapped path: absolute, for modules that keep files on local disks; may be empty.
  std::string_view root;
  // Whether `root` may be made when it is absent (an account's disable_fs_checks says no).
  bool create_root = true;
  // Owner of what is created, when the server may change owners; 0 means unchanged.
  std::uint32_t uid = 0, gid = 0;
  // The use's options (ModuleDescriptor::use_options), secrets opened.
  const OptionView& options;
};

class StorageModule : public Module {
 public:
  // The filesystem may be shared by many sessions and outlive configure(), but not stop(). Two mounts of one place show
  // the same files.
  virtual Result<std::unique_ptr<Filesystem>> mount(const OpContext&, const MountRequest&) = 0;
};

// Optional, by Filesystem::query, for storages whose place may vanish: sessions that follow each other share a mount
// for a moment.
class MountState {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.mount-state.v1";
  // Whether what was mounted is still there; false: it has to be mounted again. Never waits.
  virtual bool is_there() noexcept = 0;

 protected:
  ~MountState() = default;
};

// A finished listing as a cursor, for backends that have it in memory.
class ListCursor final : public DirCursor {
 public:
  explicit ListCursor(std::vector<FileInfo> entries) : entries_(std::move(entries)) {}
  Result<bool> next(const OpContext& context, std::size_t max, std::vector<FileInfo>& out) override {
    SLIPWAY_TRY(check(context, "listing"));
    for (; max > 0 && at_ < entries_.size(); --max) out.push_back(std::move(entries_[at_++]));
    return at_ < entries_.size();
  }

 private:
  std::vector<FileInfo> entries_;
  std::size_t at_ = 0;
};

// Optional, by Filesystem::query: uploads in parallel parts for object stores. The core owns the concurrency.
class MultipartUploads {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.multipart.v1";
  struct Hints {
    std::size_t part_size;  // bytes
    unsigned concurrency;
  };
  class Upload {
   public:
    virtual ~Upload() = default;  // without complete(): abort
    // Called from many threads; parts are numbered from 1.
    virtual Status put_part(const OpContext&, unsigned number, std::span<const std::byte>) = 0;
    virtual Result<FileInfo> complete(const OpContext&) = 0;
  };
  virtual Hints hints(std::uint64_t size_hint) const = 0;
  virtual Result<std::unique_ptr<Upload>> begin(const OpContext&, const VPath&) = 0;

 protected:
  ~MultipartUploads() = default;
};

}  // namespace slipway
