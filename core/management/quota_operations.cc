// Quota scans and counters.
#include <boost/json.hpp>

#include "core/management/operation.h"

namespace slipway::management {
namespace {

namespace json = boost::json;

// Scans of users are for role administrators too, within their role.
Status user_in_scope(const Call& call, const std::string& username) {
  SLIPWAY_ASSIGN(const auto user, call.rooms.accounts.users().get(username));
  if (call.is_scoped() && user.role != call.actor.role) return no_such_user(user.username);
  return ok();
}

Result<json::value> scan_user(const Call& call) {
  SLIPWAY_ASSIGN(const std::string name, call.name("username"));
  SLIPWAY_TRY(user_in_scope(call, name));
  if (call.rooms.scans == nullptr) return needs_server("users.quota.scan");
  SLIPWAY_TRY(call.rooms.scans->start_user(name));
  return json::value(json::object());
}

Result<json::value> scan_folder(const Call& call) {
  SLIPWAY_ASSIGN(const std::string name, call.name("name"));
  if (call.rooms.scans == nullptr) return needs_server("folders.quota.scan");
  SLIPWAY_TRY(call.rooms.scans->start_folder(name));
  return json::value(json::object());
}

json::array statuses(const std::vector<session::ScanStatus>& scans, const char* key) {
  json::array items;
  for (const auto& scan : scans)
    items.push_back(json::object{{key, scan.name},
                                 {"start_time", scan.start_time},
                                 {"files", scan.files},
                                 {"size", scan.bytes},
                                 {"directories", scan.directories}});
  return items;
}

Result<json::value> user_scans(const Call& call) {
  if (call.rooms.scans == nullptr) return needs_server("users.quota.scans");
  std::vector<session::ScanStatus> visible;
  for (auto& scan : call.rooms.scans->running_users())
    if (user_in_scope(call, scan.name)) visible.push_back(std::move(scan));
  return json::value(json::object{{"items", statuses(visible, "username")}, {"next", nullptr}});
}

Result<json::value> folder_scans(const Call& call) {
  if (call.rooms.scans == nullptr) return needs_server("folders.quota.scans");
  return json::value(json::object{{"items", statuses(call.rooms.scans->running_folders(), "name")}, {"next", nullptr}});
}

Result<accounts::QuotaUpdate> mode_of(const Call& call) {
  const std::string mode = call.text_or("mode", "reset");
  if (mode == "reset") return accounts::QuotaUpdate::Reset;
  if (mode == "add") return accounts::QuotaUpdate::Add;
  return Error(Errc::InvalidArgument, "/mode", "invalid mode; it must be add or reset");
}

// A missing member is 0: "set to nothing" with reset, "leave it" with add.
Result<std::pair<std::int64_t, std::int64_t>> two_counters(const Call& call, const char* first, const char* second) {
  SLIPWAY_ASSIGN(const std::int64_t a, call.integer_or(first, 0));
  SLIPWAY_ASSIGN(const std::int64_t b, call.integer_or(second, 0));
  if (a < 0 || b < 0) return Error(Errc::InvalidArgument, a < 0 ? first : second, "must not be negative");
  return std::pair{a, b};
}

// The scan would overwrite what is set meanwhile.
Status not_scanned(const std::vector<session::ScanStatus>& running, const std::string& name, const char* kind) {
  for (const auto& scan : running)
    if (scan.name == name)
      return Error(Errc::Conflict, name, std::string("a quota scan is in progress for this ") + kind);
  return ok();
}

Result<json::value> update_user(const Call& call) {
  SLIPWAY_ASSIGN(const std::string name, call.name("username"));
  SLIPWAY_TRY(user_in_scope(call, name));
  SLIPWAY_ASSIGN(const auto mode, mode_of(call));
  SLIPWAY_ASSIGN(const auto used, two_counters(call, "used_quota_size", "used_quota_files"));
  if (call.rooms.scans != nullptr) SLIPWAY_TRY(not_scanned(call.rooms.scans->running_users(), name, "user"));
  SLIPWAY_TRY(call.rooms.accounts.update_user_quota(name, {used.first, used.second}, mode));
  if (call.rooms.sessions != nullptr) call.rooms.sessions->rooms().counters.reload_user(name);
  return json::value(json::object());
}

Result<json::value> update_transfer(const Call& call) {
  SLIPWAY_ASSIGN(const std::string name, call.name("username"));
  SLIPWAY_TRY(user_in_scope(call, name));
  SLIPWAY_ASSIGN(const auto mode, mode_of(call));
  SLIPWAY_ASSIGN(const auto used, two_counters(call, "used_upload_data_transfer", "used_download_data_transfer"));
  SLIPWAY_TRY(call.rooms.accounts.update_user_transfer(name, {used.first, used.second}, mode));
  if (call.rooms.sessions != nullptr) call.rooms.sessions->rooms().counters.reload_user(name);
  return json::value(json::object());
}

Result<json::value> update_folder(const Call& call) {
  SLIPWAY_ASSIGN(const std::string name, call.name("name"));
  SLIPWAY_ASSIGN(const auto mode, mode_of(call));
  SLIPWAY_ASSIGN(const auto used, two_counters(call, "used_quota_size", "used_quota_files"));
  if (call.rooms.scans != nullptr) SLIPWAY_TRY(not_scanned(call.rooms.scans->running_folders(), name, "folder"));
  SLIPWAY_TRY(call.rooms.accounts.update_folder_quota(name, {used.first, used.second}, mode));
  if (call.rooms.sessions != nullptr) call.rooms.sessions->rooms().counters.reload_folder(name);
  return json::value(json::object());
}

constexpr Operation kOperations[] = {
    {{"users.quota.scan", "quota_scans", "", "", "Starts a quota scan of a user."}, scan_user},
    {{"users.quota.scans", "quota_scans", "", "QuotaScan[]", "The quota scans of users that run."}, user_scans},
    {{"users.quota.update", "edit_users", "QuotaUsage", "", "Sets or adds to a user's used quota."}, update_user},
    {{"users.transfer_quota.update", "edit_users", "TransferQuotaUsage", "",
      "Sets or adds to a user's transferred bytes."},
     update_transfer},
    {{"folders.quota.scan", "quota_scans", "", "", "Starts a quota scan of a virtual folder."}, scan_folder},
    {{"folders.quota.scans", "quota_scans", "", "FolderQuotaScan[]", "The quota scans of folders that run."},
     folder_scans},
    {{"folders.quota.update", "manage_folders", "QuotaUsage", "", "Sets or adds to a folder's used quota."},
     update_folder},
};

}  // namespace

std::span<const Operation> quota_operations() { return kOperations; }

}  // namespace slipway::management
