PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "schema_version" (version INTEGER NOT NULL) STRICT;
INSERT INTO schema_version VALUES(1);
CREATE TABLE IF NOT EXISTS "definitions" (
  version INTEGER NOT NULL
) STRICT;
INSERT INTO definitions VALUES(5);
CREATE TABLE IF NOT EXISTS "roles" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
INSERT INTO roles VALUES(1,'sales',1700000000000,1700000000001,'{}');
CREATE TABLE IF NOT EXISTS "folders" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  used_quota_size INTEGER NOT NULL,
  used_quota_files INTEGER NOT NULL,
  last_quota_update INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
INSERT INTO folders VALUES(1,'photos',5,1,0,'{"mapped_path":"/srv/photos"}');
CREATE TABLE IF NOT EXISTS "groups" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
INSERT INTO "groups" VALUES(1,'staff',1700000000002,0,'{"user_settings":{"home_dir":"/srv/%username%"}}');
CREATE TABLE IF NOT EXISTS "users" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  username TEXT NOT NULL UNIQUE,
  status INTEGER NOT NULL,
  password TEXT NOT NULL,
  role_id INTEGER REFERENCES "roles" (id),
  used_quota_size INTEGER NOT NULL,
  used_quota_files INTEGER NOT NULL,
  last_quota_update INTEGER NOT NULL,
  used_upload_data_transfer INTEGER NOT NULL,
  used_download_data_transfer INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_login INTEGER NOT NULL,
  first_download INTEGER NOT NULL,
  first_upload INTEGER NOT NULL,
  last_password_change INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
INSERT INTO users VALUES(1,'bob',1,'$2a$04$abcdefghijklmnopqrstuuMOaOTHB4gEm.rriBjXNwBNh.Oc4mKGG',1,123,0,0,7,0,1700000000003,0,1700000000004,0,0,0,'{"home_dir":"/srv/bob","permissions":{"/":["*"]},"filesystem":{"provider":4,"cryptconfig":{"passphrase":{"status":"Secretbox","payload":"ZGVm","key":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","additional_data":"bob"}}}}');
CREATE TABLE IF NOT EXISTS "users_groups_mapping" (
  user_id INTEGER NOT NULL REFERENCES "users" (id) ON DELETE CASCADE,
  group_id INTEGER NOT NULL REFERENCES "groups" (id),
  group_type INTEGER NOT NULL,
  sort_order INTEGER NOT NULL,
  PRIMARY KEY (user_id, group_id)
) STRICT;
INSERT INTO users_groups_mapping VALUES(1,1,1,0);
CREATE TABLE IF NOT EXISTS "users_folders_mapping" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL REFERENCES "users" (id) ON DELETE CASCADE,
  folder_id INTEGER NOT NULL REFERENCES "folders" (id),
  virtual_path TEXT NOT NULL,
  quota_size INTEGER NOT NULL,
  quota_files INTEGER NOT NULL,
  subpath TEXT NOT NULL,
  sort_order INTEGER NOT NULL
) STRICT;
INSERT INTO users_folders_mapping VALUES(1,1,1,'/p',10,2,'/sub',0);
CREATE TABLE IF NOT EXISTS "groups_folders_mapping" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id INTEGER NOT NULL REFERENCES "groups" (id) ON DELETE CASCADE,
  folder_id INTEGER NOT NULL REFERENCES "folders" (id),
  virtual_path TEXT NOT NULL,
  quota_size INTEGER NOT NULL,
  quota_files INTEGER NOT NULL,
  subpath TEXT NOT NULL,
  sort_order INTEGER NOT NULL
) STRICT;
INSERT INTO groups_folders_mapping VALUES(1,1,1,'/photos',-1,-1,'',0);
CREATE TABLE IF NOT EXISTS "admins" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  username TEXT NOT NULL UNIQUE,
  status INTEGER NOT NULL,
  password TEXT NOT NULL,
  role_id INTEGER REFERENCES "roles" (id),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_login INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
