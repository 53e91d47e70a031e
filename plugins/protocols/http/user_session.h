// The session of a request of a user: opened for it, and gone with it.
#pragma once

#include <memory>

#include "exchange.h"

namespace slipway::httpd {

// Whether the user may log in here and now. Null: it has answered.
std::unique_ptr<Login> resume_login(Exchange& exchange);
// Whether files are uploaded.
enum class Access : std::uint8_t { Reads, Writes };
// Null: it has answered, or, on a thread that must not wait, handed the request over.
std::unique_ptr<Session> open_session(Exchange& exchange, Access access = Access::Reads);

// Of a session that cannot be opened.
Refusal refusal_of_session(const Error& error);

}  // namespace slipway::httpd
