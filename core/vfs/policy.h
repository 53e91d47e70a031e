// What one session may do, as plain values: made by core/session from the effective account, enforced by the guard.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/vfs/path_ledger.h"
#include "slipway/filesystem.h"

namespace slipway::vfs {

// ---- permissions (BEHAVIOUR 2; lookup: nearest ancestor with an entry, at each level exact before glob)

enum class Permission : std::uint32_t {
  List = 1u << 0,
  Download = 1u << 1,
  Upload = 1u << 2,
  Overwrite = 1u << 3,
  DeleteFiles = 1u << 4,
  DeleteDirs = 1u << 5,
  RenameFiles = 1u << 6,
  RenameDirs = 1u << 7,
  CreateDirs = 1u << 8,
  CreateSymlinks = 1u << 9,
  Chmod = 1u << 10,
  Chown = 1u << 11,
  Chtimes = 1u << 12,
  Copy = 1u << 13,
};
using Permissions = std::uint32_t;
inline constexpr Permissions kAllPermissions = (1u << 14) - 1;
constexpr bool allows(Permissions set, Permission p) noexcept { return (set & Permissions(p)) != 0; }

// The bits of a token of the account model ("*", "delete", "delete_files"...); nothing for an unknown one.
std::optional<Permissions> permissions_of_token(std::string_view token);

class PermissionMap {
 public:
  // `path` may be a pattern as the account model allows ("/projects/*/in"). A second entry for a path is ignored.
  void add(const VPath& path, Permissions permissions);
  // Of the directory itself.
  Permissions at(const VPath& directory) const;
  // Whether an entry other than "everything" exists at or below `path`: deep operations must then look at each entry.
  bool differs_below(const VPath& path) const;

 private:
  std::map<std::string, Permissions, std::less<>> exact_;
  std::vector<std::pair<std::string, Permissions>> patterns_;
};

// ---- file patterns (BEHAVIOUR 3)

struct PatternRule {
  VPath path;
  std::vector<std::string> allowed, denied;  // lower case
  bool hide = false;
};

enum class PatternVerdict : std::uint8_t { Visible, Denied, Hidden };

class PatternRules {
 public:
  void add(PatternRule rule);
  // Of a file or directory at `path`; a hidden ancestor hides everything below it.
  PatternVerdict check(const VPath& path) const;
  bool empty() const noexcept { return rules_.empty(); }

  // The rule for the names in one directory, looked up once for a whole listing. Lives as long as the rules.
  class Names {
   public:
    // Of an entry, given that the directory itself is not hidden.
    PatternVerdict check(std::string_view name) const;

   private:
    friend class PatternRules;
    const PatternRule* rule_ = nullptr;  // null: everything is visible
  };
  Names names_in(const VPath& directory) const;

 private:
  Names names_in(std::string_view directory) const;

  std::map<std::string, PatternRule, std::less<>> rules_;
};

// ---- quota

struct QuotaLimits {
  std::int64_t size = 0;   // bytes; 0: none
  std::int64_t files = 0;  // 0: none
  bool limited() const noexcept { return size > 0 || files > 0; }
};

// The counters of one quota domain (a user's own tree or a folder), shared by all sessions that write to it.
// Space is reserved before it is used and settled or given back afterwards, so that two uploads cannot pass one limit.
// Thread-safe.
class QuotaAccount {
 public:
  // Called outside of any lock with what changed; keeps the stored counters in step.
  using Persist = std::function<void(QuotaUsage delta)>;
  QuotaAccount(QuotaUsage used, Persist persist);

  // What is stored plus what is reserved.
  QuotaUsage used() const noexcept;
  // Reserves growth; false when a limit would be passed (then nothing is reserved). Negative amounts always succeed.
  bool reserve(std::int64_t size, std::int64_t files, const QuotaLimits& limits) noexcept;
  // Reserves between `needed` (> 0) and `wanted` bytes, no more than needed once the limit is near. 0: not even
  // `needed` fits, nothing is reserved.
  std::int64_t reserve_ahead(std::int64_t needed, std::int64_t wanted, const QuotaLimits& limits) noexcept;
  // Turns a reservation of (reserved) into the true change (actual) and persists that.
  void settle(QuotaUsage reserved, QuotaUsage actual);
  // A change without a reservation: deletes, renames.
  void add(QuotaUsage delta) { settle({}, delta); }
  // After a scan or an administrator's reset; reservations in flight stay.
  void reset(QuotaUsage stored) noexcept;
  // What is counted for the files of this domain that change right now.
  PathLedger& paths() noexcept { return paths_; }

