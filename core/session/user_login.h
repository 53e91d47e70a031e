// An authenticated user, and the sessions opened from it.
#pragma once

#include <functional>
#include <memory>

#include "core/session/session_manager.h"

namespace slipway::session {

std::unique_ptr<Login> make_login(SessionManager& manager, std::shared_ptr<ConnectionRegistry::Connection> connection,
                                  std::shared_ptr<const accounts::EffectiveUser> user);

struct SessionOptions {
  std::string protocol, connection_id;
  std::string external_user = {};  // who acts with the account, where that is somebody else: a visitor's mail address
  std::size_t max_sessions = 0;    // of the user; 0: none
  VPath start;
  // What of the user's tree the session sees; null: all of it.
  std::function<std::unique_ptr<Filesystem>(std::unique_ptr<Filesystem>)> confine = nullptr;
};

// The options of Login::open.
SessionOptions login_options(const accounts::User& account, std::string_view protocol, std::string_view connection_id);

// What Login::open does.
Result<std::unique_ptr<Session>> open_session(SessionManager& manager,
                                              const std::shared_ptr<ConnectionRegistry::Connection>& connection,
                                              const std::shared_ptr<const accounts::EffectiveUser>& user,
                                              SessionOptions options);
// The same without waiting: null when it might wait, or fail.
std::unique_ptr<Session> open_session_at_once(SessionManager& manager,
                                              const std::shared_ptr<ConnectionRegistry::Connection>& connection,
                                              const std::shared_ptr<const accounts::EffectiveUser>& user,
                                              SessionOptions options);

}  // namespace slipway::session
