// What a hook is told: the JSON body, the query and the environment of SFTPGo's hook contract.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "slipway/event.h"

namespace slipway::events {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// `bytes` with every byte that is not part of well-formed UTF-8 replaced by U+FFFD: names are bytes, JSON is text.
std::string utf8_or_replacement(std::string_view bytes);

// The body of a file hook: one JSON object and a line feed. The keys action, username, path, virtual_path, fs_provider,
// status, protocol, ip, session_id and timestamp (nanoseconds) are always there, the others when they are not empty or
// 0.
std::string file_hook_body(const Event& event);
// SFTPGO_ACTION and SFTPGO_ACTION_*: all of them, empty or "0" where nothing is to be said; _METADATA only if there is
// any.
Pairs file_hook_environment(const Event& event);

// The query of an account hook: action, username, ip, object_type, object_name, timestamp (nanoseconds), role if any.
// Its body is Event::object_json.
Pairs provider_hook_query(const Event& event);
// SFTPGO_PROVIDER_*; the timestamp is in milliseconds here.
Pairs provider_hook_environment(const Event& event);

}  // namespace slipway::events
