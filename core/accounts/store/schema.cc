#include "core/accounts/store/schema.h"

namespace slipway::accounts {
namespace {

// What is looked up, counted or referred to is a column; everything else of an entity is in its JSON document. The
// order of relations (sort_order) is that in which they were submitted.
constexpr std::string_view kAccounts = R"sql(
CREATE TABLE {definitions} (
  version {:integer} NOT NULL
) {:table_options};
INSERT INTO {definitions} (version) VALUES (1);

CREATE TABLE {roles} (
  id {:id},
  name {:name} NOT NULL UNIQUE,
  created_at {:integer} NOT NULL,
  updated_at {:integer} NOT NULL,
  document {:text} NOT NULL
) {:table_options};

CREATE TABLE {folders} (
  id {:id},
  name {:name} NOT NULL UNIQUE,
  used_quota_size {:integer} NOT NULL,
  used_quota_files {:integer} NOT NULL,
  last_quota_update {:integer} NOT NULL,
  document {:text} NOT NULL
) {:table_options};

CREATE TABLE {groups} (
  id {:id},
  name {:name} NOT NULL UNIQUE,
  created_at {:integer} NOT NULL,
  updated_at {:integer} NOT NULL,
  document {:text} NOT NULL
) {:table_options};

CREATE TABLE {users} (
  id {:id},
  username {:name} NOT NULL UNIQUE,
  status {:integer} NOT NULL,
  password {:text} NOT NULL,
  role_id {:reference} REFERENCES {roles} (id),
  used_quota_size {:integer} NOT NULL,
  used_quota_files {:integer} NOT NULL,
  last_quota_update {:integer} NOT NULL,
  used_upload_data_transfer {:integer} NOT NULL,
  used_download_data_transfer {:integer} NOT NULL,
  created_at {:integer} NOT NULL,
  updated_at {:integer} NOT NULL,
  last_login {:integer} NOT NULL,
  first_download {:integer} NOT NULL,
  first_upload {:integer} NOT NULL,
  last_password_change {:integer} NOT NULL,
  document {:text} NOT NULL
) {:table_options};
CREATE INDEX {users_role_idx} ON {users} (role_id, username);

CREATE TABLE {users_groups_mapping} (
  user_id {:reference} NOT NULL REFERENCES {users} (id) ON DELETE CASCADE,
  group_id {:reference} NOT NULL REFERENCES {groups} (id),
  group_type {:integer} NOT NULL,
  sort_order {:integer} NOT NULL,
  PRIMARY KEY (user_id, group_id)
) {:table_options};
CREATE INDEX {users_groups_mapping_group_idx} ON {users_groups_mapping} (group_id);

CREATE TABLE {users_folders_mapping} (
  id {:id},
  user_id {:reference} NOT NULL REFERENCES {users} (id) ON DELETE CASCADE,
  folder_id {:reference} NOT NULL REFERENCES {folders} (id),
  virtual_path {:text} NOT NULL,
  quota_size {:integer} NOT NULL,
  quota_files {:integer} NOT NULL,
  subpath {:text} NOT NULL,
  sort_order {:integer} NOT NULL
) {:table_options};
CREATE INDEX {users_folders_mapping_user_idx} ON {users_folders_mapping} (user_id, sort_order);
CREATE INDEX {users_folders_mapping_folder_idx} ON {users_folders_mapping} (folder_id);

CREATE TABLE {groups_folders_mapping} (
  id {:id},
  group_id {:reference} NOT NULL REFERENCES {groups} (id) ON DELETE CASCADE,
  folder_id {:reference} NOT NULL REFERENCES {folders} (id),
  virtual_path {:text} NOT NULL,
  quota_size {:integer} NOT NULL,
  quota_files {:integer} NOT NULL,
  subpath {:text} NOT NULL,
  sort_order {:integer} NOT NULL
) {:table_options};
CREATE INDEX {groups_folders_mapping_group_idx} ON {groups_folders_mapping} (group_id, sort_order);
CREATE INDEX {groups_folders_mapping_folder_idx} ON {groups_folders_mapping} (folder_id);

CREATE TABLE {admins} (
  id {:id},
  username {:name} NOT NULL UNIQUE,
  status {:integer} NOT NULL,
  password {:text} NOT NULL,
  role_id {:reference} REFERENCES {roles} (id),
  created_at {:integer} NOT NULL,
  updated_at {:integer} NOT NULL,
  last_login {:integer} NOT NULL,
  document {:text} NOT NULL
) {:table_options};
CREATE INDEX {admins_role_idx} ON {admins} (role_id, username);

CREATE TABLE {admins_groups_mapping} (
  admin_id {:reference} NOT NULL REFERENCES {admins} (id) ON DELETE CASCADE,
  group_id {:reference} NOT NULL REFERENCES {groups} (id),
  add_to_users_as {:integer} NOT NULL,
  sort_order {:integer} NOT NULL,
  PRIMARY KEY (admin_id, group_id)
) {:table_options};
CREATE INDEX {admins_groups_mapping_group_idx} ON {admins_groups_mapping} (group_id);

CREATE TABLE {api_keys} (
  id {:id},
  key_id {:name} NOT NULL UNIQUE,
  api_key {:text} NOT NULL,
  scope {:integer} NOT NULL,
  user_id {:reference} REFERENCES {users} (id) ON DELETE CASCADE,
  admin_id {:reference} REFERENCES {admins} (id) ON DELETE CASCADE,
  created_at {:integer} NOT NULL,
  updated_at {:integer} NOT NULL,
  last_use_at {:integer} NOT NULL,
  expires_at {:integer} NOT NULL,
  document {:text} NOT NULL
) {:table_options};
CREATE INDEX {api_keys_user_idx} ON {api_keys} (user_id);
CREATE INDEX {api_keys_admin_idx} ON {api_keys} (admin_id);

CREATE TABLE {shares} (
  id {:id},
  share_id {:name} NOT NULL UNIQUE,
  user_id {:reference} NOT NULL REFERENCES {users} (id) ON DELETE CASCADE,
  password {:text} NOT NULL,
  created_at {:integer} NOT NULL,
  updated_at {:integer} NOT NULL,
  last_use_at {:integer} NOT NULL,
  expires_at {:integer} NOT NULL,
  max_tokens {:integer} NOT NULL,
  used_tokens {:integer} NOT NULL,
  document {:text} NOT NULL
) {:table_options};
CREATE INDEX {shares_user_idx} ON {shares} (user_id, share_id);

CREATE TABLE {shares_groups_mapping} (
  share_id {:reference} NOT NULL REFERENCES {shares} (id) ON DELETE CASCADE,
  group_id {:reference} NOT NULL REFERENCES {groups} (id) ON DELETE CASCADE,
  permissions {:integer} NOT NULL,
  sort_order {:integer} NOT NULL,
  PRIMARY KEY (share_id, group_id)
) {:table_options};
CREATE INDEX {shares_groups_mapping_group_idx} ON {shares_groups_mapping} (group_id);

CREATE TABLE {events_actions} (
  id {:id},
  name {:name} NOT NULL UNIQUE,
  type {:integer} NOT NULL,
  document {:text} NOT NULL
) {:table_options};

CREATE TABLE {events_rules} (
  id {:id},
  name {:name} NOT NULL UNIQUE,
  status {:integer} NOT NULL,
  trigger_type {:integer} NOT NULL,
  created_at {:integer} NOT NULL,
  updated_at {:integer} NOT NULL,
  document {:text} NOT NULL
) {:table_options};

CREATE TABLE {rules_actions_mapping} (
  id {:id},
  rule_id {:reference} NOT NULL REFERENCES {events_rules} (id) ON DELETE CASCADE,
  action_id {:reference} NOT NULL REFERENCES {events_actions} (id),
  action_order {:integer} NOT NULL,
  is_failure_action {:integer} NOT NULL,
  stop_on_failure {:integer} NOT NULL,
  execute_sync {:integer} NOT NULL,
  execute_before_file_publish {:integer} NOT NULL,
  sort_order {:integer} NOT NULL
) {:table_options};
CREATE INDEX {rules_actions_mapping_rule_idx} ON {rules_actions_mapping} (rule_id, sort_order);
CREATE INDEX {rules_actions_mapping_action_idx} ON {rules_actions_mapping} (action_id);

CREATE TABLE {ip_lists} (
  id {:id},
  type {:integer} NOT NULL,
  ipornet {:name} NOT NULL,
  mode {:integer} NOT NULL,
  protocols {:integer} NOT NULL,
  created_at {:integer} NOT NULL,
  updated_at {:integer} NOT NULL,
  document {:text} NOT NULL,
  UNIQUE (type, ipornet)
) {:table_options};

CREATE TABLE {configurations} (
  id {:integer} NOT NULL PRIMARY KEY,
  updated_at {:integer} NOT NULL,
  document {:text} NOT NULL
) {:table_options};
)sql";

// What defenders know of hosts; a ban_time of 0 is none. The version of the IP lists tells servers to read them again.
constexpr std::string_view kDefender = R"sql(
ALTER TABLE {definitions} ADD COLUMN ip_lists_version {:integer} NOT NULL DEFAULT 1;

CREATE TABLE {defender_hosts} (
  id {:id},
  ip {:name} NOT NULL UNIQUE,
  ban_time {:integer} NOT NULL,
  updated_at {:integer} NOT NULL
) {:table_options};

CREATE TABLE {defender_events} (
  id {:id},
  host_id {:reference} NOT NULL REFERENCES {defender_hosts} (id) ON DELETE CASCADE,
  happened_at {:integer} NOT NULL,
  score {:integer} NOT NULL
) {:table_options};
CREATE INDEX {defender_events_host_idx} ON {defender_events} (host_id, happened_at);
)sql";

