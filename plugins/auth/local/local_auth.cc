#include "local_auth.h"

#include <algorithm>

#include "authorized_key.h"

namespace slipway::auth_local {
namespace {

AuthVerdict answer(AuthVerdict::Answer a) {
  AuthVerdict verdict;
  verdict.answer = a;
  return verdict;
}

}  // namespace

Result<AuthVerdict> LocalAuth::authenticate(const AuthRequest& request) {
  if (const auto* password = std::get_if<PasswordCredential>(&request.credential))
    return check_password(request.user, password->password);
  if (const auto* key = std::get_if<PublicKeyCredential>(&request.credential)) return check_key(request.user, *key);
  // No questions of its own: the host asks for the password, and comes back with it.
  return answer(AuthVerdict::Answer::Unknown);
}

Result<AuthVerdict> LocalAuth::check_password(std::string_view user, std::string_view password) {
  // verify_password is asked first and always: it costs the same whether or not the user exists.
  SLIPWAY_ASSIGN(const bool right, accounts_.verify_password(user, password));
  if (right) return answer(AuthVerdict::Answer::Accepted);
  const auto known = accounts_.credentials(user);
  if (known) return answer(AuthVerdict::Answer::Refused);
  if (known.code() == Errc::NotFound) return answer(AuthVerdict::Answer::Unknown);
  return known.error();
}

Result<AuthVerdict> LocalAuth::check_key(std::string_view user, const PublicKeyCredential& key) {
  auto known = accounts_.credentials(user);
  if (known.code() == Errc::NotFound) return answer(AuthVerdict::Answer::Unknown);
  if (!known) return known.error();
  // The certificate was verified by the protocol, and names this user: only the account must exist.
  if (key.certificate) return answer(AuthVerdict::Answer::Accepted);
  const bool held =
      std::ranges::any_of(known->public_keys, [&](const std::string& line) { return line_holds_key(line, key.blob); });
  return answer(held ? AuthVerdict::Answer::Accepted : AuthVerdict::Answer::Refused);
}

}  // namespace slipway::auth_local
