#include "user_session.h"

namespace slipway::httpd {

Refusal refusal_of_session(const Error& error) {
  switch (error.code()) {
    case Errc::PermissionDenied:
      return {429, error.cause(), "Unable to add connection"};
    case Errc::Unavailable:
      return {503, error.cause(), ""};
    default:
      return {500, "", "Unable to retrieve your user"};  // the log says why
  }
}

std::unique_ptr<Login> resume_login(Exchange& x) {
  auto login = x.visit.admitted->resume(x.context(), x.caller.user->name);
  if (!login) {
    switch (login.code()) {
      case Errc::AuthFailed:
        x.refuse({404, "Not Found", "Unable to retrieve your user"});
        break;
      case Errc::PermissionDenied:
        x.refuse({403, login.error().cause(), "Forbidden"});
        break;
      default:
        x.refuse({500, "", "Unable to retrieve your user"});
    }
    return nullptr;
  }
  return *std::move(login);
}

std::unique_ptr<Session> open_session(Exchange& x, Access access) {
  if (!x.request.may_block()) {
    auto session = x.visit.admitted->open_at_once(x.caller.user->name, "HTTP", access == Access::Writes);
    if (!session) x.response.hand_over();
    if (session) session->set_command(x.request.method());
    return session;
  }
  const auto login = resume_login(x);
  if (!login) return nullptr;
  auto session = login->open("HTTP", x.visit.connection.connection_id);
  if (!session) {
    x.refuse(refusal_of_session(session.error()));
    return nullptr;
  }
  (*session)->set_command(x.request.method());
  return *std::move(session);
}

}  // namespace slipway::httpd
