// What the session room takes from the configuration, as plain values.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/session/connection_registry.h"
#include "core/session/shared_counters.h"
#include "core/vfs/policy.h"

namespace slipway::session {

struct SessionSettings {
  ConnectionLimits limits;
  std::chrono::minutes idle_timeout{15};  // common.idle_timeout; 0: none
  vfs::UploadMode upload_mode = vfs::UploadMode::Direct;
  vfs::SetstatMode setstat_mode = vfs::SetstatMode::Execute;
  bool recursive_store_rename = false;  // common.rename_mode 1
  unsigned symlink_mode = 0;            // common.symlink_mode: 1 local and crypt, 2 SFTP
  std::string temp_path;                // common.temp_path
  bool local_time = false;              // common.tz = local
  QuotaTracking quota_tracking = QuotaTracking::LimitedUsers;
  // How long a wrong password waits before it is refused, and a right one before it is granted.
  std::chrono::milliseconds failed_delay{0}, success_delay{0};
};

}  // namespace slipway::session
