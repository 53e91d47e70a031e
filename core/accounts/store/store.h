// What keeps the accounts: entities, their relations and their counters. Implemented in SQL beside this header.
//
// The store checks nothing but keys and references; validation is the service's (accounts.h). Entities are written and
// read whole: what comes back equals what was stored, `extra` included. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/accounts/admin.h"
#include "core/accounts/api_key.h"
#include "core/accounts/defender_host.h"
#include "core/accounts/event_action.h"
#include "core/accounts/event_rule.h"
#include "core/accounts/group.h"
#include "core/accounts/ip_list.h"
#include "core/accounts/mailed_code.h"
#include "core/accounts/revoked_token.h"
#include "core/accounts/role.h"
#include "core/accounts/server_configs.h"
#include "core/accounts/share.h"
#include "core/accounts/user.h"
#include "core/accounts/virtual_folder.h"
#include "slipway/result.h"

namespace slipway::accounts {

// A page of a list, ordered by the entity's name (username, id for API keys and shares, ipornet for IP lists; bytes).
struct ListRequest {
  std::size_t offset = 0;
  std::size_t limit = 100;
  bool descending = false;
  std::string after;   // only names beyond this one, in the direction of the order; for walks over everything
  std::string prefix;  // only names that start with it
  std::string role;    // users and admins: only those of this role
};

struct QuotaCounters {
  std::int64_t size = 0;  // bytes
  std::int64_t files = 0;
  bool operator==(const QuotaCounters&) const = default;
};

struct TransferCounters {
  std::int64_t uploaded = 0, downloaded = 0;  // bytes
  bool operator==(const TransferCounters&) const = default;
};

struct FolderUses {
  std::vector<std::string> users, groups;
};
struct GroupUses {
  std::vector<std::string> users, admins;
};
struct RoleUses {
  std::vector<std::string> users, admins;
};

struct MailedCodeLimits {
  std::int64_t of_owner = 0, altogether = 0;  // of the same kind of owner
};

enum class IfUsed : bool { Refuse, Detach };

// Conventions of every entity: x(name) is NotFound when absent; add is Exists when present; update and remove are
// NotFound when absent. A reference to something that does not exist (a user's group, folder or role; a rule's action;
// a share's owner) is InvalidArgument and names it. Ids are given by the store at add; update keeps id.
class AccountStore {
 public:
  virtual ~AccountStore() = default;

  // data_provider.driver: "sqlite".
  virtual std::string_view driver() const noexcept = 0;

  // Runs `work`; all calls of the store that it makes on this thread commit together, or not at all when it fails.
  virtual Status in_transaction(const std::function<Status()>& work) = 0;
  // A number that changes with every committed add, update or removal of a user, group, folder or role (a replaced
  // password is an update) by anybody who shares the database, and not with counters, logins or API key use.
  virtual Result<std::uint64_t> definitions_version() = 0;
  // The same for those who ask with each request: what other processes changed may come a tenth of a second late, what
  // was committed through this store is in it at once.
  virtual Result<std::uint64_t> recent_definitions_version() { return definitions_version(); }
  // A number that changes whenever that one does, and with every committed add, update or removal of a share (a
  // replaced password is an update); not with the uses of shares.
  virtual Result<std::uint64_t> shares_version() = 0;
  // As recent_definitions_version; no older than what shares_version had answered to anybody here before.
  virtual Result<std::uint64_t> recent_shares_version() { return shares_version(); }
  // What recent_definitions_version() would answer without asking the database; nothing if it had to.
  virtual std::optional<std::uint64_t> known_definitions_version() { return std::nullopt; }
  // The same for recent_shares_version().
  virtual std::optional<std::uint64_t> known_shares_version() { return std::nullopt; }

  // ---- users: groups and folder mappings come in the order in which they were stored
  virtual Result<User> user(std::string_view username) = 0;
  virtual Result<std::vector<User>> users(const ListRequest&) = 0;
  // Stores the counters and timestamps as they are in `user`.
  virtual Status add_user(const User&) = 0;
  // Everything but id, created_at, last_login, first_upload, first_download and all used counters.
  virtual Status update_user(const User&) = 0;
  // Takes the user's shares and bound API keys along.
  virtual Status remove_user(std::string_view username) = 0;
  // Only while the stored hash is `old_hash`; sets updated_at too. Conflict when it has changed.
  virtual Status replace_user_password(std::string_view username, std::string_view old_hash, std::string_view new_hash,
                                       std::int64_t now_ms) = 0;
  virtual Status set_user_last_login(std::string_view username, std::int64_t now_ms) = 0;
  // Sets first_upload or first_download if it is 0; true when this call set it.
  virtual Result<bool> mark_first_upload(std::string_view username, std::int64_t now_ms) = 0;
  virtual Result<bool> mark_first_download(std::string_view username, std::int64_t now_ms) = 0;