INSERT INTO admins VALUES(1,'root',1,'',NULL,0,0,0,'{"permissions":["*"]}');
CREATE TABLE IF NOT EXISTS "admins_groups_mapping" (
  admin_id INTEGER NOT NULL REFERENCES "admins" (id) ON DELETE CASCADE,
  group_id INTEGER NOT NULL REFERENCES "groups" (id),
  add_to_users_as INTEGER NOT NULL,
  sort_order INTEGER NOT NULL,
  PRIMARY KEY (admin_id, group_id)
) STRICT;
INSERT INTO admins_groups_mapping VALUES(1,1,1,0);
CREATE TABLE IF NOT EXISTS "api_keys" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key_id TEXT NOT NULL UNIQUE,
  api_key TEXT NOT NULL,
  scope INTEGER NOT NULL,
  user_id INTEGER REFERENCES "users" (id) ON DELETE CASCADE,
  admin_id INTEGER REFERENCES "admins" (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_use_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
INSERT INTO api_keys VALUES(1,'22ghH4zaGn4yABXjM3NEc3','hash',2,1,NULL,0,0,0,0,'{"name":"key"}');
CREATE TABLE IF NOT EXISTS "shares" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  share_id TEXT NOT NULL UNIQUE,
  user_id INTEGER NOT NULL REFERENCES "users" (id) ON DELETE CASCADE,
  password TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_use_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  max_tokens INTEGER NOT NULL,
  used_tokens INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
INSERT INTO shares VALUES(1,'32ghH4zaGn4yABXjM3NEc3',1,'',0,0,0,0,3,1,'{"name":"share","scope":1,"paths":["/p"]}');
CREATE TABLE IF NOT EXISTS "shares_groups_mapping" (
  share_id INTEGER NOT NULL REFERENCES "shares" (id) ON DELETE CASCADE,
  group_id INTEGER NOT NULL REFERENCES "groups" (id) ON DELETE CASCADE,
  permissions INTEGER NOT NULL,
  sort_order INTEGER NOT NULL,
  PRIMARY KEY (share_id, group_id)
) STRICT;
INSERT INTO shares_groups_mapping VALUES(1,1,1,0);
CREATE TABLE IF NOT EXISTS "events_actions" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  type INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
INSERT INTO events_actions VALUES(1,'notify',1,'{"options":{"http_config":{"endpoint":"http://127.0.0.1/"}}}');
CREATE TABLE IF NOT EXISTS "events_rules" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  status INTEGER NOT NULL,
  trigger_type INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
INSERT INTO events_rules VALUES(1,'uploads',1,1,0,0,'{}');
CREATE TABLE IF NOT EXISTS "rules_actions_mapping" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  rule_id INTEGER NOT NULL REFERENCES "events_rules" (id) ON DELETE CASCADE,
  action_id INTEGER NOT NULL REFERENCES "events_actions" (id),
  action_order INTEGER NOT NULL,
  is_failure_action INTEGER NOT NULL,
  stop_on_failure INTEGER NOT NULL,
  execute_sync INTEGER NOT NULL,
  execute_before_file_publish INTEGER NOT NULL,
  sort_order INTEGER NOT NULL
) STRICT;
INSERT INTO rules_actions_mapping VALUES(1,1,1,1,0,0,0,0,0);
CREATE TABLE IF NOT EXISTS "ip_lists" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type INTEGER NOT NULL,
  ipornet TEXT NOT NULL,
  mode INTEGER NOT NULL,
  protocols INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (type, ipornet)
) STRICT;
INSERT INTO ip_lists VALUES(1,1,'192.0.2.0/24',1,0,0,0,'{}');
CREATE TABLE IF NOT EXISTS "configurations" (
  id INTEGER NOT NULL PRIMARY KEY,
  updated_at INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
INSERT INTO configurations VALUES(1,9,'{"branding":{"web_admin":{"name":"x"}}}');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('roles',1);
INSERT INTO sqlite_sequence VALUES('folders',1);
INSERT INTO sqlite_sequence VALUES('groups',1);
INSERT INTO sqlite_sequence VALUES('groups_folders_mapping',1);
INSERT INTO sqlite_sequence VALUES('users',1);
INSERT INTO sqlite_sequence VALUES('users_folders_mapping',1);
INSERT INTO sqlite_sequence VALUES('admins',1);
INSERT INTO sqlite_sequence VALUES('api_keys',1);
INSERT INTO sqlite_sequence VALUES('shares',1);
INSERT INTO sqlite_sequence VALUES('events_actions',1);
INSERT INTO sqlite_sequence VALUES('events_rules',1);
INSERT INTO sqlite_sequence VALUES('rules_actions_mapping',1);
INSERT INTO sqlite_sequence VALUES('ip_lists',1);
CREATE INDEX "users_role_idx" ON "users" (role_id, username);
CREATE INDEX "users_groups_mapping_group_idx" ON "users_groups_mapping" (group_id);
CREATE INDEX "users_folders_mapping_user_idx" ON "users_folders_mapping" (user_id, sort_order);
CREATE INDEX "users_folders_mapping_folder_idx" ON "users_folders_mapping" (folder_id);
CREATE INDEX "groups_folders_mapping_group_idx" ON "groups_folders_mapping" (group_id, sort_order);
CREATE INDEX "groups_folders_mapping_folder_idx" ON "groups_folders_mapping" (folder_id);
CREATE INDEX "admins_role_idx" ON "admins" (role_id, username);
CREATE INDEX "admins_groups_mapping_group_idx" ON "admins_groups_mapping" (group_id);
CREATE INDEX "api_keys_user_idx" ON "api_keys" (user_id);
CREATE INDEX "api_keys_admin_idx" ON "api_keys" (admin_id);
CREATE INDEX "shares_user_idx" ON "shares" (user_id, share_id);
CREATE INDEX "shares_groups_mapping_group_idx" ON "shares_groups_mapping" (group_id);
CREATE INDEX "rules_actions_mapping_rule_idx" ON "rules_actions_mapping" (rule_id, sort_order);
CREATE INDEX "rules_actions_mapping_action_idx" ON "rules_actions_mapping" (action_id);
COMMIT;
