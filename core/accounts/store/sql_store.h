// The account store in a SQL database.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/accounts/store/sql/database.h"
#include "core/accounts/store/sql/migrations.h"
#include "core/accounts/store/store.h"
#include "core/base/lock_guarded.h"

namespace slipway::accounts {

class SqlStore final : public AccountStore {
 public:
  struct Options {
    std::size_t max_readers = 4;  // connections for reading side by side
    sql::MigrationMode migration = sql::MigrationMode::Apply;
  };
  // Opens the database, creates or updates its tables. Errors as sql::migrate and the engine's connect.
  static Result<std::unique_ptr<SqlStore>> open(std::unique_ptr<sql::Engine> engine, const Options& options);

  // What open() found before it migrated; 0: there was no schema.
  int schema_version_found() const noexcept { return schema_version_found_; }
  static int schema_version() noexcept;  // of this server
  std::string_view driver() const noexcept override { return database_.engine_name(); }

  Status in_transaction(const std::function<Status()>& work) override;
  Result<std::uint64_t> definitions_version() override;
  Result<std::uint64_t> recent_definitions_version() override;
  Result<std::uint64_t> shares_version() override;
  Result<std::uint64_t> recent_shares_version() override;
  std::optional<std::uint64_t> known_definitions_version() override;
  std::optional<std::uint64_t> known_shares_version() override;

  Result<User> user(std::string_view username) override;
  Result<std::vector<User>> users(const ListRequest& request) override;
  Status add_user(const User& user) override;
  Status update_user(const User& user) override;
  Status remove_user(std::string_view username) override;
  Status replace_user_password(std::string_view username, std::string_view old_hash, std::string_view new_hash,
                               std::int64_t now_ms) override;
  Status set_user_last_login(std::string_view username, std::int64_t now_ms) override;
  Result<bool> mark_first_upload(std::string_view username, std::int64_t now_ms) override;
  Result<bool> mark_first_download(std::string_view username, std::int64_t now_ms) override;

  Result<QuotaCounters> user_quota(std::string_view username) override;
  Status set_user_quota(std::string_view username, QuotaCounters value, std::int64_t now_ms) override;
  Status add_user_quota(std::string_view username, QuotaCounters delta, std::int64_t now_ms) override;
  Result<TransferCounters> user_transfer(std::string_view username) override;
  Status set_user_transfer(std::string_view username, TransferCounters value, std::int64_t now_ms) override;
  Status add_user_transfer(std::string_view username, TransferCounters delta, std::int64_t now_ms) override;
  Result<QuotaCounters> folder_quota(std::string_view name) override;
  Status set_folder_quota(std::string_view name, QuotaCounters value, std::int64_t now_ms) override;
  Status add_folder_quota(std::string_view name, QuotaCounters delta, std::int64_t now_ms) override;

  Result<Folder> folder(std::string_view name) override;
  Result<std::vector<Folder>> folders_by_name(const std::vector<std::string>& names) override;
  Result<std::vector<Folder>> folders(const ListRequest& request) override;
  Status add_folder(const Folder& folder) override;
  Status update_folder(const Folder& folder) override;
  Status remove_folder(std::string_view name, IfUsed if_used) override;
  Result<FolderUses> folder_uses(std::string_view name) override;

  Result<Group> group(std::string_view name) override;
  Result<std::vector<Group>> groups_by_name(const std::vector<std::string>& names) override;
  Result<std::vector<Group>> groups(const ListRequest& request) override;
  Status add_group(const Group& group) override;
  Status update_group(const Group& group) override;
  Status remove_group(std::string_view name, IfUsed if_used) override;
  Result<GroupUses> group_uses(std::string_view name) override;

  Result<Role> role(std::string_view name) override;
  Result<std::vector<Role>> roles(const ListRequest& request) override;
  Status add_role(const Role& role) override;
  Status update_role(const Role& role) override;
  Status remove_role(std::string_view name, IfUsed if_used) override;
  Result<RoleUses> role_uses(std::string_view name) override;

  Result<Admin> admin(std::string_view username) override;
  Result<std::vector<Admin>> admins(const ListRequest& request) override;
  Status add_admin(const Admin& admin) override;
  Status update_admin(const Admin& admin) override;
  Status remove_admin(std::string_view username) override;
  Status replace_admin_password(std::string_view username, std::string_view old_hash, std::string_view new_hash,
                                std::int64_t now_ms) override;
  Status set_admin_last_login(std::string_view username, std::int64_t now_ms) override;
  Result<bool> has_admins() override;

