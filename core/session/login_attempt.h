// One connection's way through the login chain.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/session/session_manager.h"

namespace slipway::session {

std::unique_ptr<LoginAttempt> make_login_attempt(SessionManager& manager,
                                                 std::shared_ptr<ConnectionRegistry::Connection> connection);

}  // namespace slipway::session
