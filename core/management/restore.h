// Loading a dump, for the operation and for the start of the server.
#pragma once

#include <string_view>

#include "core/accounts/backup.h"

namespace slipway::management {

inline constexpr std::size_t kMaxRestore = 512u << 20;  // bytes; about 100,000 users with all their filters

// Parses and stores `text`, of at most kMaxRestore; members that this server does not know are logged as warnings and
// kept.
Status restore(accounts::Accounts& accounts, std::string_view text, const accounts::LoadOptions& options,
               accounts::LoadReport& report);

}  // namespace slipway::management
