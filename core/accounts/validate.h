// Checks and normalises entities before they are stored (GAPS-DATA 3). Errors are InvalidArgument with the JSON pointer
// of what is wrong as subject and what to change as cause; after an error the entity is half normalised.
//
// Secrets that are Plain get sealed and plain passwords hashed: what comes out is what is stored.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/accounts/admin.h"
#include "core/accounts/api_key.h"
#include "core/accounts/event_action.h"
#include "core/accounts/event_rule.h"
#include "core/accounts/group.h"
#include "core/accounts/ip_list.h"
#include "core/accounts/role.h"
#include "core/accounts/server_configs.h"
#include "core/accounts/share.h"
#include "core/accounts/user.h"
#include "core/accounts/virtual_folder.h"
#include "core/crypto/digest.h"
#include "core/crypto/passwords.h"
#include "core/crypto/secrets.h"
#include "slipway/result.h"

namespace slipway::accounts {

// data_provider.password_validation
struct PasswordRules {
  double min_entropy = 0;  // bits
  PasswordPolicy policy;
};

// mfa.totp[]
struct TotpKind {
  std::string name = "Default", issuer = "Slipway";
  crypto::DigestKind digest = crypto::DigestKind::Sha1;
};

// What of the configuration decides about entities.
struct ValidationSettings {
  unsigned naming_rules = 5;      // 1 any UTF-8, 2 lower case, 4 trimmed
  std::string users_base_dir;     // absolute; empty: none
  std::string temp_dir = "/tmp";  // homes of users whose files are elsewhere
  crypto::HashSettings hashing;
  PasswordRules user_passwords, admin_passwords;
  double secret_min_entropy = 80;  // of passphrases and customer keys; 0: not checked
  bool external_auth = false;      // whether a hook or module keeps users elsewhere
  std::vector<TotpKind> totp_kinds = {{}};
  bool legacy_admin_permissions = false;  // manage_* alone suffices
};

struct ValidationContext {
  const ValidationSettings& settings;
  const crypto::SecretKeeper& secrets;
  std::int64_t now_ms = 0;
  bool restoring = false;  // a dump: things of the past are accepted
  // Users and shares: the rules of the primary group and of the owner, where there are any.
  const PasswordRules* inherited_rules = nullptr;
  int max_share_expiration = 0;  // shares: days, of the owner; 0: no limit
};

Status validate(User&, const ValidationContext&);
Status validate(Group&, const ValidationContext&);
Status validate(Folder&, const ValidationContext&);
Status validate(Role&, const ValidationContext&);
Status validate(Admin&, const ValidationContext&);
Status validate(ApiKey&, const ValidationContext&);
Status validate(Share&, const ValidationContext&);
Status validate(EventAction&, const ValidationContext&);
Status validate(EventRule&, const ValidationContext&);
Status validate(IpListEntry&, const ValidationContext&);
Status validate(ServerConfigs&, const ValidationContext&);

// A name as the naming rules store and look it up: lower case, trimmed.
std::string convert_name(std::string_view name, unsigned naming_rules);

// The rules that a password must meet: per field `own`, else `group`, else `system`.
PasswordRules combine_rules(const PasswordRules& own, const PasswordRules& group, const PasswordRules& system);
// InvalidArgument naming the first rule that `password` breaks, at `pointer`.
Status check_password(std::string_view password, const PasswordRules&, std::string_view pointer);

}  // namespace slipway::accounts
