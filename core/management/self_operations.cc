// What an account does about itself: profile and password.
#include <algorithm>
#include <boost/json.hpp>

#include "core/accounts/entity_json.h"
#include "core/base/text.h"
#include "core/management/operation.h"

namespace slipway::management {
namespace {

namespace json = boost::json;
using accounts::Admin;
using accounts::User;

json::array array_of(const std::vector<std::string>& texts) {
  json::array list;
  for (const auto& text : texts) list.emplace_back(text);
  return list;
}

// Absent members are empty: a profile is replaced, not merged.
Result<std::vector<std::string>> texts(const Call& call, const char* member) {
  std::vector<std::string> list;
  const json::value* value = call.input.if_contains(member);
  if (value == nullptr || value->is_null()) return list;
  if (!value->is_array()) return Error(Errc::InvalidArgument, "/" + std::string(member), "a list is needed here");
  for (const json::value& element : value->get_array()) {
    if (!element.is_string()) return Error(Errc::InvalidArgument, "/" + std::string(member), "texts are needed here");
    list.emplace_back(element.get_string());
  }
  return list;
}

Result<std::string> text_of(const Call& call, const char* member) {
  const json::value* value = call.input.if_contains(member);
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_string()) return Error(Errc::InvalidArgument, "/" + std::string(member), "a text is needed here");
  return std::string(value->get_string());
}

Result<bool> flag_of(const Call& call, const char* member) {
  const json::value* value = call.input.if_contains(member);
  if (value == nullptr || value->is_null()) return false;
  if (!value->is_bool()) return Error(Errc::InvalidArgument, "/" + std::string(member), "true or false is needed here");
  return value->get_bool();
}

// The command line has no account of its own.
Error nobody(const Call& call) { return {Errc::NotSupported, call.actor.name, "this is for accounts that log in"}; }

// What the user's options and groups forbid; groups count too, so the merged account is asked.
struct Freedom {
  bool info = true, api_keys = true, public_keys = true, tls_certs = true, password = true;
};

Result<Freedom> freedom_of(const Call& call) {
  SLIPWAY_ASSIGN(const auto user, call.rooms.accounts.effective_user(call.actor.name));
  const auto& options = user->user.filters.web_client;
  const auto is_free = [&](std::string_view option) { return std::ranges::find(options, option) == options.end(); };
  return Freedom{is_free("info-change-disabled"), is_free("api-key-auth-change-disabled"),
                 is_free("publickey-change-disabled"), is_free("tls-cert-change-disabled"),
                 is_free("password-change-disabled")};
}

// ---- profile

Result<json::value> get_profile(const Call& call) {
  switch (call.actor.kind) {
    case Actor::Kind::System:
      return nobody(call);
    case Actor::Kind::Admin: {
      SLIPWAY_ASSIGN(const Admin admin, call.rooms.accounts.admins().get(call.actor.name));
      return json::value(json::object{{"email", admin.email},
                                      {"description", admin.description},
                                      {"allow_api_key_auth", admin.filters.allow_api_key_auth}});
    }
    case Actor::Kind::User:
      break;
  }
  SLIPWAY_ASSIGN(const User user, call.rooms.accounts.users().get(call.actor.name));
  return json::value(json::object{{"email", user.email},
                                  {"additional_emails", array_of(user.filters.additional_emails)},
                                  {"description", user.description},
                                  {"allow_api_key_auth", user.filters.allow_api_key_auth},
                                  {"public_keys", array_of(user.public_keys)},
                                  {"tls_certs", array_of(user.filters.tls_certs)}});
}

Status update_user(const Call& call) {
  SLIPWAY_ASSIGN(const Freedom may, freedom_of(call));
  if (!may.info && !may.api_keys && !may.public_keys && !may.tls_certs)
    return Error(Errc::PermissionDenied, call.actor.name, "You are not allowed to change anything");
  SLIPWAY_ASSIGN(User user, call.rooms.accounts.users().get(call.actor.name));
  if (may.info) {
    SLIPWAY_ASSIGN(user.email, text_of(call, "email"));
    SLIPWAY_ASSIGN(user.description, text_of(call, "description"));
    SLIPWAY_ASSIGN(user.filters.additional_emails, texts(call, "additional_emails"));
  }
  if (may.api_keys) {
    SLIPWAY_ASSIGN(user.filters.allow_api_key_auth, flag_of(call, "allow_api_key_auth"));
  }
  if (may.public_keys) {
    SLIPWAY_ASSIGN(user.public_keys, texts(call, "public_keys"));
  }
  if (may.tls_certs) {
    SLIPWAY_ASSIGN(user.filters.tls_certs, texts(call, "tls_certs"));
  }
  SLIPWAY_TRY(call.rooms.accounts.users().update(std::move(user), call.actor));
  return ok();
}

Status update_admin(const Call& call) {
  SLIPWAY_ASSIGN(Admin admin, call.rooms.accounts.admins().get(call.actor.name));
  SLIPWAY_ASSIGN(admin.email, text_of(call, "email"));
  SLIPWAY_ASSIGN(admin.description, text_of(call, "description"));
  SLIPWAY_ASSIGN(admin.filters.allow_api_key_auth, flag_of(call, "allow_api_key_auth"));
  SLIPWAY_TRY(call.rooms.accounts.admins().update(std::move(admin), call.actor));
  return ok();
}

Result<json::value> update_profile(const Call& call) {
  if (call.actor.kind == Actor::Kind::System) return nobody(call);
  SLIPWAY_TRY(call.actor.kind == Actor::Kind::User ? update_user(call) : update_admin(call));
  return json::value(json::object());
}

// ---- password

Result<json::value> change_password(const Call& call) {
  if (call.actor.kind == Actor::Kind::System) return nobody(call);
  const bool is_user = call.actor.kind == Actor::Kind::User;
  if (is_user) {
    SLIPWAY_ASSIGN(const Freedom may, freedom_of(call));
    if (!may.password) return Error(Errc::PermissionDenied, call.actor.name, "you are not allowed to change it");
  }
  SLIPWAY_ASSIGN(const std::string current, text_of(call, "current_password"));
  SLIPWAY_ASSIGN(const std::string wanted, text_of(call, "new_password"));
  if (trim(current).empty()) return Error(Errc::InvalidArgument, "/current_password", "is required");
  if (trim(wanted).empty()) return Error(Errc::InvalidArgument, "/new_password", "is required");
  if (current == wanted)
    return Error(Errc::InvalidArgument, "/new_password", "the new password must be different from the current one");
  auto& accounts = call.rooms.accounts;
  SLIPWAY_ASSIGN(const bool right, is_user ? accounts.verify_password(call.actor.name, current)
                                           : accounts.verify_admin_password(call.actor.name, current));
  if (!right) return Error(Errc::InvalidArgument, "/current_password", "current password does not match");
  SLIPWAY_TRY(is_user ? accounts.change_user_password(call.actor.name, wanted, call.actor)
                      : accounts.change_admin_password(call.actor.name, wanted, call.actor));
  return json::value(json::object());
}

constexpr Operation kOperations[] = {
    {{"self.profile.get", "self", "", "UserProfile", "What the account's owner may know and change."}, get_profile},
    {{"self.profile.update", "self", "UserProfile", "", "Replaces the profile, as far as the account's options allow."},
     update_profile},
    {{"self.password.change", "self", "PwdChange", "", "Changes the password of whoever knows the current one."},
     change_password},
};

}  // namespace

std::span<const Operation> self_operations() { return kOperations; }

}  // namespace slipway::management
