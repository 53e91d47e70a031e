// The option tables of the core's own sections, and what is told about them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/common_options.h"
#include "core/config/configuration.h"
#include "core/config/data_provider_options.h"
#include "slipway/option.h"

namespace slipway::config {

inline constexpr OptionSpec kKmsOptions[] = {
    {"secrets.url", OptionType::String, "", "How secrets are sealed: local:// or empty, aes256gcm://"},
    {"secrets.master_key", OptionType::Secret, "",
     "The key that secrets are sealed with; empty: each with a key of its own, kept beside it"},
    {"secrets.master_key_path", OptionType::Path, "", "File that holds the master key; comes before master_key"},
    {"secrets.additional_master_keys", OptionType::SecretList, "",
     "Former master keys; they open secrets but seal none"},
    {"secrets.additional_master_keys_path", OptionType::Path, "",
     "File with one former key a line; comes before additional_master_keys"},
};

inline constexpr OptionSpec kMfaOptions[] = {
    {"totp[]", OptionType::Integer, "1", "Kinds of one-time passwords that accounts can choose from", 0, 100},
    {"totp[].name", OptionType::String, "Default",
     "What accounts remember the kind by; do not change it when it is in use"},
    {"totp[].issuer", OptionType::String, "Slipway", "What authenticator apps show"},
    {"totp[].algo", OptionType::String, "sha1", "Digest; many apps know sha1 only", INT64_MIN, INT64_MAX,
     "sha1,sha256,sha512"},
};

inline constexpr OptionSpec kModulesOptions[] = {
    {"search_path", OptionType::StringList, "",
     "Folders with modules and their manifests, the first one first; empty: `modules` beside the program, then "
     "../lib/slipway/modules"},
    {"autoload", OptionType::Boolean, "false",
     "Whether modules whose manifest says so are loaded in addition to those of `load`"},
    {"blocking_threads", OptionType::Integer, "64", "Threads for work that waits for disks and networks, at most", 1,
     4096},
};
// Members of the section that are read elsewhere.
inline constexpr std::string_view kModulesElsewhere[] = {"load"};

// Each member of modules.load, by its instance's name, beside `options`.
inline constexpr OptionSpec kModuleInstanceOptions[] = {
    {"module", OptionType::String, "", "The module's name; empty: the instance's own name"},
    {"enabled", OptionType::Boolean, "true", "Whether it is loaded when the server starts"},
    {"optional", OptionType::Boolean, "false", "Whether the server starts without it when it fails"},
    {"sha256", OptionType::String, "", "The digest that the library must have, in hexadecimal digits; empty: any"},
    {"deny_services", OptionType::StringList, "", "Services of the host that it does not get; shell patterns"},
};

inline constexpr OptionSpec kLuaOptions[] = {
    {"scripts", OptionType::StringList, "",
     "Script files, relative to the configuration folder; * ? [] match several, which run in order of name"},
    {"instruction_limit", OptionType::Integer, "5000000", "Instructions of the Lua machine that one handler may take",
     1000, 1'000'000'000},
    {"memory_limit", OptionType::Bytes, "16M",
     "Memory of one Lua state; there are at most as many states as threads that run handlers", 256 * 1024,
     std::int64_t{1} << 30},
    {"time_limit", OptionType::Duration, "1s", "Time that one handler may take", 1, 60'000},
};

// Switches that exist as variables only: SLIPWAY_HOOK__DISABLE_DOT_ENTRIES=1 (or SFTPGO_HOOK__…).
inline constexpr OptionSpec kSwitches[] = {
    {"memory_pipes.enabled", OptionType::Boolean, "false",
     "Transfers of object stores go through memory, not through temporary files"},
    {"disable_dot_entries", OptionType::Boolean, "false", "SFTP listings leave out `.` and `..`"},
    {"auto_folders", OptionType::Boolean, "false", "Folders that a login hook names are created or updated"},
    {"s3_check_parent_dir", OptionType::Boolean, "false", "S3: uploads into directories that do not exist are refused"},
    {"gcs_check_parent_dir", OptionType::Boolean, "false", "Google Cloud Storage: the same"},
    {"azblob_check_parent_dir", OptionType::Boolean, "false", "Azure Blob: the same"},
    {"azblob.disable_checksum", OptionType::Boolean, "false", "Azure Blob: no CRC64 with uploads"},
    {"gcs_trusted_json_credentials", OptionType::Boolean, "false", "Google Cloud Storage: credentials of any type"},
    {"webclient_disable_preview", OptionType::Boolean, "false", "WebClient without preview"},
    {"webclient_disable_editor", OptionType::Boolean, "false", "WebClient without editor"},
    {"has_share_legal_agreement", OptionType::Boolean, "false", "Visitors of shares confirm an agreement"},
    {"share_legal_tmpl_path", OptionType::Path, "", "The agreement's text"},
    {"httpd_max_request_size", OptionType::Integer, "1",
     "MB of a request's body, of 1024 * 1024 bytes; files that are uploaded are not meant", 1, 64},
    {"httpd_max_restore_size", OptionType::Integer, "20", "MB of a dump that a request brings to be restored", 1, 512},
    {"httpd_max_edit_size", OptionType::Integer, "2", "MB of a file in the editor", 1, 10},
    {"extract_max_compression_ratio", OptionType::Integer, "60", "Archives to extract: compression ratio", 1, 100'000},
    {"extract_max_files", OptionType::Integer, "1000", "Archives to extract: files", 1, 100'000'000},
    {"extract_max_size", OptionType::Integer, "1024", "Archives to extract: MB altogether", 1, 100'000'000},
    {"password_expiration_email_subject", OptionType::String, "", "Subject of the e-mail about passwords that expire"},
    {"password_forgot_email_subject", OptionType::String, "", "Subject of the e-mail with the code for a new password"},
    {"share_code_email_subject", OptionType::String, "", "Subject of the e-mail with the code for a share"},
    {"oauth2_disable_pkce", OptionType::Boolean, "false", "Mail over OAuth2 without PKCE"},
    {"enable_oidc_ui", OptionType::Boolean, "false", "WebAdmin shows the settings of OpenID Connect"},
    {"enable_ldap_ui", OptionType::Boolean, "false", "WebAdmin shows the settings of LDAP"},
    {"enable_tls_ui", OptionType::Boolean, "false", "WebAdmin shows the settings of TLS"},
    {"auth_plugin_path", OptionType::String, "", "Accepted; the LDAP module needs no program"},
    {"legacy_admin_perms", OptionType::Boolean, "false",
     "Permissions of administrators as in older releases of SFTPGo: view_groups and manage_groups do not need "
     "view_folders"},
    {"event_report_max_results", OptionType::Integer, "10000", "Rows of an event report", 1, 10'000'000},
    {"sshd_uname_output", OptionType::String, "Linux slipway 1.0.0 #1 SMP Slipway x86_64 GNU/Linux",
     "What the SSH command uname answers"},
    {"enabled_action_commands", OptionType::StringList, "",
     "Programs that event rules may run, beside common.event_manager.enabled_commands"},
};

// The top-level sections that the core reads itself.
std::span<const std::string_view> core_sections();
// The members of such a section, for modules that read keys of their own in it; empty for other sections.
std::vector<std::string_view> core_members(std::string_view section);

// The switches of this environment.
OptionValues read_switches(const Configuration&, std::vector<Problem>& problems);

struct DocumentedSection {
  std::string_view name;
  std::string_view summary;
  std::span<const OptionSpec> table;
};
// What the reference documentation and the shipped file are made of.
std::span<const DocumentedSection> documented_core_sections();

// docs/configuration-reference.md, whole.
std::string reference_markdown();
// conf/slipway.json, whole: every key of the core with its default. Without modules.load, so that every shipped module
// is loaded.
std::string default_document();

}  // namespace slipway::config
