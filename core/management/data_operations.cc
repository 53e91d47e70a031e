// Dump and load of everything.
#include <boost/json.hpp>

#include "core/accounts/backup.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/log/log.h"
#include "core/management/operation.h"
#include "core/management/restore.h"

namespace slipway::management {

Status restore(accounts::Accounts& accounts, std::string_view text, const accounts::LoadOptions& options,
               accounts::LoadReport& report) {
  std::vector<std::string> unknown;
  SLIPWAY_ASSIGN(accounts::BackupData data, accounts::parse_backup(text, &unknown, kMaxRestore));
  for (const auto& pointer : unknown)
    log::warn("dataprovider", "the dump has a member that this server does not know; it is kept as it is",
              {{"member", pointer}});
  return accounts::load_backup(accounts, std::move(data), options, report);
}

namespace {

namespace json = boost::json;

// {"scopes": [...], "indent": 2}: the document itself; with "output_file" (relative to the backups directory) it is
// written there instead.
Result<json::value> dump(const Call& call) {
  accounts::DumpOptions options;
  if (const json::value* scopes = call.input.if_contains("scopes")) {
    if (!scopes->is_array()) return Error(Errc::InvalidArgument, "/scopes", "a list of texts is needed here");
    for (const json::value& scope : scopes->get_array()) {
      if (!scope.is_string()) return Error(Errc::InvalidArgument, "/scopes", "a list of texts is needed here");
      options.scopes.emplace_back(scope.get_string());
    }
  }
  const std::string file = call.text_or("output_file", "");
  SLIPWAY_ASSIGN(const std::int64_t indent, call.integer_or("indent", 0));
  if (indent < 0 || indent > 8) return Error(Errc::InvalidArgument, "/indent", "must be between 0 and 8");
  options.indent = static_cast<unsigned>(indent);
  SLIPWAY_ASSIGN(const std::string text, accounts::dump_backup(call.rooms.accounts.store(), options));
  if (file.empty()) return parse_json(text, {.max_bytes = std::size_t{1} << 30, .max_depth = 64});
  SLIPWAY_TRY(accounts::write_backup_file(call.rooms.backups_path, file, text));
  return json::value(json::object{{"file", file}});
}

// The text of the dump to load: "data" is the document itself, "input_file" the absolute path of a file with it.
Result<std::string> dump_to_load(const Call& call) {
  if (const std::string file = call.text_or("input_file", ""); !file.empty()) {
    if (file.front() != '/') return Error(Errc::InvalidArgument, "/input_file", "it must be an absolute path");
    auto text = accounts::read_backup_file(file, kMaxRestore);
    if (!text) return Error(Errc::InvalidArgument, "/input_file", text.error().message());
    return text;
  }
  const json::value* data = call.input.if_contains("data");
  if (data == nullptr || !data->is_object()) return Error(Errc::InvalidArgument, "/data", "a dump is needed here");
  return serialize_json(*data);
}

// {"data": BackupData, "mode": 0, "scan_quota": 0}
Result<json::value> load(const Call& call) {
  SLIPWAY_ASSIGN(const std::int64_t mode, call.integer_or("mode", 0));
  SLIPWAY_ASSIGN(const std::int64_t scan, call.integer_or("scan_quota", 0));
  if (mode < 0 || mode > 2) return Error(Errc::InvalidArgument, "/mode", "must be 0, 1 or 2");
  if (scan < 0 || scan > 2) return Error(Errc::InvalidArgument, "/scan_quota", "must be 0, 1 or 2");
  accounts::LoadOptions options;
  options.mode = static_cast<accounts::LoadMode>(mode);
  options.scan_quota = static_cast<accounts::ScanQuota>(scan);
  options.actor = call.actor;
  accounts::LoadReport report;
  SLIPWAY_ASSIGN(const std::string text, dump_to_load(call));
  const auto restored = restore(call.rooms.accounts, text, options, report);
  if (call.rooms.admission != nullptr) call.rooms.admission->changed();
  SLIPWAY_TRY(restored);
  if (call.rooms.sessions != nullptr)
    for (const auto& user : report.disconnect) call.rooms.sessions->connections().close_user(user);
  if (call.rooms.scans != nullptr) {
    // One that runs already counts the same files.
    for (const auto& user : report.scan_users) (void)call.rooms.scans->start_user(user);
    for (const auto& folder : report.scan_folders) (void)call.rooms.scans->start_folder(folder);
  }
  return json::value(json::object{{"added", report.added}, {"updated", report.updated}, {"skipped", report.skipped}});
}

constexpr Operation kOperations[] = {
    {{"data.dump", "*", "", "BackupData", "Everything about accounts, hashes and sealed secrets included."}, dump},
    {{"data.load", "*", "BackupData", "", "Loads a dump; stops at the first object that is refused."}, load},
};

}  // namespace

std::span<const Operation> data_operations() { return kOperations; }

}  // namespace slipway::management
