// A visitor's way through a share: what the share, its owner's account and the rules for sharing say.
#pragma once

#include <memory>

#include "core/session/session_manager.h"
#include "slipway/share.h"

namespace slipway::session {

// The contracts are ShareDoor's.
Result<std::unique_ptr<ShareVisit>> visit_share(SessionManager& manager, const OpContext& context,
                                                std::shared_ptr<ConnectionRegistry::Connection> connection,
                                                const ShareRequest& request);
// ShareDoor::visit_at_once.
std::unique_ptr<ShareVisit> visit_share_at_once(SessionManager& manager,
                                                const std::shared_ptr<ConnectionRegistry::Connection>& connection,
                                                const ShareRequest& request);
Status request_share_code(SessionManager& manager, const OpContext& context,
                          const ConnectionRegistry::Connection& connection, const ShareRequest& request,
                          std::string_view email);
Result<ShareVisitor> prove_share_visitor(SessionManager& manager, const OpContext& context,
                                         const ConnectionRegistry::Connection& connection, const ShareRequest& request,
                                         std::string_view email, std::string_view code);

}  // namespace slipway::session