  // ---- counters; add is an increment in place, both set last_quota_update
  virtual Result<QuotaCounters> user_quota(std::string_view username) = 0;
  virtual Status set_user_quota(std::string_view username, QuotaCounters, std::int64_t now_ms) = 0;
  virtual Status add_user_quota(std::string_view username, QuotaCounters delta, std::int64_t now_ms) = 0;
  virtual Result<TransferCounters> user_transfer(std::string_view username) = 0;
  virtual Status set_user_transfer(std::string_view username, TransferCounters, std::int64_t now_ms) = 0;
  virtual Status add_user_transfer(std::string_view username, TransferCounters delta, std::int64_t now_ms) = 0;
  virtual Result<QuotaCounters> folder_quota(std::string_view name) = 0;
  virtual Status set_folder_quota(std::string_view name, QuotaCounters, std::int64_t now_ms) = 0;
  virtual Status add_folder_quota(std::string_view name, QuotaCounters delta, std::int64_t now_ms) = 0;

  // ---- folders
  virtual Result<Folder> folder(std::string_view name) = 0;
  // Those of `names` that exist, in any order.
  virtual Result<std::vector<Folder>> folders_by_name(const std::vector<std::string>& names) = 0;
  virtual Result<std::vector<Folder>> folders(const ListRequest&) = 0;
  virtual Status add_folder(const Folder&) = 0;
  // Everything but id and counters.
  virtual Status update_folder(const Folder&) = 0;
  // Conflict, naming who, when it is used and IfUsed::Refuse; else the mappings go with it.
  virtual Status remove_folder(std::string_view name, IfUsed) = 0;
  virtual Result<FolderUses> folder_uses(std::string_view name) = 0;

  // ---- groups
  virtual Result<Group> group(std::string_view name) = 0;
  virtual Result<std::vector<Group>> groups_by_name(const std::vector<std::string>& names) = 0;
  virtual Result<std::vector<Group>> groups(const ListRequest&) = 0;
  virtual Status add_group(const Group&) = 0;
  virtual Status update_group(const Group&) = 0;  // everything but id and created_at
  virtual Status remove_group(std::string_view name, IfUsed) = 0;
  virtual Result<GroupUses> group_uses(std::string_view name) = 0;

  // ---- roles
  virtual Result<Role> role(std::string_view name) = 0;
  virtual Result<std::vector<Role>> roles(const ListRequest&) = 0;
  virtual Status add_role(const Role&) = 0;
  virtual Status update_role(const Role&) = 0;  // everything but id and created_at
  virtual Status remove_role(std::string_view name, IfUsed) = 0;
  virtual Result<RoleUses> role_uses(std::string_view name) = 0;

  // ---- administrators
  virtual Result<Admin> admin(std::string_view username) = 0;
  virtual Result<std::vector<Admin>> admins(const ListRequest&) = 0;
  virtual Status add_admin(const Admin&) = 0;
  virtual Status update_admin(const Admin&) = 0;  // everything but id, created_at and last_login
  // Takes bound API keys along.
  virtual Status remove_admin(std::string_view username) = 0;
  virtual Status replace_admin_password(std::string_view username, std::string_view old_hash, std::string_view new_hash,
                                        std::int64_t now_ms) = 0;
  virtual Status set_admin_last_login(std::string_view username, std::int64_t now_ms) = 0;
  virtual Result<bool> has_admins() = 0;

  // ---- API keys
  virtual Result<ApiKey> api_key(std::string_view id) = 0;
  virtual Result<std::vector<ApiKey>> api_keys(const ListRequest&) = 0;
  virtual Status add_api_key(const ApiKey&) = 0;
  virtual Status update_api_key(const ApiKey&) = 0;  // everything but key, created_at and last_use_at
  virtual Status remove_api_key(std::string_view id) = 0;
  virtual Status set_api_key_last_use(std::string_view id, std::int64_t now_ms) = 0;

