#include "core/accounts/second_factors.h"

#include <algorithm>

#include "core/accounts/entity_json.h"
#include "core/accounts/validation/checks.h"
#include "core/base/ids.h"
#include "core/base/text.h"
#include "core/crypto/base32.h"
#include "core/crypto/passwords.h"
#include "core/crypto/totp.h"
#include "core/log/log.h"

namespace slipway::accounts {
namespace {

constexpr std::size_t kRecoveryCodes = 12, kFewCodes = 5;
constexpr std::string_view kSecretAt = "/filters/totp_config/secret";

template <class Account>
struct Of;

template <>
struct Of<User> {
  static constexpr std::string_view kType = "user";
  static constexpr std::string_view kLabel = "User";
  using Account = User;
  static Result<User> find(AccountStore& store, const std::string& name) { return store.user(name); }
  static Status update(AccountStore& store, const User& user) { return store.update_user(user); }
};

template <>
struct Of<Admin> {
  static constexpr std::string_view kType = "admin";
  static constexpr std::string_view kLabel = "Admin";
  using Account = Admin;
  static Result<Admin> find(AccountStore& store, const std::string& name) { return store.admin(name); }
  static Status update(AccountStore& store, const Admin& admin) { return store.update_admin(admin); }
};

std::vector<RecoveryCode> new_codes() {
  std::vector<RecoveryCode> codes(kRecoveryCodes);
  for (auto& code : codes) {
    code.secret.status = "Plain";
    code.secret.payload = "RC-" + to_upper(make_unique_id());
  }
  return codes;
}

template <class Account>
void take_totp(Account& account, TotpConfig totp) {
  auto& codes = account.filters.recovery_codes;
  account.filters.totp_config = std::move(totp);
  if (!account.filters.totp_config.enabled) {
    codes.clear();
    return;
  }
  const auto left = std::ranges::count_if(codes, [](const RecoveryCode& code) { return !code.used; });
  if (static_cast<std::size_t>(left) < kFewCodes) codes = new_codes();
}

Result<std::string> decoded(std::string_view secret) {
  auto key = crypto::base32_decode(secret);
  if (!key) return invalid(kSecretAt, "is not written in base 32");
  if (key->size() < crypto::kTotpSecretBytes) {
    crypto::wipe(*key);
    return invalid(kSecretAt, "is too short, it must have 20 bytes at least");
  }
  return *std::move(key);
}

Error no_codes(std::string_view username) {
  return {Errc::PermissionDenied, std::string(username),
          "recovery codes are not available with two-factor authentication disabled"};
}

}  // namespace

template <class Work>
auto SecondFactors::on(AccountKind kind, Work&& work) const {
  return kind == AccountKind::User ? work(Of<User>{}) : work(Of<Admin>{});
}

Result<crypto::DigestKind> SecondFactors::kind_named(std::string_view config_name) const {
  const auto settings = rooms_.validation_settings();
  const auto& kinds = settings->totp_kinds;
  const auto kind = std::ranges::find(kinds, config_name, &TotpKind::name);
  if (kind != kinds.end()) return kind->digest;
  return Error(Errc::InvalidArgument, "/config_name",
               "\"" + printable(config_name) + "\" is not among the kinds of mfa.totp");
}

// ---- proof

Result<bool> SecondFactors::verify_user(std::string_view username, std::string_view protocol,
                                        std::string_view passcode) {
  const auto name = rooms_.convert_name(username);
  const auto user = rooms_.effective_users.get(name);
  if (user.code() == Errc::NotFound) return false;
  if (!user) return user.error();
  const TotpConfig& totp = (*user)->user.filters.totp_config;
  if (std::ranges::find(totp.protocols, protocol) == totp.protocols.end()) return false;
  return verify("user/" + name, totp, passcode);
}

Result<bool> SecondFactors::verify_admin(std::string_view username, std::string_view passcode) {
  const auto name = rooms_.convert_name(username);
  const auto admin = rooms_.store.admin(name);
  if (admin.code() == Errc::NotFound) return false;
  if (!admin) return admin.error();
  return verify("admin/" + name, admin->filters.totp_config, passcode);
}

Result<bool> SecondFactors::verify(const std::string& subject, const TotpConfig& totp, std::string_view passcode) {
  if (!totp.enabled) return false;
  const auto now = clock_();
  if (!guard_.may_try(subject, now)) {
    log::warn("dataprovider", "passcodes are refused for a while: too many were wrong", {{"subject", subject}});
    return false;
  }
  SLIPWAY_ASSIGN(const auto digest, kind_named(totp.config_name));
  SLIPWAY_ASSIGN(std::string secret, rooms_.secrets.open(totp.secret));
  auto key = crypto::base32_decode(secret);
  crypto::wipe(secret);
  if (!key || key->empty()) return Error(Errc::InvalidArgument, subject, "the stored secret is not written in base 32");
  const auto step = crypto::match_totp(*key, passcode, digest, now);
  const bool right = step && *step && guard_.use(*key, **step, now);
  crypto::wipe(*key);
  if (!step) return step.error();
  right ? guard_.note_right(subject) : guard_.note_wrong(subject, now);
  return right;
}

Result<bool> SecondFactors::use_recovery_code(AccountKind kind, std::string_view username, std::string_view code) {
  const auto name = rooms_.convert_name(username);
  const auto subject = (kind == AccountKind::User ? "user/" : "admin/") + name;
  const auto now = clock_();
  if (!guard_.may_try(subject, now)) return false;
  bool right = false;
  const Status done = rooms_.store.in_transaction([&]() -> Status {
    return on(kind, [&](auto of) -> Status {
      auto account = of.find(rooms_.store, name);
      if (account.code() == Errc::NotFound) return ok();
      if (!account) return account.error();
      if (!account->filters.totp_config.enabled) return ok();
      for (RecoveryCode& candidate : account->filters.recovery_codes) {
        if (candidate.used) continue;
        SLIPWAY_ASSIGN(std::string text, rooms_.secrets.open(candidate.secret));
        const bool same = crypto::constant_time_equal(text, code);
        crypto::wipe(text);
        if (!same) continue;
        candidate.used = right = true;
        account->updated_at = now_ms();
        return of.update(rooms_.store, *account);
      }
      return ok();
    });
  });
  SLIPWAY_TRY(done);
  right ? guard_.note_right(subject) : guard_.note_wrong(subject, now);
  return right;
}

// Reads, changes and stores an account in one transaction: what somebody else changes meanwhile stays.
template <class Change>
Status SecondFactors::change(AccountKind kind, std::string_view username, const Actor& actor, Change&& apply) {
  const auto name = rooms_.convert_name(username);
  return on(kind, [&](auto of) -> Status {
    const auto settings = rooms_.validation_settings();
    typename decltype(of)::Account account;
    SLIPWAY_TRY(rooms_.store.in_transaction([&]() -> Status {
      SLIPWAY_ASSIGN(account, of.find(rooms_.store, name));
      SLIPWAY_TRY(apply(account));
      account.updated_at = now_ms();
      SLIPWAY_TRY(validate(account, {.settings = *settings, .secrets = rooms_.secrets, .now_ms = account.updated_at}));
      return of.update(rooms_.store, account);
    }));
    rooms_.publish({"update", of.kType, account.username, account.role}, actor,
                   [&] { return to_json_text(account, Rendering::Event); });
    return ok();
  });
}

// ---- enrolment

Result<NewTotp> SecondFactors::generate(AccountKind kind, std::string_view username,
                                        std::string_view config_name) const {
  SLIPWAY_ASSIGN(const auto digest, kind_named(config_name));
  const auto settings = rooms_.validation_settings();
  NewTotp made;
  made.config_name = config_name;
  made.issuer = std::ranges::find(settings->totp_kinds, config_name, &TotpKind::name)->issuer;
  made.secret = crypto::make_totp_secret();
  const auto label = on(kind, [](auto of) { return std::string(of.kLabel); });
  made.url =
      crypto::otpauth_url(made.issuer, label + " \"" + rooms_.convert_name(username) + "\"", made.secret, digest);
  return made;
}

Result<bool> SecondFactors::try_out(std::string_view config_name, std::string_view secret, std::string_view passcode) {
  SLIPWAY_ASSIGN(const auto digest, kind_named(config_name));
  SLIPWAY_ASSIGN(std::string key, decoded(secret));
  const auto now = clock_();
  const auto step = crypto::match_totp(key, passcode, digest, now);
  const bool right = step && *step && guard_.use(key, **step, now);
  crypto::wipe(key);
  if (!step) return step.error();
  return right;
}

Status SecondFactors::check_demands(const User& user, const TotpConfig& totp) const {
  SLIPWAY_ASSIGN(const auto effective, rooms_.effective_users.get(user.username));
  const auto& filters = effective->user.filters;
  if (std::ranges::find(filters.web_client, "mfa-disabled") != filters.web_client.end())
    return Error(Errc::PermissionDenied, user.username, "two-factor authentication is not allowed for this user");
  const auto& needed = filters.two_factor_protocols;
  if (!totp.enabled && !needed.empty()) return invalid("/enabled", "two-factor authentication must be enabled");
  std::vector<std::string> missing;
  std::ranges::copy_if(needed, std::back_inserter(missing), [&](const std::string& protocol) {
    return std::ranges::find(totp.protocols, protocol) == totp.protocols.end();
  });
  if (missing.empty()) return ok();
  return invalid("/protocols", "the following protocols are required: " + join(missing, ", "));
}

Status SecondFactors::check_demands(const Admin& admin, const TotpConfig& totp) {
  if (totp.enabled || !admin.filters.require_two_factor) return ok();
  return invalid("/enabled", "two-factor authentication must be enabled");
}

Status SecondFactors::save(AccountKind kind, std::string_view username, TotpConfig totp, const Actor& actor) {
  return change(kind, username, actor, [&](auto& account) -> Status {
    SLIPWAY_TRY(check_demands(account, totp));
    if (totp.enabled && totp.secret.is_plain()) {
      SLIPWAY_ASSIGN(std::string key, decoded(totp.secret.payload));
      crypto::wipe(key);
    } else {
      totp.secret = account.filters.totp_config.secret;
    }
    take_totp(account, std::move(totp));
    return ok();
  });
}

Status SecondFactors::set(AccountKind kind, std::string_view username, TotpConfig totp, const Actor& actor) {
  return change(kind, username, actor, [&](auto& account) -> Status {
    take_totp(account, std::move(totp));
    return ok();
  });
}

Result<std::vector<RecoveryCodeText>> SecondFactors::recovery_codes(AccountKind kind, std::string_view username) const {
  return on(kind, [&](auto of) -> Result<std::vector<RecoveryCodeText>> {
    SLIPWAY_ASSIGN(const auto account, of.find(rooms_.store, rooms_.convert_name(username)));
    if (!account.filters.totp_config.enabled) return no_codes(account.username);
    std::vector<RecoveryCodeText> texts;
    for (const RecoveryCode& code : account.filters.recovery_codes) {
      SLIPWAY_ASSIGN(std::string text, rooms_.secrets.open(code.secret));
      texts.push_back({std::move(text), code.used});
    }
    return texts;
  });
}

Result<std::vector<std::string>> SecondFactors::renew_recovery_codes(AccountKind kind, std::string_view username,
                                                                     const Actor& actor) {
  std::vector<std::string> texts;
  SLIPWAY_TRY(change(kind, username, actor, [&](auto& account) -> Status {
    if (!account.filters.totp_config.enabled) return no_codes(account.username);
    account.filters.recovery_codes = new_codes();
    for (const RecoveryCode& code : account.filters.recovery_codes) texts.push_back(code.secret.payload);
    return ok();
  }));
  return texts;
}

}  // namespace slipway::accounts
