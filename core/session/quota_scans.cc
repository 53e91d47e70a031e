#include "core/session/quota_scans.h"

#include <algorithm>

#include "core/log/log.h"
#include "core/session/mounts.h"

namespace slipway::session {

struct QuotaScans::Scan {
  std::string name;
  std::int64_t start_time = 0;
  vfs::ScanProgress progress;
};

namespace {

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::vector<const accounts::FolderMount*> folders_in_user_quota(const accounts::EffectiveUser& user) {
  const std::size_t count = user.folders.size();
  const auto counts = [&](std::size_t i) { return user.folders[i].in_user_quota() && user.folders[i].problem.empty(); };
  const auto is_covered = [&](std::size_t i, std::size_t by) {
    if (i == by || !counts(by) || user.folders[i].folder.name != user.folders[by].folder.name) return false;
    const std::string &inner = user.user.virtual_folders[i].subpath, &outer = user.user.virtual_folders[by].subpath;
    return inner == outer ? by < i : inner.starts_with(outer + "/");  // an empty one is the whole folder
  };
  std::vector<const accounts::FolderMount*> mounts;
  for (std::size_t i = 0; i < count; ++i) {
    bool covered = !counts(i);
    for (std::size_t by = 0; by < count && !covered; ++by) covered = is_covered(i, by);
    if (!covered) mounts.push_back(&user.folders[i]);
  }
  return mounts;
}

QuotaScans::~QuotaScans() {
  stop_.request_stop();
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [&] { return users_.empty() && folders_.empty(); });
}

Status QuotaScans::start_user(const std::string& username) {
  SLIPWAY_TRY(sessions_.rooms().accounts.effective_user(username));
  return start(&QuotaScans::users_, username);
}

Status QuotaScans::start_folder(const std::string& folder) {
  SLIPWAY_ASSIGN(const auto stored, sessions_.rooms().accounts.folders().get(folder));
  if (accounts::depends_on_user(stored))
    return Error(Errc::InvalidArgument, folder,
                 "a placeholder makes it another place for each user; scan the users who mount it");
  return start(&QuotaScans::folders_, folder);
}

Status QuotaScans::start(Scans QuotaScans::*kind, const std::string& name) {
  if (sessions_.rooms().counters.tracking() == QuotaTracking::Off)
    return Error(Errc::NotSupported, name, "quota is not tracked (data_provider.track_quota is 0)");
  auto scan = std::make_shared<Scan>();
  scan->name = name;
  scan->start_time = now_ms();
  {
    std::lock_guard lock(mutex_);
    Scans& scans = this->*kind;
    if (std::ranges::any_of(scans, [&](const auto& s) { return s->name == name; }))
      return Error(Errc::Conflict, name, "another scan of it is running");
    scans.push_back(scan);
  }
  pool_.post([this, kind, scan] {
    const bool user = kind == &QuotaScans::users_;
    const Status done = user ? scan_user(*scan) : scan_folder(*scan);
    const std::string_view what = user ? "user" : "folder";
    if (done)
      log::info("quotascan", "quota scan ended",
                {{"object", what},
                 {"name", scan->name},
                 {"files", scan->progress.files.load()},
                 {"size", scan->progress.bytes.load()}});
    else
      log::error("quotascan", "quota scan failed; the counters are as before",
                 {{"object", what}, {"name", scan->name}, {"error", done.error().message()}});
    std::lock_guard lock(mutex_);
    std::erase(this->*kind, scan);
    ended_.notify_all();
  });
  return ok();
}

Status QuotaScans::scan_user(Scan& scan) {
  const SessionRooms& rooms = sessions_.rooms();
  SLIPWAY_ASSIGN(const auto user, rooms.accounts.effective_user(scan.name));
  const OpContext ctx{.stop = stop_.get_token()};
  vfs::QuotaUsage total;
  const auto add = [&](const accounts::FilesystemConfig& config, const std::string& root) -> Status {
    SLIPWAY_ASSIGN(const auto mounted, mount(ctx, config, {root, false, 0, 0}, rooms.modules, rooms.secrets));
    SLIPWAY_ASSIGN(const auto usage, vfs::scan(ctx, *mounted.fs, VPath(), &scan.progress));
    total.size += usage.size;
    total.files += usage.files;
    return ok();
  };
  if (std::ranges::none_of(user->folders, [](const auto& f) { return f.virtual_path == "/"; })) {
    // A home that no login has made yet holds nothing.
    if (auto home = add(user->user.filesystem, user->user.home_dir); !home && home.code() != Errc::NotFound)
      return home;
  }
  for (const accounts::FolderMount* folder : folders_in_user_quota(*user))
    SLIPWAY_TRY(add(folder->folder.filesystem, folder->folder.mapped_path));
  rooms.counters.flush();
  SLIPWAY_TRY(rooms.accounts.update_user_quota(scan.name, {total.size, total.files}, accounts::QuotaUpdate::Reset));
  rooms.counters.reload_user(scan.name);
  return ok();
}

Status QuotaScans::scan_folder(Scan& scan) {
  const SessionRooms& rooms = sessions_.rooms();
  SLIPWAY_ASSIGN(const auto folder, rooms.accounts.folders().get(scan.name));
  const OpContext ctx{.stop = stop_.get_token()};
  SLIPWAY_ASSIGN(const auto mounted,
                 mount(ctx, folder.filesystem, {folder.mapped_path, false, 0, 0}, rooms.modules, rooms.secrets));
  SLIPWAY_ASSIGN(const auto usage, vfs::scan(ctx, *mounted.fs, VPath(), &scan.progress));
  rooms.counters.flush();
  SLIPWAY_TRY(rooms.accounts.update_folder_quota(scan.name, {usage.size, usage.files}, accounts::QuotaUpdate::Reset));
  rooms.counters.reload_folder(scan.name);
  return ok();
}

std::vector<ScanStatus> QuotaScans::running(const Scans QuotaScans::*kind) const {
  std::lock_guard lock(mutex_);
  std::vector<ScanStatus> all;
  for (const auto& scan : this->*kind)
    all.push_back({scan->name, scan->start_time, scan->progress.files.load(), scan->progress.bytes.load(),
                   scan->progress.directories.load()});
  return all;
}

std::vector<ScanStatus> QuotaScans::running_users() const { return running(&QuotaScans::users_); }
std::vector<ScanStatus> QuotaScans::running_folders() const { return running(&QuotaScans::folders_); }

}  // namespace slipway::session