  // ---- shares
  virtual Result<Share> share(std::string_view id) = 0;
  virtual Result<std::vector<Share>> shares(const ListRequest&) = 0;
  virtual Result<std::vector<Share>> shares_of(std::string_view username, const ListRequest&) = 0;
  // Those, and shares that one of the user's groups may read.
  virtual Result<std::vector<Share>> shares_seen_by(std::string_view username, const ListRequest&) = 0;
  virtual Status add_share(const Share&) = 0;  // timestamps and used_tokens as they are in `share`
  // Everything but created_at; also last_use_at and used_tokens, which a restore brings.
  virtual Status update_share(const Share&) = 0;
  virtual Status remove_share(std::string_view id) = 0;
  // Counts `tokens` uses and sets last_use_at, atomically; QuotaExceeded when max_tokens would be passed. Negative
  // gives back.
  virtual Status use_share(std::string_view id, std::int64_t tokens, std::int64_t now_ms) = 0;
  // Counts uses that have been granted, whatever the limit; last_use_at does not go back. Negative takes away, down to
  // 0.
  virtual Status add_share_uses(std::string_view id, std::int64_t tokens, std::int64_t last_use_ms) = 0;
  virtual Result<std::int64_t> used_tokens(std::string_view id) = 0;
  virtual Status replace_share_password(std::string_view id, std::string_view old_hash, std::string_view new_hash) = 0;

  // ---- event actions and rules
  virtual Result<EventAction> event_action(std::string_view name) = 0;
  virtual Result<std::vector<EventAction>> event_actions(const ListRequest&) = 0;
  virtual Status add_event_action(const EventAction&) = 0;
  virtual Status update_event_action(const EventAction&) = 0;
  virtual Status remove_event_action(std::string_view name) = 0;  // Conflict while a rule runs it
  virtual Result<std::vector<std::string>> event_action_uses(std::string_view name) = 0;  // names of rules
  virtual Result<EventRule> event_rule(std::string_view name) = 0;
  virtual Result<std::vector<EventRule>> event_rules(const ListRequest&) = 0;
  virtual Status add_event_rule(const EventRule&) = 0;
  virtual Status update_event_rule(const EventRule&) = 0;  // everything but id and created_at
  virtual Status remove_event_rule(std::string_view name) = 0;

  // ---- IP lists; type 0 in ip_list_entries: all types, ordered by type first
  virtual Result<IpListEntry> ip_list_entry(int type, std::string_view ipornet) = 0;
  virtual Result<std::vector<IpListEntry>> ip_list_entries(int type, const ListRequest&) = 0;
  virtual Status add_ip_list_entry(const IpListEntry&) = 0;
  virtual Status update_ip_list_entry(const IpListEntry&) = 0;  // everything but created_at
  virtual Status remove_ip_list_entry(int type, std::string_view ipornet) = 0;
  // A number that changes with every committed add, update or removal of an entry by anybody who shares the database.
  virtual Result<std::uint64_t> ip_lists_version() = 0;

  // ---- what a defender remembers of hosts, whole
  virtual Result<std::vector<DefenderHost>> defender_hosts() = 0;
  // Adds or replaces the host and its events.
  virtual Status put_defender_host(const DefenderHost&) = 0;
  // Ok when it is not there.
  virtual Status remove_defender_host(std::string_view ip) = 0;

  // ---- codes sent by mail
  // Forgets expired ones first. False: there are as many as there may be.
  virtual Result<bool> add_mailed_code(const MailedCode&, std::int64_t now_ms, MailedCodeLimits) = 0;
  // The code, which is gone then; for one caller alone. NotFound, also for an expired one; Conflict: it is of another
  // kind of owner, and stays.
  virtual Result<MailedCode> take_mailed_code(std::string_view digest, CodeOwner, std::int64_t now_ms) = 0;
  // For codes short enough to be guessed. Whether the owner and name of `shown` have one with its digest, which is gone
  // then. Otherwise all that they have count a try, and those with max_tries of them go. Takes as long in any case.
  virtual Result<bool> try_mailed_code(const MailedCode& shown, std::int64_t now_ms, std::int64_t max_tries) = 0;
  // Ok when it is not there.
  virtual Status remove_mailed_code(std::string_view digest) = 0;
  virtual Status remove_mailed_codes_of(CodeOwner, std::string_view name) = 0;
  virtual Status remove_expired_mailed_codes(std::int64_t now_ms) = 0;

  // ---- tokens that ended before their time
  // Ok when it is there already.
  virtual Status add_revoked_token(const RevokedToken&) = 0;
  // At most so many, in the order in which they were added, whoever added them; 0: from the first one on.
  virtual Result<RevokedTokens> revoked_tokens_after(std::int64_t revision, std::size_t limit) = 0;
  virtual Status remove_expired_revoked_tokens(std::int64_t now) = 0;

  // ---- settings kept with the accounts; empty ones before the first update
  virtual Result<ServerConfigs> configs() = 0;
  virtual Status update_configs(const ServerConfigs&) = 0;
};

}  // namespace slipway::accounts
