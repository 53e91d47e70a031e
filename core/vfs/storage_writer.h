// Writes one file of a storage so that its name shows old content or new content, as far as storage and mode allow.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "core/vfs/mount_table.h"

namespace slipway::vfs {

// Staged: under a name of its own beside the target, moved over the target by commit(); or on the mount's staging
// storage, copied beside the target by commit() and then moved over it. Direct: under the target's name
// from the start, which is also right for storages that show a file only when it is finished.
class StorageWriter {
 public:
  struct Plan {
    OpenOptions open;
    bool staged = false;
    bool staged_beside = false;        // even if the mount has a place for staged files
    std::optional<FileInfo> replaces;  // the file that is there; its mode and owner are kept
  };
  // What becomes of an upload that did not succeed.
  enum class Leave {
    AsItIs,   // as the storage leaves it: in direct mode the partial file, in staged mode an abandoned one is removed
    Partial,  // what has arrived, under the target's name, to be resumed
    Nothing,  // neither the partial file nor what it has overwritten
  };

  static Result<std::unique_ptr<StorageWriter>> open(const OpContext& ctx, const Place& target, const Plan& plan);

  File& file() noexcept { return *file_; }
  bool is_open() const noexcept { return file_ != nullptr; }  // until commit() or abandon()
  bool is_staged() const noexcept { return plan_.staged; }
  // The client has chosen these itself: commit() does not bring the replaced file's back. Thread-safe.
  void attributes_were_set(const FileAttributes& attributes) noexcept;
  // The new content becomes the target's. After an error a staged upload is removed.
  Status commit(const OpContext& ctx);
  // Instead of commit(). Best effort.
  void abandon(const OpContext& ctx, Leave leave);

 private:
  StorageWriter(Place target, Plan plan, std::shared_ptr<Filesystem> written_fs, VPath written,
                std::unique_ptr<File> file);
  void keep_attributes(const OpContext& ctx);
  bool is_still_there(const OpContext& ctx);
  Status publish(const OpContext& ctx);
  Status move_in(const OpContext& ctx);

  const Place target_;
  const Plan plan_;
  const std::shared_ptr<Filesystem> written_fs_;  // the target's, or the mount's staging
  const VPath written_;                           // the target's path, or the staged one
  std::unique_ptr<File> file_;
  std::atomic<bool> mode_set_{false}, owner_set_{false};
};

// A storage on which an upload would be seen half-written, and which can stage it.
bool can_stage(Capabilities capabilities) noexcept;

}  // namespace slipway::vfs