// Codes for forgotten passwords, as digests; of the account with this id, not of a later one of the same name.
constexpr std::string_view kResetCodes = R"sql(
CREATE TABLE {reset_codes} (
  id {:id},
  digest {:name} NOT NULL UNIQUE,
  account {:integer} NOT NULL,
  account_id {:integer} NOT NULL,
  name {:name} NOT NULL,
  expires_at {:integer} NOT NULL,
  tries {:integer} NOT NULL
) {:table_options};
CREATE INDEX {reset_codes_name_idx} ON {reset_codes} (name, account);
CREATE INDEX {reset_codes_expires_idx} ON {reset_codes} (expires_at);
)sql";

// Tells servers that what they remember of shares is old.
constexpr std::string_view kSharesVersion = R"sql(
ALTER TABLE {definitions} ADD COLUMN shares_version {:integer} NOT NULL DEFAULT 1;
)sql";

// Codes that were sent by mail, as digests. Those before lived ten minutes; they go.
constexpr std::string_view kMailedCodes = R"sql(
DROP TABLE {reset_codes};
CREATE TABLE {mailed_codes} (
  id {:id},
  digest {:name} NOT NULL UNIQUE,
  owner {:integer} NOT NULL,
  owner_id {:integer} NOT NULL,
  name {:name} NOT NULL,
  expires_at {:integer} NOT NULL,
  tries {:integer} NOT NULL
) {:table_options};
CREATE INDEX {mailed_codes_name_idx} ON {mailed_codes} (name, owner);
CREATE INDEX {mailed_codes_expires_idx} ON {mailed_codes} (expires_at);
)sql";

// Tokens that were logged out. A revision is in the order of the commits, which an id need not be.
constexpr std::string_view kRevokedTokens = R"sql(
ALTER TABLE {definitions} ADD COLUMN revocations {:integer} NOT NULL DEFAULT 0;
CREATE TABLE {revoked_tokens} (
  id {:id},
  token {:name} NOT NULL UNIQUE,
  expires_at {:integer} NOT NULL,
  revision {:integer} NOT NULL
) {:table_options};
CREATE INDEX {revoked_tokens_revision_idx} ON {revoked_tokens} (revision);
CREATE INDEX {revoked_tokens_expires_idx} ON {revoked_tokens} (expires_at);
)sql";

constexpr sql::Migration kMigrations[] = {
    {1, "accounts, event actions and rules, IP lists, configurations", kAccounts},
    {2, "hosts of the defender, version of the IP lists", kDefender},
    {3, "codes for forgotten passwords", kResetCodes},
    {4, "version of the shares", kSharesVersion},
    {5, "codes for visitors of shares", kMailedCodes},
    {6, "tokens that were logged out", kRevokedTokens},
};

}  // namespace

std::span<const sql::Migration> schema_migrations() { return kMigrations; }

}  // namespace slipway::accounts