 private:
  mutable std::mutex mutex_;
  QuotaUsage stored_, reserved_;
  Persist persist_;
  PathLedger paths_;
};

// Uploaded and downloaded bytes of a user since the last reset.
struct TransferLimits {
  std::int64_t upload = 0, download = 0, total = 0;  // bytes; 0: none; total replaces the other two
  bool limited() const noexcept { return upload > 0 || download > 0 || total > 0; }
};

class TransferAccount {
 public:
  using Persist = std::function<void(std::int64_t uploaded, std::int64_t downloaded)>;
  TransferAccount(std::int64_t uploaded, std::int64_t downloaded, Persist persist);
  // Counts bytes as they move; false once a limit is passed.
  bool count(std::int64_t uploaded, std::int64_t downloaded, const TransferLimits& limits) noexcept;
  // Whether anything is left in that direction.
  bool has_room(bool upload, const TransferLimits& limits) const noexcept;
  // At a transfer's end: stores what it moved.
  void persist(std::int64_t uploaded, std::int64_t downloaded);
  void reset(std::int64_t uploaded, std::int64_t downloaded) noexcept;

 private:
  std::atomic<std::int64_t> uploaded_, downloaded_;
  Persist persist_;
};

// ---- bandwidth: one bucket for all transfers of a user (or source group) in one direction

class Bandwidth {
 public:
  explicit Bandwidth(std::int64_t bytes_per_second);
  // Takes `bytes` and sleeps as long as the rate asks; returns early when `stop` is requested. Thread-safe.
  void consume(std::uint64_t bytes, const std::stop_token& stop);
  // A new rate counts from now on; the same one changes nothing.
  void set_rate(std::int64_t bytes_per_second) noexcept;

 private:
  std::mutex mutex_;
  std::int64_t rate_;
  std::chrono::steady_clock::time_point next_;
};

// ---- transfers: who is moving what, and whether one more may start

// One running transfer. The guard adds to `bytes`; the registry shows it and may request `stop`.
class TransferTicket {
 public:
  virtual ~TransferTicket() = default;  // the transfer is over
  // Requested for this transfer alone; a stop of the whole session reaches the guard through OpContext.
  virtual std::stop_token stop_token() const noexcept = 0;
  std::atomic<std::uint64_t> bytes{0};
};

class TransferAdmission {
 public:
  virtual ~TransferAdmission() = default;
  // PermissionDenied beyond the per-user, per-host or total cap; counted atomically.
  virtual Result<std::unique_ptr<TransferTicket>> begin(bool upload, const VPath& path) = 0;
};

// ---- modes (CONFIG common)

// upload_mode 0, 1 and 2; the keep-partial flags of object stores are mount options.
enum class UploadMode : std::uint8_t { Direct, Atomic, AtomicResume };
enum class SetstatMode : std::uint8_t { Execute, Ignore, IgnoreUnsupported };

// ---- mounts

// One storage in the user's tree.
struct Mount {
  VPath at;  // "/" for the home
  std::shared_ptr<Filesystem> fs;
  std::string module;            // the storage module's name, for logs
  int provider = 0;              // number of the account model, for events
  std::string bucket, endpoint;  // for events
  std::string folder;            // virtual folder's name; empty for the home
  std::string resource;          // mounts of equal text are one storage: renames may cross them
  // Where staged uploads wait instead of beside their targets, of the same storage module; null: beside them.
  std::shared_ptr<Filesystem> staging;
  std::shared_ptr<QuotaAccount> quota;  // null: not tracked
  QuotaLimits limits;
  bool symlinks = false;  // common.symlink_mode allows links here
};

// ---- the policy

struct Policy {
  std::string user, role, protocol, ip, connection_id;
  std::string external_user;                  // who acts for the user, where it is somebody else: a mail address
  std::optional<std::uint32_t> uid, gid;      // of the account's files; nothing: the server's own
  std::string local_address, remote_address;  // "192.0.2.1:22", for log lines
  PermissionMap permissions;
  PatternRules patterns;
  std::vector<Mount> mounts;  // one at "/"
  UploadMode upload_mode = UploadMode::Direct;
  SetstatMode setstat_mode = SetstatMode::Execute;
  bool recursive_store_rename = false;           // common.rename_mode 1
  std::int64_t max_upload_size = 0;              // bytes; 0: none
  std::shared_ptr<TransferAccount> transferred;  // null: not tracked
  TransferLimits transfer_limits;
  std::shared_ptr<Bandwidth> upload_bandwidth, download_bandwidth;  // null: unlimited
  std::shared_ptr<TransferAdmission> admission;                     // null: everything is admitted
  // Called once for the first successful upload or download of an account; null: nobody cares.
  std::function<bool(bool upload)> mark_first_transfer;  // true: it was the first one
  // Called now and then while a long operation goes on without a transfer; null: nobody cares.
  std::function<void()> mark_activity;
};

}  // namespace slipway::vfs
