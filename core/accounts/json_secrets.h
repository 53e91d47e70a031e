// Secrets inside JSON documents whose members this room does not know: options of actions, of modules, server settings.
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>

#include "core/base/json_text.h"
#include "core/crypto/secrets.h"
#include "slipway/result.h"

namespace slipway::accounts {

// An object whose "status" is that of a secret and whose other members are a secret's is one. Calls `visit` with the
// JSON pointer and the secret of each, depth first, and writes the secret back; stops at the first error.
Status visit_secrets(boost::json::value& document,
                     const std::function<Status(const std::string& pointer, crypto::Secret&)>& visit);
// The same for a JSON text, which is replaced when `visit` succeeded everywhere.
Status visit_secrets(JsonText& document,
                     const std::function<Status(const std::string& pointer, crypto::Secret&)>& visit);

// Takes the secrets out of a document: members that are one are removed.
void strip_secrets(boost::json::value& document);
// Leaves status, payload and mode of each.
void hide_secret_keys(boost::json::value& document);
// Every secret becomes its plain text, a JSON string; other members stay. The error is SecretKeeper::open's, with the
// pointer of the secret as subject.
Status open_secrets(boost::json::value& document, const crypto::SecretKeeper&);

// What an update means: a secret that is not Plain and stands in `stored` too is replaced by that one; one that is
// Redacted and does not stand there was never set, and becomes an empty object.
void keep_stored_secrets(JsonText& incoming, const JsonText& stored);

}  // namespace slipway::accounts
