// Quota scans in the background: counts what is really there and sets the counters to it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/thread_pool.h"
#include "core/session/session_manager.h"
#include "core/vfs/quota_scan.h"

namespace slipway::session {

struct ScanStatus {
  std::string name;                                     // of the user or folder
  std::int64_t start_time = 0;                          // Unix ms
  std::uint64_t files = 0, bytes = 0, directories = 0;  // counted so far
};

// The mounts whose files count in the user's own quota, each file once: of two mounts of one folder the one whose
// subpath lies within the other's is left out. Views `user`.
std::vector<const accounts::FolderMount*> folders_in_user_quota(const accounts::EffectiveUser& user);

// Thread-safe. A user's scan counts the home and the folders that count in the user's own quota.
class QuotaScans {
 public:
  QuotaScans(SessionManager& sessions, ThreadPool& pool) : sessions_(sessions), pool_(pool) {}
  // Cancels what runs and waits for it.
  ~QuotaScans();

  // NotFound; Conflict while one of the same name runs; NotSupported when quota is not tracked. InvalidArgument for a
  // folder that is another place for each user.
  Status start_user(const std::string& username);
  Status start_folder(const std::string& folder);
  std::vector<ScanStatus> running_users() const;
  std::vector<ScanStatus> running_folders() const;

 private:
  struct Scan;
  using Scans = std::vector<std::shared_ptr<Scan>>;
  Status start(Scans QuotaScans::*kind, const std::string& name);
  Status scan_user(Scan& scan);
  Status scan_folder(Scan& scan);
  std::vector<ScanStatus> running(const Scans QuotaScans::*kind) const;

  SessionManager& sessions_;
  ThreadPool& pool_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  Scans users_, folders_;
};

}  // namespace slipway::session
