// An authenticated user, and the sessions opened from it.
#pragma once

#include <memory>

#include "core/session/session_manager.h"

namespace slipway::session {

std::unique_ptr<Login> make_login(SessionManager& manager, std::shared_ptr<ConnectionRegistry::Connection> connection,
                                  std::shared_ptr<const accounts::EffectiveUser> user);

}  // namespace slipway::session
