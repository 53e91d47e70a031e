// Schemas of what event actions and rules are set to. Members of other names are kept as they are.
#include "core/management/schema_words.h"

namespace slipway::management {
namespace {

constexpr MemberWords kOptions[] = {
    {"http_config", "any",
     "of type 1, a request: endpoint, method, username, password, headers, query_parameters, body, parts, timeout in "
     "seconds, skip_tls_verify"},
    {"cmd_config", "any", "of type 2, a command: cmd, args, env_vars, timeout in seconds"},
    {"email_config", "any",
     "of type 3, a message: recipients, bcc, subject, body, content_type (0 plain text, 1 HTML), attachments, "
     "attach_event_report"},
    {"retention_config", "any",
     "of type 8, how long files stay: folders (each with path, retention in hours and delete_empty_dirs), "
     "archive_folder, archive_path, split_reports"},
    {"fs_config", "any",
     "of type 9, what is done with files: type (1 rename, 2 delete, 3 make directories, 4 check that paths exist, 5 "
     "compress, 6 copy, 7 PGP, 8 check of metadata, 9 extract), and what belongs to it: renames, deletes, mkdirs, "
     "exist, "
     "compress, copy, pgp, metadata_check, decompress; continue_on_error, folder, target_folder"},
    {"pwd_expiration_config", "any", "of type 11: threshold, in days"},
    {"idp_config", "any", "of type 13, accounts of whoever logs in: mode, template_user, template_admin"},
    {"user_inactivity_config", "any", "of type 14: disable_threshold and delete_threshold, in days"},
    {"imap_config", "any",
     "of type 16, a mailbox: endpoint, username, password, auth_type, oauth2, mailbox, path, post_process_action, "
     "target_folder"},
    {"icap_config", "any",
     "of type 17, a scanner: endpoint, timeout, skip_tls_verify, paths, method, headers, block_action, adapt_action, "
     "failure_policy, quarantine_folder, quarantine_path"},
    {"share_expiration_config", "any",
     "of type 18: advance_notice, grace_period and inactivity_threshold, in days; split_events"},
    {"event_report_config", "any", "of type 19: time_window, fs_actions, statuses, split_reports"},
};
constexpr MemberWords kConditions[] = {
    {"fs_events", "string[]",
     "with trigger 1, what happens to files: upload, download, delete, rename, mkdir, rmdir, copy, ssh_cmd, "
     "pre-upload, "
     "pre-download, pre-delete, first-upload, first-download"},
    {"provider_events", "string[]", "with trigger 2, what happens to accounts: add, update, delete"},
    {"schedules", "any[]", "with trigger 3, times as in cron: minute, hour, day_of_week, day_of_month, month"},
    {"idp_login_event", "integer", "with trigger 7, who logs in: 0 anybody, 1 users, 2 administrators"},
    {"options", "any",
     "what else must fit: names, group_names, role_names and fs_paths (each with pattern and inverse_match), "
     "protocols, "
     "provider_objects, min_size, max_size, event_statuses; concurrent_execution"},
};

constexpr SchemaWords kWords[] = {
    {"BaseEventActionOptions", "Settings of an action, by its type.", kOptions},
    {"EventConditions", "When the actions of a rule run.", kConditions},
};

}  // namespace

std::span<const SchemaWords> event_words() { return kWords; }

}  // namespace slipway::management
