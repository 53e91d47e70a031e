#include "visitor_session.h"

#include <algorithm>

#include "guard.h"

namespace slipway::httpd {
namespace {

constexpr const char* kKnewPassword = "password";

// Who the token of the request was given to, for this very share. Another token, and one that is no longer good, says
// nothing; the share may be open to anybody.
std::optional<ShareVisitor> visitor_of(const Exchange& x, std::string_view share) {
  const auto token = x.request.bearer_token();
  if (!token) return std::nullopt;
  auto claims = x.site->tokens->check(*token, TokenUse::Share, x.visit.connection.remote.address,
                                      std::chrono::system_clock::now());
  if (!claims || claims->username != share) return std::nullopt;
  const auto& permissions = claims->permissions;
  const bool knew_password = std::find(permissions.begin(), permissions.end(), kKnewPassword) != permissions.end();
  return ShareVisitor{std::move(claims->subject), knew_password};
}

}  // namespace

Claims claims_of(std::string_view share, const ShareVisitor& visitor) {
  Claims claims;
  claims.username = share;
  claims.subject = visitor.email;
  if (visitor.knew_password) claims.permissions = {kKnewPassword};
  return claims;
}

void refuse_visit(Exchange& x, const Error& error) {
  switch (error.code()) {
    case Errc::AuthFailed:
      if (error.subject() == "share") return challenge(x.response, error.cause(), "");
      x.response.set_header("WWW-Authenticate", "Bearer realm=\"Slipway\"");
      return x.refuse({401, error.cause(), ""});
    case Errc::NotFound:
      return x.refuse({404, "Not Found", ""});
    case Errc::PermissionDenied:
      return x.refuse({403, error.cause(), ""});
    default:
      return x.refuse(refusal_of(error));
  }
}

ShareDoor* share_door(Exchange& x) {
  auto* door = static_cast<ShareDoor*>(x.visit.admitted->query(ShareDoor::kInterfaceId));
  if (door == nullptr) x.refuse({501, "this server has no shares", ""});
  return door;
}

std::unique_ptr<ShareVisit> visit_share(Exchange& x, ShareRequest request) {
  ShareDoor* const door = share_door(x);
  if (door == nullptr) return nullptr;
  const auto credentials = x.request.basic_credentials();
  if (credentials) request.password = credentials->second;
  request.visitor = visitor_of(x, request.id);
  if (!x.request.may_block()) {
    auto visit = door->visit_at_once(request);
    if (!visit) x.response.hand_over();
    return visit;
  }
  auto visit = door->visit(x.context(), request);
  if (!visit) {
    refuse_visit(x, visit.error());
    return nullptr;
  }
  return *std::move(visit);
}

std::optional<Visitor> open_share(Exchange& x, const ShareRequest& request) {
  auto found = visit_share(x, request);
  if (!found) return std::nullopt;
  const std::string id = "HTTPShare_" + x.visit.connection.connection_id.substr(5);
  if (!x.request.may_block()) {
    auto session = found->open_at_once(id);
    if (!session) return x.response.hand_over(), std::nullopt;
    session->set_command(x.request.method());
    return Visitor{std::move(found), std::move(session)};
  }
  auto session = found->open(id);
  if (!session) {
    x.refuse(session.code() == Errc::Unavailable ? Refusal{503, session.error().cause(), ""}
                                                 : Refusal{429, session.error().cause(), "Unable to add connection"});
    return std::nullopt;
  }
  (*session)->set_command(x.request.method());
  return Visitor{std::move(found), *std::move(session)};
}

bool take(Exchange& x, ShareUse& use) {
  if (auto taken = use.take(); !taken) {
    x.refuse({404, "Not Found", ""});  // somebody else had the last one
    return false;
  }
  return true;
}

bool is_one_directory(Exchange& x, const Visitor& visitor) {
  const auto& paths = visitor.visit->paths();
  if (paths.size() == 1) {
    const auto info = visitor.session->fs().stat(visitor.session->context(), paths.front(), Follow::Yes);
    if (info && info->is_directory()) return true;
    if (!info && info.code() != Errc::NotFound && info.code() != Errc::PermissionDenied) {
      x.refuse(refusal_of_file(info.error()));
      return false;
    }
    // Who may only write cannot see what it is; the storage will tell.
    if (!info && info.code() == Errc::PermissionDenied) return true;
  }
  x.refuse({400, "Validation error: the share must be a single directory", ""});
  return false;
}

std::optional<VPath> path_in_share(Exchange& x, const Visitor& visitor, std::string_view text) {
  const VPath& root = visitor.visit->paths().front();
  // "." and ".." are solved above the visitor's own root, so that they cannot climb out of it.
  auto path = x.site->services.paths.resolve(VPath(), text);
  if (!path) {
    x.refuse(refusal_of_path(path.error()));
    return std::nullopt;
  }
  if (path->is_root()) return root;
  return VPath(root.is_root() ? path->str() : root.str() + path->str());
}

}  // namespace slipway::httpd
