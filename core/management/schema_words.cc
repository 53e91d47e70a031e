// Words about the entities: what their members mean, and what they may be.
#include "core/management/schema_words.h"

namespace slipway::management {
namespace {

constexpr MemberWords kCommon[] = {
    {"id", "", "number of the object in this server's database", {}, kReadOnly},
    {"description", "", "free text"},
    {"created_at", "", "when it was made, in milliseconds since 1970", {}, kReadOnly},
    {"updated_at", "", "when it was changed last, in milliseconds since 1970", {}, kReadOnly},
    {"max_sessions", "", "how many sessions the account may have at a time; 0: any number"},
    {"quota_size", "", "bytes that may be stored; 0: no limit"},
    {"quota_files", "", "files that may be stored; 0: no limit"},
    {"used_quota_size", "", "bytes that are stored, as counted", {}, kReadOnly},
    {"used_quota_files", "", "files that are stored, as counted", {}, kReadOnly},
    {"last_quota_update", "", "when the counters changed last, in milliseconds since 1970", {}, kReadOnly},
    {"upload_bandwidth", "", "KB/s of all uploads together; 0: no limit"},
    {"download_bandwidth", "", "KB/s of all downloads together; 0: no limit"},
    {"upload_data_transfer", "", "MB that may be uploaded in all; 0: no limit"},
    {"download_data_transfer", "", "MB that may be downloaded in all; 0: no limit"},
    {"total_data_transfer", "", "MB that may be transferred in both directions together; 0: no limit"},
    {"sources", "", "networks that the limit is for, in CIDR notation"},
    {"permissions", "", "what is allowed, by absolute directory; the deepest directory that is named counts"},
    {"upload_part_size", "", "MB of each part of an upload; 0: the server's choice"},
    {"download_part_size", "", "MB of each part of a download; 0: the server's choice"},
    {"upload_concurrency", "", "parts of one upload that are under way at a time; 0: the server's choice"},
    {"download_concurrency", "", "parts of one download that are under way at a time; 0: the server's choice"},
    {"upload_part_max_time", "", "seconds that one part may take to be uploaded; 0: no limit"},
    {"download_part_max_time", "", "seconds that one part may take to be downloaded; 0: no limit"},
    {"key_prefix", "", "only what begins with this is seen, as if it were the root; no slash in front, one behind"},
    {"skip_tls_verify", "", "takes any certificate; for tests only"},
    {"equality_check_mode", "", "which settings make two of these the same server, so that files are renamed inside it",
     "0 endpoint and user; 1 endpoint alone"},
    {"read_buffer_size", "", "MB read ahead; 0: none"},
    {"write_buffer_size", "", "MB gathered before they are written; 0: none"},
    {"endpoint", "", "where the storage is, as a URL or as host and port"},
    {"storage_class", "", "storage class of new objects; empty: the bucket's"},
    {"acl", "", "canned access list of new objects; empty: the bucket's"},
    {"filesystem", "", "where the files are kept"},
    {"role", "", "name of the role; administrators of a role see only users of the same one"},
    {"additional_info", "", "free text for whoever administers"},
};

constexpr MemberWords kSecret[] = {
    {"status", "", "how the payload is to be read",
     "Plain as it is, to be sealed when it is saved; Redacted unchanged, what is stored stays; Secretbox sealed; "
     "AES-256-GCM sealed; AWS sealed; GCP sealed; VaultTransit sealed; AzureKeyVault sealed"},
    {"payload", "", "the secret, or its sealed form"},
    {"key", "", "what opens a sealed payload; shown with confidential_data only"},
    {"additional_data", "", "what the payload is bound to; shown with confidential_data only"},
    {"mode", "", "whether a master key is needed to open it", "0 no; 1 yes"},
};

constexpr MemberWords kUser[] = {
    {"status", "", "whether the user may log in", "0 no; 1 yes"},
    {"username", "", "unique name; it cannot be changed", {}, kRequired},
    {"email", "", "address for messages to the user"},
    {"expiration_date", "", "when logins end, in milliseconds since 1970; 0: never"},
    {"password", "",
     "plain text or a hash in a known format; left out of an update it stays, and it is never shown "
     "but with confidential_data"},
    {"public_keys", "", "keys that may log in, one line of authorized_keys each"},
    {"has_password", "boolean", "whether a password is set", {}, kReadOnly},
    {"home_dir", "", "absolute path of the user's files on this machine's disks"},
    {"virtual_folders", "", "folders that are mounted into the user's tree"},
    {"uid", "", "owner of new files where the server may set one; 0: unchanged"},
    {"gid", "", "group of new files where the server may set one; 0: unchanged"},
    {"used_upload_data_transfer", "", "bytes that were uploaded, as counted", {}, kReadOnly},
    {"used_download_data_transfer", "", "bytes that were downloaded, as counted", {}, kReadOnly},
    {"last_login", "", "last login, in milliseconds since 1970; 0: none yet", {}, kReadOnly},
    {"first_download", "", "first download, in milliseconds since 1970; 0: none yet", {}, kReadOnly},
    {"first_upload", "", "first upload, in milliseconds since 1970; 0: none yet", {}, kReadOnly},
    {"last_password_change", "", "last change of the password, in milliseconds since 1970", {}, kReadOnly},
    {"filters", "", "restrictions and preferences"},
    {"groups", "", "groups the user is in, in the order in which they are applied"},
    {"oidc_custom_fields", "", "claims of the identity provider that were asked for"},
};

#define SLIPWAY_BASE_FILTERS                                                                                        \
  {"allowed_ip", "", "networks in CIDR notation that the user may come from; empty: all"},                          \
      {"denied_ip", "", "networks in CIDR notation that the user must not come from; looked at first"},             \
      {"denied_login_methods", "", "ways to log in that are closed",                                                \
       "publickey; password; password-over-SSH; keyboard-interactive; publickey+password; "                         \
       "publickey+keyboard-interactive; TLSCertificate; TLSCertificate+password"},                                  \
      {"denied_protocols", "", "protocols that are closed", "SSH; FTP; DAV; HTTP"},                                 \
      {"file_patterns", "", "names that may or may not be reached, by directory"},                                  \
      {"max_upload_file_size", "", "bytes of one upload; 0: no limit"},                                             \
      {"tls_username", "", "which part of a client certificate is the user's name",                                 \
       "\"\" none; None none; CommonName the common name"},                                                         \
      {"hooks", "", "hooks that are not asked for this user"},                                                      \
      {"disable_fs_checks", "", "directories are neither made nor looked for at login"},                            \
      {"web_client", "", "what the user may not do over HTTP"},                                                     \
      {"allow_api_key_auth", "", "whether API keys may stand for the user"},                                        \
      {"user_type", "", "hint for modules that log users in", "\"\" none; LDAPUser LDAP; OSUser operating system"}, \
      {"bandwidth_limits", "", "bandwidth by network the user comes from; the first that fits counts"},             \
      {"data_transfer_limits", "", "transferred data by network the user comes from; the first that fits counts"},  \
      {"external_auth_cache_time", "", "seconds that the answer of the external login hook is good for; 0: none"},  \
      {"pre_login_cache_time", "", "seconds that the answer of the pre-login hook is good for; 0: none"},           \
      {"start_directory", "", "absolute directory in which sessions begin"},                                        \
      {"two_factor_protocols", "", "protocols that need a second factor", "SSH; FTP; HTTP"},                        \
      {"ftp_security", "", "whether FTP needs TLS", "0 as the server says; 1 always"},                              \
      {"is_anonymous", "", "logs in with any password, to read only"},                                              \
      {"default_shares_expiration", "", "days that a share lasts when nothing else is said; 0: for ever"},          \
      {"max_shares_expiration", "", "days that a share may last; 0: for ever"},                                     \
      {"password_expiration", "", "days after which the password must be changed; 0: never"},                       \
      {"password_strength", "", "bits of entropy that a password must have; 0: no demand"},                         \
      {"password_policy", "", "what a password must consist of"},                                                   \
      {"access_time", "", "hours in which the user may log in; empty: always"},                                     \
      {"enforce_secure_algorithms", "", "connections with weak algorithms are refused"},                            \
      {"allowed_share_paths", "", "directories below which shares may be made; empty: all"},                        \
      {"denied_share_paths", "", "directories below which no share may be made; / stands for the root alone"}, {    \
    "denied_share_scopes", "", "kinds of shares that may not be made", "read; write; read_write"                    \
  }

constexpr MemberWords kUserFilters[] = {
    SLIPWAY_BASE_FILTERS,
    {"require_password_change", "", "the password must be changed before anything else"},
    {"totp_config", "", "one-time passcodes of the user"},
    {"recovery_codes", "", "what stands in for a passcode once"},
    {"tls_certs", "", "client certificates that may log in, in PEM form"},
    {"additional_emails", "", "further addresses"},
    {"custom1", "", "older name of the first of custom_placeholders"},
    {"custom_placeholders", "", "texts for %custom1% to %custom10% in the settings of groups"},
};
constexpr MemberWords kGroupFilters[] = {
    SLIPWAY_BASE_FILTERS,
    {"share_policy", "", "sharing with the group"},
};

constexpr MemberWords kPatterns[] = {
    {"path", "", "absolute directory that the patterns are for"},
    {"allowed_patterns", "", "shell patterns of names that may be reached"},
    {"denied_patterns", "", "shell patterns of names that may not be reached; looked at first"},
    {"deny_policy", "", "what happens to names that may not be reached", "0 they are listed; 1 they are hidden"},
};
constexpr MemberWords kHooks[] = {
    {"external_auth_disabled", "", "the external login hook is not asked"},
    {"pre_login_disabled", "", "the pre-login hook is not asked"},
    {"check_password_disabled", "", "the password check hook is not asked"},
};
constexpr MemberWords kTime[] = {
    {"day_of_week", "", "the day", "0 Sunday; 1 Monday; 2 Tuesday; 3 Wednesday; 4 Thursday; 5 Friday; 6 Saturday"},
    {"from", "", "from this hour and minute on, as 08:30"},
    {"to", "", "to this hour and minute, as 17:30"},
};
constexpr MemberWords kPolicy[] = {
    {"length", "", "characters at least"},         {"uppers", "", "upper-case letters at least"},
    {"lowers", "", "lower-case letters at least"}, {"digits", "", "digits at least"},
    {"specials", "", "other characters at least"},
};
constexpr MemberWords kTotp[] = {
    {"enabled", "", "whether a passcode is asked for"},
    {"config_name", "", "which kind of passcodes: the name of a TOTPConfig"},
    {"secret", "", "the secret that the authenticator app has too"},
    {"protocols", "", "users only: where the passcode is asked for: SSH, FTP, HTTP"},
};
constexpr MemberWords kStoredCode[] = {
    {"secret", "", "the code, sealed"},
    {"used", "", "whether it has been used"},
};

constexpr MemberWords kMapping[] = {
    {"name", "", "name of the folder", {}, kRequired},
    {"virtual_path", "", "absolute path at which the folder appears"},
    {"quota_size", "", "bytes that may be stored here; 0: no limit, -1: counted in the user's quota"},
    {"quota_files", "", "files that may be stored here; 0: no limit, -1: counted in the user's quota"},
    {"subpath", "", "directory of the folder that is mounted instead of all of it"},
};
constexpr MemberWords kFolder[] = {
    {"name", "", "unique name; it cannot be changed", {}, kRequired},
    {"mapped_path", "", "absolute path of the folder's files on this machine's disks"},
    {"users", "", "who mounts it", {}, kReadOnly},
    {"groups", "", "groups that mount it", {}, kReadOnly},
};

constexpr MemberWords kFilesystem[] = {
    {"provider", "", "which kind of storage it is; only the settings of that kind are kept",
     "0 this machine's disks; 1 S3; 2 Google Cloud Storage; 3 Azure Blob; 4 this machine's disks, encrypted; 5 SFTP; "
     "6 HTTP; 7 FTP; 100 a storage module by name"},
    {"osconfig", "", "settings of this machine's disks"},
    {"s3config", "", "settings of S3"},
    {"gcsconfig", "", "settings of Google Cloud Storage"},
    {"azblobconfig", "", "settings of Azure Blob"},
    {"cryptconfig", "", "settings of encrypted files"},
    {"sftpconfig", "", "settings of an SFTP server"},
    {"httpconfig", "", "settings of an HTTP server"},
    {"ftpconfig", "", "settings of an FTP server"},
    {"module", "", "name of the storage module, with provider 100"},
    {"moduleconfig", "", "options of a mount of that module"},
};
constexpr MemberWords kCrypt[] = {{"passphrase", "", "what the keys of the files are made from"}};
constexpr MemberWords kS3[] = {
    {"bucket", "", "name of the bucket"},
    {"region", "", "region of the bucket"},
    {"access_key", "", "identifier of the key; empty: the machine's own credentials"},
    {"access_secret", "", "secret of the key"},
    {"sse_customer_key", "", "key that the server encrypts objects with"},
    {"role_arn", "", "role that is taken on"},
    {"session_token", "", "token of temporary credentials"},
    {"force_path_style", "", "the bucket is in the path of URLs, not in the host name"},
    {"checksum_algorithm", "", "checksum that is sent with uploads; empty: the client library's choice"},
};
constexpr MemberWords kGcs[] = {
    {"bucket", "", "name of the bucket"},
    {"credentials", "", "key file of a service account"},
    {"automatic_credentials", "", "where credentials come from", "0 the key file; 1 the machine"},
    {"hns", "", "whether the bucket has a hierarchical name space", "0 no; 1 yes"},
    {"universe_domain", "", "domain of the cloud; empty: the public one"},
};
constexpr MemberWords kAzure[] = {
    {"container", "", "name of the container"},
    {"account_name", "", "name of the storage account"},
    {"account_key", "", "key of the storage account"},
    {"sas_url", "", "shared access URL instead of name and key"},
    {"access_tier", "", "tier of new blobs; empty: the account's", "\"\"; Archive; Hot; Cool"},
    {"use_emulator", "", "the endpoint is an emulator"},
};
constexpr MemberWords kSftp[] = {
    {"username", "", "who logs in there"},
    {"password", "", "the password there"},
    {"private_key", "", "key that logs in there"},
    {"key_passphrase", "", "pass phrase of the key"},
    {"fingerprints", "", "SHA256 fingerprints that the server's key may have; empty: any"},
    {"prefix", "", "directory there that is the root here"},
    {"disable_concurrent_reads", "", "one read is under way at a time"},
    {"disable_concurrent_writes", "", "one write is under way at a time"},
    {"buffer_size", "", "MB gathered for each file; 0: none"},
    {"socks_proxy", "", "SOCKS proxy, as host and port"},
    {"socks_username", "", "who logs in at the proxy"},
    {"socks_password", "", "the password at the proxy"},
};
constexpr MemberWords kHttpFs[] = {
    {"username", "", "who logs in there"},
    {"password", "", "the password there"},
    {"api_key", "", "key that is sent with each request"},
};
constexpr MemberWords kFtpFs[] = {
    {"username", "", "who logs in there"},
    {"password", "", "the password there"},
    {"tls_mode", "", "how TLS is used", "0 not; 1 explicit; 2 implicit"},
};

constexpr MemberWords kGroupMapping[] = {
    {"name", "", "name of the group", {}, kRequired},
    {"type", "", "what of the group counts for the user", "1 primary; 2 secondary; 3 membership alone"},
};
constexpr MemberWords kSharePolicy[] = {
    {"permissions", "", "sum of what members may do: 1 read, 2 write, 4 delete"},
    {"mode", "", "whether the user may choose otherwise", "0 nothing is said; 1 suggested; 2 enforced"},
};
constexpr MemberWords kGroupSettings[] = {
    {"home_dir", "", "home directory of members; %username% stands for the name"},
    {"expires_in", "", "days after which new members expire; 0: never"},
    {"filters", "", "restrictions and preferences"},
};
constexpr MemberWords kGroup[] = {
    {"name", "", "unique name; it cannot be changed", {}, kRequired},
    {"user_settings", "", "what members inherit"},
    {"virtual_folders", "", "folders that members mount"},
    {"users", "", "who is in it", {}, kReadOnly},
    {"admins", "", "administrators whose new users join it", {}, kReadOnly},
};
constexpr MemberWords kRole[] = {
    {"name", "", "unique name; it cannot be changed", {}, kRequired},
    {"users", "", "users that have it", {}, kReadOnly},
    {"admins", "", "administrators that have it", {}, kReadOnly},
};

constexpr MemberWords kPreferences[] = {
    {"hide_user_page_sections", "", "flags of the sections of the user page that are not shown"},
    {"default_users_expiration", "", "days after which new users expire; 0: never"},
};
constexpr MemberWords kAdminFilters[] = {
    {"allow_list", "", "networks in CIDR notation that the administrator may come from; empty: all"},
    {"allow_api_key_auth", "", "whether API keys may stand for the administrator"},
    {"require_two_factor", "", "a second factor must be set before anything else"},
    {"require_password_change", "", "the password must be changed before anything else"},
    {"disable_password_auth", "", "the password does not log in; other ways do"},
    {"totp_config", "", "one-time passcodes of the administrator"},
    {"recovery_codes", "", "what stands in for a passcode once"},
    {"preferences", "", "how pages look"},
};
constexpr MemberWords kAdmin[] = {
    {"status", "", "whether the administrator may log in", "0 no; 1 yes"},
    {"username", "", "unique name; it cannot be changed", {}, kRequired},
    {"password", "", "plain text or a hash in a known format; left out of an update it stays, and it is never shown"},
    {"email", "", "address for messages to the administrator"},
    {"permissions", "", "what the administrator may do; * is everything"},
    {"filters", "", "restrictions and preferences"},
    {"groups", "", "groups that users join whom this administrator adds"},
    {"last_login", "", "last login, in milliseconds since 1970; 0: none yet", {}, kReadOnly},
};
constexpr MemberWords kAdminGroup[] = {
    {"name", "", "name of the group", {}, kRequired},
    {"options", "", "how new users join it"},
};
constexpr MemberWords kAdminGroupOptions[] = {
    {"add_to_users_as", "", "how new users join it", "0 membership alone; 1 primary; 2 secondary"},
};

constexpr MemberWords kApiKey[] = {
    {"id", "", "made by the server, 22 characters", {}, kReadOnly},
    {"name", "", "free text", {}, kRequired},
    {"key", "", "never shown again after the answer that made it", {}, kReadOnly},
    {"scope", "", "whom the key may stand for", "1 administrators; 2 users"},
    {"last_use_at", "", "last use, in milliseconds since 1970; 0: none yet", {}, kReadOnly},
    {"expires_at", "", "when it ends, in milliseconds since 1970; 0: never"},
    {"user", "", "the one user it stands for; empty: any, named behind the key"},
    {"admin", "", "the one administrator it stands for; empty: any, named behind the key"},
};

constexpr MemberWords kShareGroup[] = {
    {"group_name", "", "name of the group"},
    {"permissions", "", "sum of what members may do: 1 read, 2 write, 4 delete"},
};
constexpr MemberWords kShareOptions[] = {
    {"emails", "", "addresses that the link is for"},
    {"auth_mode", "", "what a visitor needs", "0 the password, if there is one; 1 a code sent by e-mail"},
    {"legal_agreement", "", "whether visitors must agree to terms first", "0 no; 1 yes"},
};
constexpr MemberWords kShare[] = {
    {"id", "", "made by the server, 22 characters; part of the link", {}, kReadOnly},
    {"name", "", "free text", {}, kRequired},
    {"scope", "", "what visitors may do", "1 read; 2 write; 3 both"},
    {"paths", "", "absolute paths that are shared; writing needs exactly one directory"},
    {"username", "", "the owner", {}, kReadOnly},
    {"last_use_at", "", "last use, in milliseconds since 1970; 0: none yet", {}, kReadOnly},
    {"expires_at", "", "when it ends, in milliseconds since 1970; 0: never"},
    {"password", "", "what visitors must know; shown as [**redacted**], which leaves it as it is"},
    {"max_tokens", "", "how often the share may be used; 0: any number"},
    {"used_tokens", "", "how often it has been used", {}, kReadOnly},
    {"allow_from", "", "networks in CIDR notation that visitors may come from; empty: all"},
    {"groups", "", "groups of the owner whose members may see, change or delete the share itself"},
    {"user_permissions",
     "integer",
     "sum of what whoever asks may do with the share: 1 read, 2 write, 4 delete",
     {},
     kReadOnly},
    {"options", "", "what visitors go through"},
};

constexpr MemberWords kEventAction[] = {
    {"name", "", "unique name; it cannot be changed", {}, kRequired},
    {"type", "", "what it does",
     "1 HTTP request; 2 command; 3 e-mail; 4 backup; 5 recount of users' quota; 6 recount of folders' quota; 7 reset "
     "of "
     "transfer quota; 8 data retention; 9 files; 11 password expiry check; 12 user expiry check; 13 account of an "
     "identity provider; 14 inactive users; 15 log rotation; 16 IMAP; 17 ICAP; 18 share expiry; 19 event report"},
    {"options", "BaseEventActionOptions", "settings of its type; others are dropped"},
    {"rules", "", "rules that run it", {}, kReadOnly},
};
constexpr MemberWords kRuleAction[] = {
    {"name", "", "name of the action", {}, kRequired},
    {"order", "", "actions run in this order; each number once"},
    {"relation_options", "", "how the rule runs it"},
    {"id", "integer", "of the action", {}, kReadOnly},
    {"description", "string", "of the action", {}, kReadOnly},
    {"type", "integer", "of the action", {}, kReadOnly},
    {"options", "BaseEventActionOptions", "of the action", {}, kReadOnly},
};
constexpr MemberWords kRelation[] = {
    {"is_failure_action", "", "runs only when another action has failed"},
    {"stop_on_failure", "", "its failure keeps later actions from running"},
    {"execute_sync", "", "whoever caused the event waits for it"},
    {"execute_before_file_publish", "", "runs before an uploaded file appears under its name"},
};
constexpr MemberWords kRule[] = {
    {"name", "", "unique name; it cannot be changed", {}, kRequired},
    {"status", "", "whether it is active", "0 no; 1 yes"},
    {"trigger", "", "what sets it off",
     "1 something happens to files; 2 an account changes; 3 a schedule; 4 an address is blocked; 5 a certificate is "
     "renewed; 6 a request; 7 a login by an identity provider",
     kRequired},
    {"conditions", "EventConditions", "when its actions run"},
    {"actions", "", "what it runs"},
};

constexpr MemberWords kIpEntry[] = {
    {"ipornet", "", "an address or a network in CIDR notation"},
    {"type", "", "which list it is in", "1 allow list; 2 defender; 3 rate limiter safe list; 4 trusted"},
    {"mode", "", "what the list does with it", "1 allow; 2 deny"},
    {"protocols", "", "sum of the protocols it is for: 1 SSH, 2 FTP, 4 WebDAV, 8 HTTP; 0: all"},
};
constexpr MemberWords kConfigs[] = {
    {"sftpd", "", "settings of SFTP"},
    {"smtp", "", "settings of e-mail"},
    {"acme", "", "settings of certificates"},
    {"branding", "", "names and pictures of pages"},
};

constexpr SchemaWords kWords[] = {
    {"Secret", "A secret of a storage or an account. Sent plain it is sealed when it is saved; shown it is sealed.",
     kSecret},
    {"User", "Somebody who moves files.", kUser},
    {"UserFilters", "Restrictions and preferences of a user.", kUserFilters},
    {"GroupFilters", "Restrictions and preferences that members of a group inherit.", kGroupFilters},
    {"PatternsFilter", "Names in a directory that may or may not be reached.", kPatterns},
    {"HooksFilter", "Hooks that are not asked for a user.", kHooks},
    {"BandwidthLimit", "Bandwidth for users from some networks.", {}},
    {"DataTransferLimit", "Transferred data for users from some networks.", {}},
    {"TimePeriod", "Hours of a day of the week.", kTime},
    {"PasswordPolicy", "What a password must consist of; 0: no demand.", kPolicy},
    {"UserTOTPConfig", "One-time passcodes of an account.", kTotp},
    {"StoredRecoveryCode", "A recovery code as it is kept.", kStoredCode},
    {"VirtualFolder", "A virtual folder as a user or group mounts it.", kMapping},
    {"BaseVirtualFolder", "Named storage that users and groups mount.", kFolder},
    {"FilesystemConfig", "Where files are kept.", kFilesystem},
    {"OSFsConfig", "Files on this machine's disks.", {}},
    {"CryptFsConfig", "Encrypted files on this machine's disks.", kCrypt},
    {"S3Config", "Files in a bucket of S3 or something like it.", kS3},
    {"GCSConfig", "Files in a bucket of Google Cloud Storage.", kGcs},
    {"AzureBlobFsConfig", "Files in a container of Azure Blob.", kAzure},
    {"SFTPFsConfig", "Files on an SFTP server.", kSftp},
    {"HTTPFsConfig", "Files on an HTTP server that speaks the storage protocol.", kHttpFs},
    {"FTPFsConfig", "Files on an FTP server.", kFtpFs},
    {"GroupMapping", "A group that a user is in.", kGroupMapping},
    {"BaseShareGovernanceRule", "What members of a group may do with each other's shares.", kSharePolicy},
    {"GroupUserSettings", "What members of a group inherit.", kGroupSettings},
    {"Group", "Settings that users have in common.", kGroup},
    {"Role", "Which users an administrator may see.", kRole},
    {"AdminPreferences", "How pages look to an administrator.", kPreferences},
    {"AdminFilters", "Restrictions and preferences of an administrator.", kAdminFilters},
    {"Admin", "Somebody who manages this server.", kAdmin},
    {"AdminGroupMapping", "A group that users join whom an administrator adds.", kAdminGroup},
    {"AdminGroupMappingOptions", "How they join it.", kAdminGroupOptions},
    {"APIKey", "A key that stands for an account in requests.", kApiKey},
    {"ShareGroupBinding", "A group whose members see a share.", kShareGroup},
    {"ShareOptions", "What visitors of a share go through.", kShareOptions},
    {"Share", "Paths of a user that others reach by a link.", kShare},
    {"EventAction", "Something that event rules run.", kEventAction},
    {"EventRuleAction", "An action of a rule. It is sent by name and shown whole.", kRuleAction},
    {"EventActionOptions", "How a rule runs an action.", kRelation},
    {"EventRule", "When which actions run.", kRule},
    {"IPListEntry", "An address or network of a list.", kIpEntry},
    {"ServerConfigs", "Settings that are kept with the accounts.", kConfigs},
};

}  // namespace

std::span<const SchemaWords> entity_words() { return kWords; }
std::span<const MemberWords> common_words() { return kCommon; }

}  // namespace slipway::management
