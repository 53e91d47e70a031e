// The second factor of whoever asks: kinds, enrolment, recovery codes.
#include <boost/json.hpp>

#include "core/accounts/entity_json.h"
#include "core/crypto/totp.h"
#include "core/management/operation.h"

namespace slipway::management {
namespace {

namespace json = boost::json;
using accounts::AccountKind;

struct Subject {
  AccountKind kind = AccountKind::User;
  std::string name;
};

// Users and administrators act for themselves; the command line names a "username" or an "admin".
Result<Subject> subject_of(const Call& call) {
  switch (call.actor.kind) {
    case Actor::Kind::Admin:
      return Subject{AccountKind::Admin, call.actor.name};
    case Actor::Kind::User:
      return Subject{AccountKind::User, call.actor.name};
    case Actor::Kind::System:
      break;
  }
  if (const std::string admin = call.text_or("admin", ""); !admin.empty()) return Subject{AccountKind::Admin, admin};
  SLIPWAY_ASSIGN(std::string user, call.text("username"));
  return Subject{AccountKind::User, std::move(user)};
}

// A user with mfa-disabled is kept from all of it.
Result<Subject> allowed_subject_of(const Call& call) {
  SLIPWAY_ASSIGN(Subject subject, subject_of(call));
  if (subject.kind == AccountKind::User) {
    SLIPWAY_ASSIGN(const auto user, call.rooms.accounts.effective_user(subject.name));
    for (const std::string& option : user->user.filters.web_client)
      if (option == "mfa-disabled")
        return Error(Errc::PermissionDenied, subject.name, "two-factor authentication is not allowed for this user");
  }
  return subject;
}

Result<json::value> configs(const Call& call) {
  json::array items;
  for (const accounts::TotpKind& kind : call.rooms.accounts.second_factors().kinds())
    items.push_back(
        json::object{{"name", kind.name}, {"issuer", kind.issuer}, {"algo", crypto::totp_digest_name(kind.digest)}});
  return json::value(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

Result<json::value> generate(const Call& call) {
  SLIPWAY_ASSIGN(const Subject subject, allowed_subject_of(call));
  SLIPWAY_ASSIGN(const std::string config, call.text("config_name"));
  SLIPWAY_ASSIGN(const auto made, call.rooms.accounts.second_factors().generate(subject.kind, subject.name, config));
  return json::value(json::object{
      {"config_name", made.config_name}, {"issuer", made.issuer}, {"secret", made.secret}, {"url", made.url}});
}

Result<json::value> validate(const Call& call) {
  SLIPWAY_TRY(allowed_subject_of(call));
  SLIPWAY_ASSIGN(const std::string config, call.text("config_name"));
  SLIPWAY_ASSIGN(const std::string secret, call.text("secret"));
  SLIPWAY_ASSIGN(const std::string passcode, call.text("passcode"));
  SLIPWAY_ASSIGN(const bool right, call.rooms.accounts.second_factors().try_out(config, secret, passcode));
  if (!right) return Error(Errc::InvalidArgument, "/passcode", "Invalid passcode");
  return json::value(json::object());
}

Result<json::value> save(const Call& call) {
  SLIPWAY_ASSIGN(const Subject subject, allowed_subject_of(call));
  SLIPWAY_ASSIGN(auto totp,
                 accounts::from_json<accounts::TotpConfig>(json::value(call.input), accounts::Unknown::Ignore));
  SLIPWAY_TRY(call.rooms.accounts.second_factors().save(subject.kind, subject.name, std::move(totp), call.actor));
  return json::value(json::object());
}

Result<json::value> list_codes(const Call& call) {
  SLIPWAY_ASSIGN(const Subject subject, allowed_subject_of(call));
  SLIPWAY_ASSIGN(const auto codes, call.rooms.accounts.second_factors().recovery_codes(subject.kind, subject.name));
  json::array items;
  for (const auto& code : codes) items.push_back(json::object{{"code", code.code}, {"used", code.used}});
  return json::value(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

Result<json::value> renew_codes(const Call& call) {
  SLIPWAY_ASSIGN(const Subject subject, allowed_subject_of(call));
  SLIPWAY_ASSIGN(const auto codes,
                 call.rooms.accounts.second_factors().renew_recovery_codes(subject.kind, subject.name, call.actor));
  json::array items;
  for (const std::string& code : codes) items.emplace_back(code);
  return json::value(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

constexpr Operation kOperations[] = {
    {{"mfa.configs", "self", "", "TOTPConfig[]", "The kinds of one-time passcodes to choose from."}, configs},
    {{"mfa.generate", "self", "", "TOTPSecret",
      "Makes a secret for an authenticator app, of the kind config_name; it is not stored."},
     generate},
    {{"mfa.validate", "self", "", "", "Whether passcode is of secret and config_name; a right one is used up."},
     validate},
    {{"mfa.save", "self", "UserTOTPConfig", "", "Turns the second factor on, off, or changes its protocols."}, save},
    {{"mfa.recovery_codes.list", "self", "", "RecoveryCode[]", "The recovery codes, and which were used."}, list_codes},
    {{"mfa.recovery_codes.generate", "self", "", "string[]", "Makes new recovery codes; the old ones are void."},
     renew_codes},
};

}  // namespace

std::span<const Operation> mfa_operations() { return kOperations; }

}  // namespace slipway::management
