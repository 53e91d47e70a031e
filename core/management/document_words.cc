// Schemas of documents that are made where they are answered.
#include "core/management/schema_words.h"

namespace slipway::management {
namespace {

constexpr MemberWords kAnswer[] = {
    {"message", "string", "what was done, or what went wrong in general"},
    {"error", "string", "what went wrong in particular"},
};
constexpr MemberWords kToken[] = {
    {"access_token", "string", "for Authorization: Bearer", {}, kRequired},
    {"expires_at", "string", "when it ends, as in RFC 3339", {}, kRequired},
};
constexpr MemberWords kVersion[] = {
    {"version", "string", "version of the server", {}, kRequired},
    {"build_date", "string", "when it was built"},
    {"commit_hash", "string", "what it was built from"},
    {"features", "string[]", "parts that it has (+) or does not have (-)"},
};
constexpr MemberWords kProfile[] = {
    {"email", "string", "address for messages"},
    {"description", "string", "free text"},
    {"allow_api_key_auth", "boolean", "whether API keys may stand for the account"},
    {"additional_emails", "string[]", "users only: further addresses"},
    {"public_keys", "string[]", "users only: keys that may log in"},
    {"tls_certs", "string[]", "users only: client certificates that may log in, in PEM form"},
};
constexpr MemberWords kPassword[] = {
    {"current_password", "string", "the password so far", {}, kRequired},
    {"new_password", "string", "the password from now on", {}, kRequired},
};
constexpr MemberWords kReset[] = {
    {"code", "string", "what came by e-mail", {}, kRequired},
    {"password", "string", "the password from now on", {}, kRequired},
};
constexpr MemberWords kShareCodeRequest[] = {
    {"email", "string", "an address that the share is for", {}, kRequired},
};
constexpr MemberWords kShareCode[] = {
    {"email", "string", "the address", {}, kRequired},
    {"code", "string", "what came by e-mail", {}, kRequired},
};
constexpr MemberWords kTotpKind[] = {
    {"name", "string", "for config_name", {}, kRequired},
    {"issuer", "string", "what the authenticator app shows"},
    {"algo", "string", "hash function", "sha1; sha256; sha512"},
};
constexpr MemberWords kTotpChoice[] = {
    {"config_name", "string", "name of a TOTPConfig", {}, kRequired},
};
constexpr MemberWords kTotpTrial[] = {
    {"config_name", "string", "name of a TOTPConfig", {}, kRequired},
    {"secret", "string", "as it was generated", {}, kRequired},
    {"passcode", "string", "what the authenticator app shows", {}, kRequired},
};
constexpr MemberWords kTotpSecret[] = {
    {"config_name", "string", "name of the TOTPConfig", {}, kRequired},
    {"issuer", "string", "what the authenticator app shows"},
    {"secret", "string", "for the authenticator app, to be typed", {}, kRequired},
    {"url", "string", "for the authenticator app, as a link"},
    {"qr_code", "string", "the link as a picture: PNG in base64"},
};
constexpr MemberWords kCode[] = {
    {"code", "string", "the code", {}, kRequired},
    {"used", "boolean", "whether it has been used", {}, kRequired},
};
constexpr MemberWords kMadeKey[] = {
    {"message", "string", "says that the key is shown this once"},
    {"mesage", "string", "the same; some clients look for it under this name"},
    {"key", "string", "the key", {}, kRequired},
};
constexpr MemberWords kQuota[] = {
    {"used_quota_size", "int64", "bytes"},
    {"used_quota_files", "int64", "files"},
};
constexpr MemberWords kTransferQuota[] = {
    {"used_upload_data_transfer", "int64", "bytes that were uploaded"},
    {"used_download_data_transfer", "int64", "bytes that were downloaded"},
};
#define SLIPWAY_SCAN                                                                                                \
  {"start_time", "int64", "when it began, in milliseconds since 1970"}, {"files", "int64", "files counted so far"}, \
      {"size", "int64", "bytes counted so far"}, {                                                                  \
    "directories", "int64", "directories visited so far"                                                            \
  }
constexpr MemberWords kUserScan[] = {{"username", "string", "whose files are counted"}, SLIPWAY_SCAN};
constexpr MemberWords kFolderScan[] = {{"name", "string", "folder whose files are counted"}, SLIPWAY_SCAN};
constexpr MemberWords kTransfer[] = {
    {"operation_type", "string", "direction", "upload; download"},
    {"path", "string", "the file"},
    {"start_time", "int64", "when it began, in milliseconds since 1970"},
    {"size", "int64", "bytes so far"},
};
constexpr MemberWords kConnection[] = {
    {"username", "string", "who is logged in"},
    {"connection_id", "string", "names the connection, also in logs"},
    {"client_version", "string", "what the client says it is"},
    {"remote_address", "string", "where it comes from"},
    {"connection_time", "int64", "when it began, in milliseconds since 1970"},
    {"last_activity", "int64", "when something happened last, in milliseconds since 1970"},
    {"protocol", "string", "SFTP, SCP, SSH, FTP, DAV, HTTP or HTTPShare"},
    {"command", "string", "command that runs"},
    {"active_transfers", "Transfer[]", "transfers that are under way"},
    {"node", "string", "which of several servers it is at"},
};
constexpr MemberWords kRetentionFolder[] = {
    {"path", "string", "absolute directory"},
    {"retention", "integer", "hours that files stay"},
    {"delete_empty_dirs", "boolean", "whether directories go that are left empty"},
};
constexpr MemberWords kRetention[] = {
    {"username", "string", "whose files are checked"},
    {"folders", "FolderRetention[]", "what is checked"},
    {"start_time", "int64", "when it began, in milliseconds since 1970"},
};
constexpr MemberWords kDefender[] = {
    {"id", "string", "names the entry in paths", {}, kRequired},
    {"ip", "string", "the address", {}, kRequired},
    {"score", "integer", "what it has done so far; absent while it is banned"},
    {"ban_time", "string", "until when it is banned, as in RFC 3339; absent while it is not"},
};
constexpr MemberWords kLogLevel[] = {
    {"level", "string", "what is logged at least", "debug; info; warn; error", kRequired},
};
constexpr MemberWords kModule[] = {
    {"name", "string", "name of the instance", {}, kRequired},
    {"module", "string", "the module it is an instance of"},
    {"kind", "string", "what kind of module it is"},
    {"version", "string", "version of the module"},
    {"state", "string", "what it is doing"},
    {"summary", "string", "what it is for"},
    {"error", "string", "why it does not run"},
};
constexpr MemberWords kOption[] = {
    {"name", "string", "name below the section", {}, kRequired},
    {"type", "string", "kind of value"},
    {"help", "string", "what it is for"},
    {"default", "string", "what it is when nothing is said"},
    {"required", "boolean", "whether something must be said"},
    {"secret", "boolean", "whether it is kept from being shown"},
    {"choices", "string[]", "values it may have"},
    {"minimum", "int64", "least value"},
    {"maximum", "int64", "greatest value"},
};
constexpr MemberWords kModuleDescription[] = {
    {"name", "string", "name of the instance", {}, kRequired},
    {"module", "string", "the module it is an instance of"},
    {"kind", "string", "what kind of module it is"},
    {"version", "string", "version of the module"},
    {"state", "string", "what it is doing"},
    {"summary", "string", "what it is for"},
    {"provides", "string[]", "what it serves"},
    {"section", "string", "section of the configuration that its options are in"},
    {"path", "string", "file it was loaded from"},
    {"options", "ModuleOption[]", "its options"},
    {"use_options", "ModuleOption[]", "options of each use of it, such as a mount"},
    {"values", "any", "what its options are set to; secrets read [**redacted**]"},
    {"error", "string", "why it does not run, or what is wrong with its options"},
};
constexpr MemberWords kActive[] = {
    {"is_active", "boolean", "whether it is on"},
};
constexpr MemberWords kLimiters[] = {
    {"is_active", "boolean", "whether it is on"},
    {"protocols", "string[]", "protocols that are limited"},
};
constexpr MemberWords kProvider[] = {
    {"is_active", "boolean", "whether the database answers"},
    {"driver", "string", "which database it is"},
    {"error", "string", "why it does not answer"},
};
constexpr MemberWords kMfa[] = {
    {"is_active", "boolean", "whether passcodes are to be had"},
    {"totp_configs", "TOTPConfig[]", "which kinds"},
};
constexpr MemberWords kBinding[] = {
    {"address", "string", "address that is listened on; empty: all"},
    {"port", "integer", "port that is listened on"},
    {"apply_proxy_config", "boolean", "whether the PROXY protocol is in use"},
};
constexpr MemberWords kHostKey[] = {
    {"path", "string", "file of the key"},
    {"fingerprint", "string", "SHA256 fingerprint of the key"},
    {"algorithms", "string[]", "signature algorithms it is used with"},
};
constexpr MemberWords kSsh[] = {
    {"is_active", "boolean", "whether it is served"},
    {"bindings", "SSHBinding[]", "where"},
    {"host_keys", "SSHHostKey[]", "keys of the server"},
    {"ssh_commands", "string[]", "commands that may be run"},
    {"authentications", "string[]", "ways to log in"},
    {"public_key_algorithms", "string[]", "signature algorithms of users' keys"},
    {"macs", "string[]", "message authentication codes"},
    {"kex_algorithms", "string[]", "key exchanges"},
    {"ciphers", "string[]", "ciphers"},
};
constexpr MemberWords kServices[] = {
    {"ssh", "SSHServiceStatus", "SFTP, SCP and commands"},
    {"ftp", "ServiceActivity", "FTP"},
    {"webdav", "ServiceActivity", "WebDAV"},
    {"data_provider", "DataProviderStatus", "the database of accounts"},
    {"defender", "ServiceActivity", "bans of addresses that misbehave"},
    {"mfa", "MFAStatus", "second factors"},
    {"allow_list", "ServiceActivity", "the list of addresses that alone may connect"},
    {"rate_limiters", "RateLimitersStatus", "limits of requests"},
};
constexpr MemberWords kBackup[] = {
    {"users", "User[]", "all users"},
    {"folders", "BaseVirtualFolder[]", "all virtual folders"},
    {"groups", "Group[]", "all groups"},
    {"admins", "Admin[]", "all administrators"},
    {"api_keys", "APIKey[]", "all API keys"},
    {"shares", "Share[]", "all shares"},
    {"event_actions", "EventAction[]", "all event actions"},
    {"event_rules", "EventRule[]", "all event rules"},
    {"roles", "Role[]", "all roles"},
    {"ip_lists", "IPListEntry[]", "all entries of IP lists"},
    {"configs", "ServerConfigs", "settings that are kept with the accounts"},
    {"version", "integer", "format of the document"},
};
constexpr MemberWords kEntry[] = {
    {"name", "string", "name in its directory", {}, kRequired},
    {"size", "int64", "bytes of a file"},
    {"mode", "int64",
     "kind and permissions: bit 31 a directory, bit 27 a symbolic link, the low nine bits permissions"},
    {"last_modified", "string", "last change of its contents, as in RFC 3339"},
};
constexpr MemberWords kTimes[] = {
    {"modification_time", "int64", "milliseconds since 1970", {}, kRequired},
};
constexpr MemberWords kChecksum[] = {
    {"checksum", "string", "SHA-256 in hexadecimal digits", {}, kRequired},
};

constexpr SchemaWords kWords[] = {
    {"ApiResponse", "What is answered where there is nothing else to say, and with every error.", kAnswer},
    {"Token", "A token and its end.", kToken},
    {"VersionInfo", "What this server is.", kVersion},
    {"UserProfile", "What an account may know and change about itself.", kProfile},
    {"PwdChange", "A change of one's own password.", kPassword},
    {"PasswordReset", "A new password for whoever got the code.", kReset},
    {"ShareCodeRequest", "Whom a code for a share is to be sent to.", kShareCodeRequest},
    {"ShareCode", "What makes a visitor of a share known.", kShareCode},
    {"TOTPConfig", "A kind of one-time passcodes.", kTotpKind},
    {"TOTPChoice", "Which kind of one-time passcodes.", kTotpChoice},
    {"TOTPTrial", "A passcode to be tried.", kTotpTrial},
    {"TOTPSecret", "A secret for an authenticator app; it is stored by saving it.", kTotpSecret},
    {"RecoveryCode", "What stands in for a passcode once.", kCode},
    {"NewAPIKey", "An API key, shown this once.", kMadeKey},
    {"QuotaUsage", "Storage that is used.", kQuota},
    {"TransferQuotaUsage", "Data that was transferred.", kTransferQuota},
    {"QuotaScan", "A count of a user's files.", kUserScan},
    {"FolderQuotaScan", "A count of a folder's files.", kFolderScan},
    {"Transfer", "A transfer that is under way.", kTransfer},
    {"ConnectionStatus", "A session of a user.", kConnection},
    {"FolderRetention", "How long files of a directory stay.", kRetentionFolder},
    {"RetentionCheck", "A check of old files that runs.", kRetention},
    {"DefenderEntry", "An address that misbehaved.", kDefender},
    {"LogLevelConfig", "How much is logged.", kLogLevel},
    {"Module", "A configured module.", kModule},
    {"ModuleOption", "An option of a module.", kOption},
    {"ModuleDescription", "What a module is, its options and their values.", kModuleDescription},
    {"ServiceActivity", "Whether a service is on.", kActive},
    {"RateLimitersStatus", "Which protocols are limited.", kLimiters},
    {"DataProviderStatus", "The database of accounts.", kProvider},
    {"MFAStatus", "Second factors.", kMfa},
    {"SSHBinding", "An address that SSH is served at.", kBinding},
    {"SSHHostKey", "A key of the SSH server.", kHostKey},
    {"SSHServiceStatus", "SFTP, SCP and commands.", kSsh},
    {"ServicesStatus", "What runs, and how it is set.", kServices},
    {"BackupData", "Everything about the accounts, with hashes and sealed secrets.", kBackup},
    {"DirEntry", "An entry of a directory.", kEntry},
    {"FileTimes", "Times of a file.", kTimes},
    {"Checksum", "The checksum of a file.", kChecksum},
};

}  // namespace

std::span<const SchemaWords> document_words() { return kWords; }

}  // namespace slipway::management
