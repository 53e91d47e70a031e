#include "core/accounts/credentials.h"

#include <algorithm>

#include "core/accounts/entity_json.h"
#include "core/accounts/validation/checks.h"
#include "core/accounts/validation/keys.h"
#include "core/base/text.h"
#include "core/log/log.h"

namespace slipway::accounts {

namespace {

Error wrong_key() { return {Errc::AuthFailed, "API key", "the key is wrong or has expired"}; }

void log_rehash(const Status& replaced, std::string_view subject) {
  // Somebody else was faster, with the same intent or a new password.
  if (replaced || replaced.code() == Errc::Conflict) return;
  log::warn("dataprovider", "unable to replace an old password hash",
            {{"subject", subject}, {"error", replaced.error().message()}});
}

}  // namespace

void Credentials::set_caching(bool on) {
  caching_ = on;
  if (!on) verified_.clear();
}

Credentials::Check Credentials::check(std::string_view subject, const std::string& hash, std::string_view password,
                                      const crypto::HashSettings& settings) {
  if (hash.empty()) {
    crypto::burn_verification(password, settings);
    return Check::Wrong;
  }
  const bool old = crypto::needs_upgrade(hash, settings);
  if (caching_ && verified_.contains(subject, hash, password)) return old ? Check::RightAndOld : Check::Right;
  if (!crypto::verify_password(hash, password)) {
    // Fast formats must not tell that the account exists.
    if (old) crypto::burn_verification(password, settings);
    return Check::Wrong;
  }
  if (old) return Check::RightAndOld;
  if (caching_) verified_.add(subject, hash, password);
  return Check::Right;
}

std::string Credentials::rehash(std::string_view password, const crypto::HashSettings& settings) const {
  auto hash = crypto::hash_password(password, settings);
  return hash ? *std::move(hash) : std::string();
}

Result<AccountService::Credentials> Credentials::of_user(std::string_view username) {
  SLIPWAY_ASSIGN(const auto user, rooms_.effective_users.get(rooms_.convert_name(username)));
  AccountService::Credentials credentials;
  credentials.password_hash = user->user.password;
  for (const auto& line : user->user.public_keys) {
    if (auto key = parse_authorized_key(line)) credentials.public_keys.push_back(*std::move(key));
  }
  return credentials;
}

Result<bool> Credentials::verify_user(std::string_view username, std::string_view password) {
  const auto name = rooms_.convert_name(username);
  const auto settings = rooms_.validation_settings();
  const auto user = rooms_.effective_users.get(name);
  if (!user) {
    if (user.code() != Errc::NotFound) return user.error();
    crypto::burn_verification(password, settings->hashing);
    return false;
  }
  const auto& account = (*user)->user;
  if (account.filters.is_anonymous) return true;
  const auto result = check("user/" + name, account.password, password, settings->hashing);
  if (result == Check::RightAndOld) {
    if (const auto hash = rehash(password, settings->hashing); !hash.empty()) {
      log_rehash(rooms_.store.replace_user_password(name, account.password, hash, now_ms()), name);
      if (caching_) verified_.add("user/" + name, hash, password);
    }
  }
  return result != Check::Wrong;
}

Result<bool> Credentials::verify_admin(std::string_view username, std::string_view password) {
  const auto name = rooms_.convert_name(username);
  const auto settings = rooms_.validation_settings();
  const auto admin = rooms_.store.admin(name);
  if (!admin && admin.code() != Errc::NotFound) return admin.error();
  const bool possible = admin.ok() && !admin->filters.disable_password_auth;
  const auto hash = possible ? admin->password : std::string();
  const auto result = check("admin/" + name, hash, password, settings->hashing);
  if (result == Check::RightAndOld) {
    if (const auto renewed = rehash(password, settings->hashing); !renewed.empty()) {
      log_rehash(rooms_.store.replace_admin_password(name, hash, renewed, now_ms()), name);
      if (caching_) verified_.add("admin/" + name, renewed, password);
    }
  }
  return result != Check::Wrong;
}

bool Credentials::verify_share(const Share& share, std::string_view password) {
  const auto settings = rooms_.validation_settings();
  const auto subject = "share/" + share.id;
  const auto result = check(subject, is_native_hash(share.password) ? share.password : "", password, settings->hashing);
  if (result == Check::RightAndOld) {
    if (const auto renewed = rehash(password, settings->hashing); !renewed.empty()) {
      log_rehash(rooms_.store.replace_share_password(share.id, share.password, renewed), share.id);
      if (caching_) verified_.add(subject, renewed, password);
    }
  }
  return result != Check::Wrong;
}

Result<ApiKey> Credentials::verify_api_key(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos || dot == 0) {
    return Error(Errc::InvalidArgument, "API key", "must be written <id>.<key>");
  }
  const auto id = text.substr(0, dot);
  const auto rest = text.substr(dot + 1);
  const auto secret = rest.substr(0, rest.find('.'));  // a user name may follow
  SLIPWAY_ASSIGN(auto key, rooms_.store.api_key(id));
  const auto subject = "key/" + key.id;
  if (!caching_ || !verified_.contains(subject, key.key, secret)) {
    if (!crypto::verify_password(key.key, secret)) return wrong_key();
    if (caching_) verified_.add(subject, key.key, secret);
  }
  if (key.expires_at > 0 && key.expires_at < now_ms()) return wrong_key();
  return key;
}

Status Credentials::change_user(std::string_view username, std::string_view password, const Actor& actor) {
  const auto settings = rooms_.validation_settings();
  const auto name = rooms_.convert_name(username);
  SLIPWAY_ASSIGN(const auto effective, rooms_.effective_users.get(name));
  const auto& filters = effective->user.filters;
  const PasswordRules own{static_cast<double>(filters.password_strength), filters.password_policy};
  if (trim(password).empty()) return invalid("/password", "is required");
  SLIPWAY_TRY(check_password(password, combine_rules(own, {}, settings->user_passwords), "/password"));
  SLIPWAY_ASSIGN(const auto hash, crypto::hash_password(password, settings->hashing));
  User user;
  SLIPWAY_TRY(rooms_.store.in_transaction([&]() -> Status {
    SLIPWAY_ASSIGN(user, rooms_.store.user(name));
    user.password = hash;
    user.filters.require_password_change = false;
    user.last_password_change = user.updated_at = now_ms();
    return rooms_.store.update_user(user);
  }));
  rooms_.publish({"update", "user", user.username, user.role}, actor,
                 [&] { return to_json_text(user, Rendering::Event); });
  return ok();
}

Status Credentials::change_admin(std::string_view username, std::string_view password, const Actor& actor) {
  const auto settings = rooms_.validation_settings();
  const auto name = rooms_.convert_name(username);
  SLIPWAY_TRY(rooms_.store.admin(name));
  if (trim(password).empty()) return invalid("/password", "is required");
  SLIPWAY_TRY(check_password(password, settings->admin_passwords, "/password"));
  SLIPWAY_ASSIGN(const auto hash, crypto::hash_password(password, settings->hashing));
  Admin admin;
  SLIPWAY_TRY(rooms_.store.in_transaction([&]() -> Status {
    SLIPWAY_ASSIGN(admin, rooms_.store.admin(name));
    admin.password = hash;
    admin.filters.require_password_change = false;
    admin.updated_at = now_ms();
    return rooms_.store.update_admin(admin);
  }));
  rooms_.publish({"update", "admin", admin.username, admin.role}, actor,
                 [&] { return to_json_text(admin, Rendering::Event); });
  return ok();
}

}  // namespace slipway::accounts
