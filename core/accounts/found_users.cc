#include "core/accounts/found_users.h"

#include <algorithm>
#include <boost/json.hpp>

#include "core/accounts/entity_json.h"
#include "core/accounts/validation/checks.h"
#include "core/base/json.h"
#include "core/crypto/passwords.h"
#include "slipway/base64.h"

namespace slipway::accounts {
namespace {

constexpr std::size_t kMaxDocument = 1024 * 1024;  // bytes

const Actor& nobody() {
  static const Actor actor{.kind = Actor::Kind::System, .name = "__system__"};
  return actor;
}

// The type and the key of an authorized_keys line, without its comment.
std::string key_line(std::string_view blob) {
  if (blob.size() < 4) return {};
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(blob[i]);
  if (length == 0 || length > blob.size() - 4) return {};
  return std::string(blob.substr(4, length)) + " " + base64_encode(blob);
}

}  // namespace

Result<std::string> FoundUsers::store(std::string_view document) {
  SLIPWAY_ASSIGN(const auto value, parse_json(document, {.max_bytes = kMaxDocument, .max_depth = kMaxEntityDepth}));
  if (!value.is_object()) return invalid("", "must be a JSON object");
  for (const char* member : {"username", "status", "permissions"})
    if (!value.get_object().contains(member))
      return invalid(std::string("/") + member, "is missing: the whole user is needed, not a part of it");
  SLIPWAY_ASSIGN(User user, from_json<User>(value, Unknown::Keep));
  user.username = rooms_.convert_name(user.username);
  const std::string name = user.username;
  SLIPWAY_TRY(keep_known_password(user));
  SLIPWAY_TRY(write(std::move(user)));
  return name;
}

// A plain password that is the stored one already keeps its hash: hooks send the same with every login.
Status FoundUsers::keep_known_password(User& user) {
  if (user.password.empty() || crypto::is_password_hash(user.password)) return ok();
  const auto settings = rooms_.validation_settings();
  const auto old = rooms_.store.user(user.username);
  if (old && crypto::verify_password(old->password, user.password)) {
    user.password = old->password;
    return ok();
  }
  // Made here, because the rules for new passwords are not for those that are kept elsewhere.
  SLIPWAY_ASSIGN(user.password, crypto::hash_password(user.password, settings->hashing));
  return ok();
}

Status FoundUsers::write(User user) {
  const SaveOptions quiet{.quiet = true};
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto updated = users_.update(user, nobody(), quiet);
    if (updated) return ok();
    if (updated.code() != Errc::NotFound) return updated.error();
    const auto added = users_.add(user, nobody(), quiet);
    if (added) return ok();
    if (added.code() != Errc::Exists) return added.error();  // somebody else was faster: once more
  }
  return Error(Errc::Conflict, user.username, "somebody else changes this user, try again", true);
}

Status FoundUsers::keep_password(std::string_view username, std::string_view password) {
  SLIPWAY_ASSIGN(const auto user, rooms_.store.user(rooms_.convert_name(username)));
  if (crypto::verify_password(user.password, password)) return ok();
  const auto settings = rooms_.validation_settings();
  SLIPWAY_ASSIGN(const auto hash, crypto::hash_password(password, settings->hashing));
  const Status replaced = rooms_.store.replace_user_password(user.username, user.password, hash, now_ms());
  if (replaced.code() == Errc::Conflict) return ok();  // a login at the same time had the same to say
  return replaced;
}

Status FoundUsers::keep_key(std::string_view username, std::string_view blob) {
  const std::string line = key_line(blob);
  if (line.empty()) return invalid("public key", "is malformed");
  SLIPWAY_ASSIGN(User user, rooms_.store.user(rooms_.convert_name(username)));
  const bool known = std::ranges::any_of(user.public_keys, [&](const std::string& own) {
    return own.starts_with(line) && (own.size() == line.size() || own[line.size()] == ' ');
  });
  if (known) return ok();
  user.public_keys.push_back(line);
  return write(std::move(user));
}

}  // namespace slipway::accounts
