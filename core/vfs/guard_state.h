// What the guard, its open files and its listings share; it lives as long as the last of them.
#pragma once

#include <atomic>
#include <memory>

#include "core/vfs/access.h"
#include "core/vfs/active_uploads.h"
#include "core/vfs/mount_table.h"
#include "core/vfs/notices.h"

namespace slipway::vfs {

struct GuardState {
  GuardState(Policy session_policy, std::shared_ptr<events::EventBus> bus);
  GuardState(const GuardState&) = delete;
  GuardState& operator=(const GuardState&) = delete;

  Place place(const VPath& path) const { return mounts.resolve(path); }

  const MountTable mounts;  // behind fences
  const Policy policy;      // without its mounts
  const Access access;
  const Notices notices;
  ActiveUploads uploads;
  // Whether the last file that somebody wanted to create was not there: what to try first with the next one.
  std::atomic<bool> new_files{true};
};

// An open file whose attributes are meant, and what it could not take yet: the caller sets that at the end.
struct OpenTarget {
  File* file = nullptr;
  FileAttributes* late = nullptr;
};
// Changes attributes of the entry at a place, or of the file that is open there: checks, common.setstat_mode and log
// are the same. `size` is not its business.
Status change_attributes(GuardState& state, const OpContext& ctx, const Place& place, const FileAttributes& attributes,
                         Follow follow, OpenTarget open = {});

// For work that ends an operation whatever became of its client.
OpContext cleanup_context(const Policy& policy);

}  // namespace slipway::vfs
