// A validation context for tests: cheap hashes, Secretbox without a master key.
#pragma once

#include <gtest/gtest.h>

#include "core/accounts/validate.h"

namespace slipway::accounts {

class TestContext {
 public:
  TestContext() : keeper_(*crypto::SecretKeeper::make({})) {
    settings.users_base_dir = "/srv/data";
    settings.hashing.bcrypt_cost = 4;
    settings.secret_min_entropy = 0;
  }
  const crypto::SecretKeeper& keeper() const { return keeper_; }

  template <class Entity>
  Status check(Entity& entity) const {
    return validate(entity, {.settings = settings,
                             .secrets = keeper_,
                             .now_ms = now_ms,
                             .restoring = restoring,
                             .inherited_rules = inherited_rules,
                             .max_share_expiration = max_share_expiration});
  }

  ValidationSettings settings;
  std::int64_t now_ms = 1'800'000'000'000;
  bool restoring = false;
  const PasswordRules* inherited_rules = nullptr;
  int max_share_expiration = 0;

 private:
  crypto::SecretKeeper keeper_;
};

// The pointer of the error, or "" for success.
inline std::string where(const Status& status) { return status ? std::string() : status.error().subject(); }

inline crypto::Secret plain(std::string payload) {
  crypto::Secret secret;
  secret.status = "Plain";
  secret.payload = std::move(payload);
  return secret;
}

}  // namespace slipway::accounts
