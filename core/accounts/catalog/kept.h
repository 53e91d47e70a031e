// What an update through the API leaves as it is stored: secrets that were not sent anew, members nobody here knows.
#pragma once

#include "core/accounts/filesystem_config.h"

namespace slipway::accounts {

// An incoming secret that is neither Plain nor empty becomes the stored one. "[**redacted**]" as plain text is what
// older forms send for the same. Redacted where nothing is stored: there is none, as before (clients that do not know
// what is stored send it for every secret that they leave alone).
void keep_stored(crypto::Secret& incoming, const crypto::Secret& stored);
void keep_stored(FilesystemConfig& incoming, const FilesystemConfig& stored);
// The API ignores members it does not know, so that what a dump brought stays.
inline void keep_stored(JsonText& incoming_extra, const JsonText& stored_extra) {
  if (incoming_extra.empty()) incoming_extra = stored_extra;
}

}  // namespace slipway::accounts
