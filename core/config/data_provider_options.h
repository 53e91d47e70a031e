// The section `data_provider`: where accounts are kept, and the rules for names and passwords.
#pragma once

#include "slipway/option.h"

namespace slipway::config {

inline constexpr char kProviderEvents[] = "add,update,delete";
inline constexpr char kProviderObjects[] =
    "user,folder,group,admin,api_key,share,event_action,event_rule,role,ip_list_entry,configs";

inline constexpr OptionSpec kDataProviderOptions[] = {
    {"driver", OptionType::String, "sqlite", "Database", INT64_MIN, INT64_MAX, "sqlite"},
    {"name", OptionType::Path, "slipway.db", "The database's file"},
    {"connection_string", OptionType::String, "",
     "An SQLite URI instead of name; the file then keeps its own journal mode"},
    {"pool_size", OptionType::Integer, "0", "Connections to the database at a time; 0: the server decides", 0, 1000},
    {"sql_tables_prefix", OptionType::String, "", "Prefix of the names of all tables"},
    {"is_shared", OptionType::Integer, "0",
     "1: several servers use the database: it keeps the codes that were sent by mail and the tokens that were logged "
     "out",
     0, 1},
    {"track_quota", OptionType::Integer, "2",
     "Used quota: 0 is not counted, 1 is counted for all, 2 for users with limits and for folders", 0, 2},
    {"users_base_dir", OptionType::Path, "", "Users without a home directory get the folder of their name in this one"},
    {"actions.execute_on", OptionType::StringList, "", "Changes of accounts that run the hook", INT64_MIN, INT64_MAX,
     kProviderEvents},
    {"actions.execute_for", OptionType::StringList, "", "Kinds of objects whose changes run the hook", INT64_MIN,
     INT64_MAX, kProviderObjects},
    {"actions.hook", OptionType::String, "", "Absolute path of a program, or URL that changed objects are posted to"},
    {"external_auth_hook", OptionType::String, "",
     "Absolute path of a program, or URL, that says whether a credential is right and who the user is"},
    {"external_auth_scope", OptionType::Integer, "0",
     "Flags: what it is asked about, 1 passwords, 2 public keys, 4 keyboard-interactive, 8 TLS certificates; 0 all", 0,
     15},
    {"pre_login_hook", OptionType::String, "",
     "Absolute path of a program, or URL, that may make or change a user before the credential is checked"},
    {"post_login_hook", OptionType::String, "", "Absolute path of a program, or URL, that is told of logins"},
    {"post_login_scope", OptionType::Integer, "0", "Of which logins: 0 all, 1 failed ones, 2 successful ones", 0, 2},
    {"check_password_hook", OptionType::String, "",
     "Absolute path of a program, or URL, that checks passwords, or takes passcodes off them"},
    {"check_password_scope", OptionType::Integer, "0", "Flags: for which protocols, 1 SSH, 2 FTP, 4 WebDAV; 0 all", 0,
     7},
    {"password_hashing.algo", OptionType::String, "bcrypt", "How new passwords are stored", INT64_MIN, INT64_MAX,
     "bcrypt,argon2id,pbkdf2-sha256"},
    {"password_hashing.bcrypt_options.cost", OptionType::Integer, "10", "Logarithm of the number of rounds", 4, 17},
    {"password_hashing.argon2_options.memory", OptionType::Integer, "65536", "KiB of memory", 8, 524'288},
    {"password_hashing.argon2_options.iterations", OptionType::Integer, "1", "Passes over the memory", 1, 1000},
    {"password_hashing.argon2_options.parallelism", OptionType::Integer, "2", "Lanes", 1, 64},
    {"password_hashing.pbkdf2_options.iterations", OptionType::Integer, "600000", "Rounds", 1000, 10'000'000},
    {"password_hashing.pbkdf2_options.salt_length", OptionType::Integer, "16", "Bytes of salt", 16, 64},
    {"password_validation.admins.min_entropy", OptionType::Number, "0",
     "Bits of entropy that administrators' passwords must have; 0: any", 0, 1024},
    {"password_validation.admins.length", OptionType::Integer, "0", "Characters at least", 0, 1024},
    {"password_validation.admins.uppers", OptionType::Integer, "0", "Upper-case letters at least", 0, 1024},
    {"password_validation.admins.lowers", OptionType::Integer, "0", "Lower-case letters at least", 0, 1024},
    {"password_validation.admins.digits", OptionType::Integer, "0", "Digits at least", 0, 1024},
    {"password_validation.admins.specials", OptionType::Integer, "0", "Other characters at least", 0, 1024},
    {"password_validation.users.min_entropy", OptionType::Number, "0",
     "Bits of entropy that users' passwords must have; 0: any; a user or group may say otherwise", 0, 1024},
    {"password_validation.users.length", OptionType::Integer, "0", "Characters at least", 0, 1024},
    {"password_validation.users.uppers", OptionType::Integer, "0", "Upper-case letters at least", 0, 1024},
    {"password_validation.users.lowers", OptionType::Integer, "0", "Lower-case letters at least", 0, 1024},
    {"password_validation.users.digits", OptionType::Integer, "0", "Digits at least", 0, 1024},
    {"password_validation.users.specials", OptionType::Integer, "0", "Other characters at least", 0, 1024},
    {"password_caching", OptionType::Boolean, "true",
     "Whether passwords that were verified are remembered in memory, as a keyed digest"},
    {"update_mode", OptionType::Integer, "0",
     "The database's structure is made and updated: 0 at every start, 1 by initprovider only", 0, 1},
    {"create_default_admin", OptionType::Boolean, "false",
     "Makes a first administrator from the variables SLIPWAY_DEFAULT_ADMIN_USERNAME and "
     "SLIPWAY_DEFAULT_ADMIN_PASSWORD"},
    {"naming_rules", OptionType::Integer, "5",
     "Flags for the names of users, folders, groups...: 1 any UTF-8 text, 2 made lower case, 4 blanks around them "
     "removed",
     0, 7},
    {"backups_path", OptionType::Path, "backups", "Folder of dumps"},
};

}  // namespace slipway::config
