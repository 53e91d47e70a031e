// Schemas of what event actions and rules are set to. Members of other names are kept as they are.
#include "core/management/schema_words.h"

namespace slipway::management {
namespace {

constexpr MemberWords kOptions[] = {
    {"http_config", "any", "of type 1: the request"},
    {"cmd_config", "any", "of type 2: the command"},
    {"email_config", "any", "of type 3: the message"},
    {"retention_config", "any", "of type 8: how long files stay"},
    {"fs_config", "any", "of type 9: what is done with files"},
    {"pwd_expiration_config", "any", "of type 11: how many days before"},
    {"idp_config", "any", "of type 13: templates of accounts"},
    {"user_inactivity_config", "any", "of type 14: after how many days"},
    {"imap_config", "any", "of type 16: the mailbox"},
    {"icap_config", "any", "of type 17: the scanner"},
    {"share_expiration_config", "any", "of type 18: how many days before"},
    {"event_report_config", "any", "of type 19: what is reported"},
};
constexpr MemberWords kConditions[] = {
    {"fs_events", "string[]",
     "what happens to files: upload, download, delete, rename, mkdir, rmdir, copy, ssh_cmd, "
     "pre-upload, pre-download, pre-delete, first-upload, first-download"},
    {"provider_events", "string[]", "what happens to accounts: add, update, delete"},
    {"schedules", "any[]", "times: minute, hour, day_of_week, day_of_month and month, as in cron"},
    {"idp_login_event", "integer", "who logs in by an identity provider: 0 anybody, 1 users, 2 administrators"},
    {"options", "any", "names, paths, protocols and sizes that the event must fit"},
};

constexpr SchemaWords kWords[] = {
    {"BaseEventActionOptions", "Settings of an action, by its type.", kOptions},
    {"EventConditions", "When the actions of a rule run.", kConditions},
};

}  // namespace

std::span<const SchemaWords> event_words() { return kWords; }

}  // namespace slipway::management
