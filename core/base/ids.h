// Identifiers: unguessable ones for keys and shares, short sortable ones for connections and temporary files.
#pragma once

#include <string>

namespace slipway {

// 22 characters: a random UUID v4 in base 57 (alphabet without 0, 1, I, O, l), as SFTPGo writes share and key ids.
std::string make_unique_id();

// 20 lower-case base32hex characters, sortable by time, unique in this process and very likely everywhere.
std::string make_sortable_id();

}  // namespace slipway
