#include "core/accounts/json_secrets.h"
#include "core/accounts/validation/checks.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace slipway::accounts {

Status seal(crypto::Secret& secret, SecretStrength strength, std::string_view additional_data,
            const ValidationContext& context, std::string_view at) {
  if (secret.empty()) {
    secret = {};
    return ok();
  }
  if (secret.is_redacted()) return invalid(at, "is redacted and there is no stored value to keep, send the secret");
  if (secret.is_plain() && secret.payload.empty()) {
    return invalid(at, "has no payload; leave the whole secret out to have none");
  }
  const double least = context.settings.secret_min_entropy;
  if (secret.is_plain() && strength == SecretStrength::Strong && least > 0 &&
      crypto::password_entropy(secret.payload) < least) {
    return invalid(at, "is too easy to guess: it must have at least " + std::to_string(static_cast<int>(least)) +
                           " bits of entropy (common.secret_min_entropy)");
  }
  if (auto sealed = context.secrets.seal(secret, additional_data); !sealed) {
    return invalid(at, sealed.error().message());
  }
  return ok();
}

Status seal_all(JsonText& document, std::string_view additional_data, const ValidationContext& context,
                std::string_view at) {
  return visit_secrets(document, [&](const std::string& pointer, crypto::Secret& secret) {
    return seal(secret, SecretStrength::Any, additional_data, context, std::string(at) + pointer);
  });
}

Status check_recovery_codes(std::vector<RecoveryCode>& codes, const std::string& owner,
                            const ValidationContext& context) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto at = at_index("/filters/recovery_codes", i) + "/secret";
    if (codes[i].secret.empty()) return invalid(at, "is required");
    SLIPWAY_TRY(seal(codes[i].secret, SecretStrength::Any, owner, context, at));
  }
  return ok();
}

bool is_native_hash(std::string_view password) {
  return password.starts_with("$2a$") || password.starts_with("$argon2id$") ||
         password.starts_with("$pbkdf2-b64salt-sha256$");
}

Status check_totp(TotpConfig& totp, bool with_protocols, const std::string& owner, const ValidationContext& context) {
  constexpr std::string_view kAt = "/filters/totp_config";
  const auto at = [&](std::string_view member) { return json_pointer(kAt, member); };
  if (!totp.enabled) {
    totp = {};
    return ok();
  }
  std::vector<std::string> known;
  for (const TotpKind& kind : context.settings.totp_kinds) known.push_back(kind.name);
  if (std::find(known.begin(), known.end(), totp.config_name) == known.end()) {
    return invalid(at("config_name"), "is not among the configured ones (mfa.totp): " + join(known, ", "));
  }
  if (totp.secret.empty()) return invalid(at("secret"), "is required");
  SLIPWAY_TRY(seal(totp.secret, SecretStrength::Any, owner, context, at("secret")));
  if (!with_protocols) {
    totp.protocols.clear();
    return ok();
  }
  if (totp.protocols.empty()) return invalid(at("protocols"), "name at least one of SSH, FTP, HTTP");
  return check_words(totp.protocols, {"SSH", "FTP", "HTTP"}, "protocol", at("protocols"));
}

PasswordRules combine_rules(const PasswordRules& own, const PasswordRules& group, const PasswordRules& system) {
  const auto first = [](auto a, auto b, auto c) { return a != 0 ? a : b != 0 ? b : c; };
  PasswordRules rules;
  rules.min_entropy = first(own.min_entropy, group.min_entropy, system.min_entropy);
  rules.policy.length = first(own.policy.length, group.policy.length, system.policy.length);
  rules.policy.uppers = first(own.policy.uppers, group.policy.uppers, system.policy.uppers);
  rules.policy.lowers = first(own.policy.lowers, group.policy.lowers, system.policy.lowers);
  rules.policy.digits = first(own.policy.digits, group.policy.digits, system.policy.digits);
  rules.policy.specials = first(own.policy.specials, group.policy.specials, system.policy.specials);
  return rules;
}

Status check_password(std::string_view password, const PasswordRules& rules, std::string_view pointer) {
  int length = 0, uppers = 0, lowers = 0, digits = 0, specials = 0;
  for (std::string_view rest = password; !rest.empty();) {
    const char c = rest.front();
    ++length;
    if (c >= 'A' && c <= 'Z')
      ++uppers;
    else if (c >= 'a' && c <= 'z')
      ++lowers;
    else if (c >= '0' && c <= '9')
      ++digits;
    else
      ++specials;
    rest.remove_prefix(std::max<std::size_t>(1, utf8_length(rest)));
  }
  const auto least = [&](int has, int needs, std::string_view what) -> Status {
    if (has >= needs) return ok();
    return invalid(pointer, "is too weak: it needs at least " + std::to_string(needs) + " " + std::string(what));
  };
  SLIPWAY_TRY(least(length, rules.policy.length, "characters"));
  SLIPWAY_TRY(least(uppers, rules.policy.uppers, "upper case letters"));
  SLIPWAY_TRY(least(lowers, rules.policy.lowers, "lower case letters"));
  SLIPWAY_TRY(least(digits, rules.policy.digits, "digits"));
  SLIPWAY_TRY(least(specials, rules.policy.specials, "special characters"));
  if (rules.min_entropy > 0 && crypto::password_entropy(password) < rules.min_entropy) {
    return invalid(pointer, "is too easy to guess: it must have at least " +
                                std::to_string(static_cast<int>(rules.min_entropy)) +
                                " bits of entropy, use more and more different characters");
  }
  return ok();
}

}  // namespace slipway::accounts
