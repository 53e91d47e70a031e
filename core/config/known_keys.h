// The sections and keys of SFTPGo's documented configuration, as data: so that a file which somebody brings along is
// not refused for a key that this server does not use.
#pragma once

#include <span>
#include <string_view>

namespace slipway::config {

// In alphabetical order.
std::span<const std::string_view> documented_sections();

// Whether `section` documents `key`, written as in option tables ("bindings[].port"), or an object or list that holds
// documented keys ("cors"), or a member below one whose members are free.
bool is_documented_key(std::string_view section, std::string_view key);

}  // namespace slipway::config
