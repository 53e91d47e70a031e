// The members of the entities as JSON knows them; for .cc files that read or write entities.
#pragma once

#include "core/accounts/admin.h"
#include "core/accounts/api_key.h"
#include "core/accounts/event_action.h"
#include "core/accounts/event_rule.h"
#include "core/accounts/group.h"
#include "core/accounts/ip_list.h"
#include "core/accounts/role.h"
#include "core/accounts/server_configs.h"
#include "core/accounts/share.h"
#include "core/accounts/user.h"
#include "core/accounts/virtual_folder.h"
#include "core/base/json_binding.h"

namespace slipway::crypto {

BOOST_DESCRIBE_STRUCT(Secret, (), (status, payload, key, additional_data, mode))

// Members at their default are left out always; which of the others are written depends on the rendering.
bool write_json_custom(JsonWriter&, boost::json::value&, const Secret&);

}  // namespace slipway::crypto

namespace slipway::accounts {

BOOST_DESCRIBE_STRUCT(OsFsConfig, (), (read_buffer_size, write_buffer_size, extra))
BOOST_DESCRIBE_STRUCT(CryptFsConfig, (), (passphrase, read_buffer_size, write_buffer_size, extra))
BOOST_DESCRIBE_STRUCT(S3FsConfig, (),
                      (bucket, region, access_key, access_secret, sse_customer_key, role_arn, session_token, endpoint,
                       storage_class, acl, upload_part_size, upload_concurrency, upload_part_max_time,
                       download_part_size, download_concurrency, download_part_max_time, force_path_style,
                       skip_tls_verify, key_prefix, checksum_algorithm, extra))
BOOST_DESCRIBE_STRUCT(GcsFsConfig, (),
                      (bucket, credentials, automatic_credentials, hns, storage_class, acl, key_prefix,
                       upload_part_size, upload_part_max_time, universe_domain, extra))
BOOST_DESCRIBE_STRUCT(AzureBlobFsConfig, (),
                      (container, account_name, account_key, sas_url, endpoint, upload_part_size, upload_concurrency,
                       download_part_size, download_concurrency, access_tier, key_prefix, use_emulator, extra))
BOOST_DESCRIBE_STRUCT(SftpFsConfig, (),
                      (endpoint, username, password, private_key, key_passphrase, fingerprints, prefix,
                       disable_concurrent_reads, disable_concurrent_writes, buffer_size, equality_check_mode,
                       socks_proxy, socks_username, socks_password, extra))
BOOST_DESCRIBE_STRUCT(HttpFsConfig, (),
                      (endpoint, username, password, api_key, skip_tls_verify, equality_check_mode, extra))
BOOST_DESCRIBE_STRUCT(FtpFsConfig, (), (endpoint, username, password, tls_mode, skip_tls_verify, extra))
BOOST_DESCRIBE_STRUCT(FilesystemConfig, (),
                      (provider, osconfig, s3config, gcsconfig, azblobconfig, cryptconfig, sftpconfig, httpconfig,
                       ftpconfig, module, moduleconfig, extra))

BOOST_DESCRIBE_STRUCT(Folder, (),
                      (id, name, mapped_path, description, used_quota_size, used_quota_files, last_quota_update, users,
                       groups, filesystem, extra))
BOOST_DESCRIBE_STRUCT(FolderMapping, (), (name, virtual_path, quota_size, quota_files, subpath))

BOOST_DESCRIBE_STRUCT(PatternsFilter, (), (path, allowed_patterns, denied_patterns, deny_policy))
BOOST_DESCRIBE_STRUCT(HooksFilter, (), (external_auth_disabled, pre_login_disabled, check_password_disabled))
BOOST_DESCRIBE_STRUCT(BandwidthLimit, (), (sources, upload_bandwidth, download_bandwidth))
BOOST_DESCRIBE_STRUCT(DataTransferLimit, (),
                      (sources, upload_data_transfer, download_data_transfer, total_data_transfer))
BOOST_DESCRIBE_STRUCT(TimePeriod, (), (day_of_week, from, to))
BOOST_DESCRIBE_STRUCT(PasswordPolicy, (), (length, uppers, lowers, digits, specials))
BOOST_DESCRIBE_STRUCT(TotpConfig, (), (enabled, config_name, secret, protocols))
BOOST_DESCRIBE_STRUCT(RecoveryCode, (), (secret, used))
BOOST_DESCRIBE_STRUCT(BaseUserFilters, (),
                      (allowed_ip, denied_ip, denied_login_methods, denied_protocols, file_patterns,
                       max_upload_file_size, tls_username, hooks, disable_fs_checks, web_client, allow_api_key_auth,
                       user_type, bandwidth_limits, data_transfer_limits, external_auth_cache_time,
                       pre_login_cache_time, start_directory, two_factor_protocols, ftp_security, is_anonymous,
                       default_shares_expiration, max_shares_expiration, password_expiration, password_strength,
                       password_policy, access_time, enforce_secure_algorithms, allowed_share_paths, denied_share_paths,
                       denied_share_scopes))
BOOST_DESCRIBE_STRUCT(UserFilters, (BaseUserFilters),
                      (require_password_change, totp_config, recovery_codes, tls_certs, additional_emails, custom1,
                       custom_placeholders, extra))
BOOST_DESCRIBE_STRUCT(GroupMapping, (), (name, type))
BOOST_DESCRIBE_STRUCT(User, (),
                      (id, status, username, email, description, expiration_date, password, public_keys, home_dir,
                       virtual_folders, uid, gid, max_sessions, quota_size, quota_files, permissions, used_quota_size,
                       used_quota_files, last_quota_update, upload_bandwidth, download_bandwidth, upload_data_transfer,
                       download_data_transfer, total_data_transfer, used_upload_data_transfer,
                       used_download_data_transfer, created_at, updated_at, last_login, first_download, first_upload,
                       last_password_change, filters, filesystem, additional_info, groups, oidc_custom_fields, role,
                       extra))

BOOST_DESCRIBE_STRUCT(SharePolicy, (), (permissions, mode))
BOOST_DESCRIBE_STRUCT(GroupFilters, (BaseUserFilters), (share_policy, extra))
BOOST_DESCRIBE_STRUCT(GroupUserSettings, (),
                      (home_dir, max_sessions, quota_size, quota_files, permissions, upload_bandwidth,
                       download_bandwidth, upload_data_transfer, download_data_transfer, total_data_transfer,
                       expires_in, filters, filesystem, extra))
BOOST_DESCRIBE_STRUCT(Group, (),
                      (id, name, description, created_at, updated_at, user_settings, virtual_folders, users, admins,
                       extra))

BOOST_DESCRIBE_STRUCT(Role, (), (id, name, description, created_at, updated_at, users, admins, extra))

BOOST_DESCRIBE_STRUCT(AdminPreferences, (), (hide_user_page_sections, default_users_expiration))
BOOST_DESCRIBE_STRUCT(AdminFilters, (),
                      (allow_list, allow_api_key_auth, require_two_factor, require_password_change,
                       disable_password_auth, totp_config, recovery_codes, preferences, extra))
BOOST_DESCRIBE_STRUCT(AdminGroupOptions, (), (add_to_users_as))
BOOST_DESCRIBE_STRUCT(AdminGroupMapping, (), (name, options))
BOOST_DESCRIBE_STRUCT(Admin, (),
                      (id, status, username, description, password, email, permissions, filters, additional_info,
                       groups, created_at, updated_at, last_login, role, extra))

BOOST_DESCRIBE_STRUCT(ApiKey, (),
                      (id, name, key, scope, created_at, updated_at, last_use_at, expires_at, description, user, admin,
                       extra))

BOOST_DESCRIBE_STRUCT(ShareGroup, (), (group_name, permissions))
BOOST_DESCRIBE_STRUCT(ShareOptions, (), (emails, auth_mode, legal_agreement))
BOOST_DESCRIBE_STRUCT(Share, (),
                      (id, name, description, scope, paths, username, created_at, updated_at, last_use_at, expires_at,
                       password, max_tokens, used_tokens, allow_from, groups, options, extra))

BOOST_DESCRIBE_STRUCT(EventAction, (), (id, name, description, type, options, rules, extra))
BOOST_DESCRIBE_STRUCT(RuleActionOptions, (),
                      (is_failure_action, stop_on_failure, execute_sync, execute_before_file_publish))
BOOST_DESCRIBE_STRUCT(RuleAction, (), (name, order, relation_options))
BOOST_DESCRIBE_STRUCT(EventRule, (),
                      (id, name, status, description, created_at, updated_at, trigger, conditions, actions, extra))

BOOST_DESCRIBE_STRUCT(IpListEntry, (), (ipornet, description, type, mode, protocols, created_at, updated_at, extra))
BOOST_DESCRIBE_STRUCT(ServerConfigs, (), (sftpd, smtp, acme, branding, updated_at, extra))

// A mapping is read from the contract's VirtualFolder, a rule's action from its EventAction: what belongs to the folder
// or to the action itself is not the mapping's.
std::span<const std::string_view> ignored_members(const FolderMapping*);
std::span<const std::string_view> ignored_members(const RuleAction*);
// Computed for the API.
std::span<const std::string_view> ignored_members(const User*);
std::span<const std::string_view> ignored_members(const Share*);

// `style` of the writer is a Rendering. Of the sub-configs only those that say something are written.
bool write_json_custom(JsonWriter&, boost::json::value&, const FilesystemConfig&);

}  // namespace slipway::accounts
