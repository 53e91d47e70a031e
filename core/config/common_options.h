// The section `common`: what holds for every protocol.
#pragma once

#include "slipway/option.h"

namespace slipway::config {

inline constexpr char kFileEvents[] =
    "download,first-download,pre-download,upload,first-upload,pre-upload,delete,pre-delete,rename,mkdir,rmdir,copy,ssh_"
    "cmd";

inline constexpr OptionSpec kCommonOptions[] = {
    {"idle_timeout", OptionType::Integer, "15",
     "Minutes after which a client that does nothing is disconnected; 0: never", 0, 525'600},
    {"upload_mode", OptionType::Integer, "0",
     "Flags: 0 write to the file itself, 1 write to a temporary file and rename it, 2 as 1 and an interrupted upload "
     "can be resumed",
     0, 31},
    {"setstat_mode", OptionType::Integer, "0",
     "Changes of mode, owner and times: 0 are made, 1 are ignored, 2 are ignored where the storage cannot make them", 0,
     2},
    {"rename_mode", OptionType::Integer, "0",
     "1: directories that are not empty can be renamed on object stores, by copying", 0, 1},
    {"symlink_mode", OptionType::Integer, "0",
     "Flags: who may create symbolic links, 1 local and encrypted storage, 2 SFTP storage", 0, 3},
    {"secret_min_entropy", OptionType::Number, "80",
     "Bits of entropy that pass phrases and customer keys of storages must have; 0: any", 0, 1024},
    {"temp_path", OptionType::Path, "",
     "Folder for the temporary files of uploads, on the file system of the homes; empty: beside the target"},
    {"startup_hook", OptionType::String, "", "Program to run, or URL to get, when the server starts"},
    {"post_connect_hook", OptionType::String, "", "Program or URL asked about each new connection; it may refuse it"},
    {"post_disconnect_hook", OptionType::String, "", "Program or URL told when an SSH or FTP connection ends"},
    {"max_total_connections", OptionType::Integer, "0", "Connections of all clients at a time; 0: no limit", 0,
     1'000'000},
    {"max_per_host_connections", OptionType::Integer, "20", "Connections of one address at a time; 0: no limit", 0,
     1'000'000},
    {"max_total_transfers", OptionType::Integer, "0", "Transfers of all clients at a time; 0: no limit", 0, 1'000'000},
    {"max_per_host_transfers", OptionType::Integer, "20", "Transfers of one address at a time; 0: no limit", 0,
     1'000'000},
    {"umask", OptionType::String, "",
     "Octal permission bits that files made by the server never have; empty: as the system says"},
    {"tz", OptionType::String, "", "Time zone of schedules and access hours: local, or empty for UTC", INT64_MIN,
     INT64_MAX, "local"},
    {"actions.execute_on", OptionType::StringList, "", "File events that run the hook", INT64_MIN, INT64_MAX,
     kFileEvents},
    {"actions.execute_sync", OptionType::StringList, "",
     "Those of execute_on that the operation waits for; pre-* events always do", INT64_MIN, INT64_MAX, kFileEvents},
    {"actions.hook", OptionType::String, "", "Absolute path of a program, or URL that events are posted to"},
    {"defender.enabled", OptionType::Boolean, "false", "Whether logins are slowed down as login_delay says"},
    {"defender.login_delay.success", OptionType::Integer, "0", "Milliseconds before a login is granted", 0, 60'000},
    {"defender.login_delay.password_failed", OptionType::Integer, "1000",
     "Milliseconds before a wrong password is refused", 0, 60'000},
    {"event_manager.enabled_commands", OptionType::StringList, "",
     "Absolute paths of the programs that event rules may run; empty: none"},
};

}  // namespace slipway::config