  Result<ApiKey> api_key(std::string_view id) override;
  Result<std::vector<ApiKey>> api_keys(const ListRequest& request) override;
  Status add_api_key(const ApiKey& key) override;
  Status update_api_key(const ApiKey& key) override;
  Status remove_api_key(std::string_view id) override;
  Status set_api_key_last_use(std::string_view id, std::int64_t now_ms) override;

  Result<Share> share(std::string_view id) override;
  Result<std::vector<Share>> shares(const ListRequest& request) override;
  Result<std::vector<Share>> shares_of(std::string_view username, const ListRequest& request) override;
  Result<std::vector<Share>> shares_seen_by(std::string_view username, const ListRequest& request) override;
  Status add_share(const Share& share) override;
  Status update_share(const Share& share) override;
  Status remove_share(std::string_view id) override;
  Status use_share(std::string_view id, std::int64_t tokens, std::int64_t now_ms) override;
  Status add_share_uses(std::string_view id, std::int64_t tokens, std::int64_t last_use_ms) override;
  Result<std::int64_t> used_tokens(std::string_view id) override;
  Status replace_share_password(std::string_view id, std::string_view old_hash, std::string_view new_hash) override;

  Result<EventAction> event_action(std::string_view name) override;
  Result<std::vector<EventAction>> event_actions(const ListRequest& request) override;
  Status add_event_action(const EventAction& action) override;
  Status update_event_action(const EventAction& action) override;
  Status remove_event_action(std::string_view name) override;
  Result<std::vector<std::string>> event_action_uses(std::string_view name) override;
  Result<EventRule> event_rule(std::string_view name) override;
  Result<std::vector<EventRule>> event_rules(const ListRequest& request) override;
  Status add_event_rule(const EventRule& rule) override;
  Status update_event_rule(const EventRule& rule) override;
  Status remove_event_rule(std::string_view name) override;

  Result<IpListEntry> ip_list_entry(int type, std::string_view ipornet) override;
  Result<std::vector<IpListEntry>> ip_list_entries(int type, const ListRequest& request) override;
  Status add_ip_list_entry(const IpListEntry& entry) override;
  Status update_ip_list_entry(const IpListEntry& entry) override;
  Status remove_ip_list_entry(int type, std::string_view ipornet) override;
  Result<std::uint64_t> ip_lists_version() override;

  Result<std::vector<DefenderHost>> defender_hosts() override;
  Status put_defender_host(const DefenderHost& host) override;
  Status remove_defender_host(std::string_view ip) override;

  Result<bool> add_mailed_code(const MailedCode& code, std::int64_t now_ms, MailedCodeLimits limits) override;
  Result<MailedCode> take_mailed_code(std::string_view digest, CodeOwner owner, std::int64_t now_ms) override;
  Result<bool> try_mailed_code(const MailedCode& shown, std::int64_t now_ms, std::int64_t max_tries) override;
  Status remove_mailed_code(std::string_view digest) override;
  Status remove_mailed_codes_of(CodeOwner owner, std::string_view name) override;
  Status remove_expired_mailed_codes(std::int64_t now_ms) override;

  Status add_revoked_token(const RevokedToken& token) override;
  Result<RevokedTokens> revoked_tokens_after(std::int64_t revision, std::size_t limit) override;
  Status remove_expired_revoked_tokens(std::int64_t now) override;

  Result<ServerConfigs> configs() override;
  Status update_configs(const ServerConfigs& configs) override;

 private:
  SqlStore(std::unique_ptr<sql::Engine> engine, const Options& options);

  struct Versions {
    std::uint64_t definitions = 0, shares = 0;
  };
  // Versions that were read, and when: after so many commits, at that time.
  struct SeenVersions : Versions {
    std::uint64_t commits = 0;
    std::chrono::steady_clock::time_point at = std::chrono::steady_clock::time_point::min();
  };
  Result<Versions> read_versions();
  Result<Versions> recent_versions();
  // Null when the database would have to be asked.
  std::optional<Versions> known_versions();

  sql::Database database_;
  LockGuarded<SeenVersions> seen_versions_;
  int schema_version_found_ = 0;
};

struct SqliteStoreSettings {
  std::string path;               // absolute
  std::string connection_string;  // an SQLite URI instead of the path
  std::string table_prefix;
  SqlStore::Options options;
};
// InvalidArgument: a table prefix with other characters than letters, digits and underscores.
Result<std::unique_ptr<SqlStore>> open_sqlite_store(const SqliteStoreSettings& settings);

}  // namespace slipway::accounts
