// What the parts of the account service share: the store, the keys, the settings, the bus.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/accounts/effective_users.h"
#include "core/accounts/store/store.h"
#include "core/accounts/validate.h"
#include "core/base/lock_guarded.h"
#include "core/crypto/secrets.h"
#include "core/events/bus.h"
#include "slipway/management.h"

namespace slipway::accounts {

struct AccountRooms {
  AccountRooms(AccountStore& account_store, const crypto::SecretKeeper& keeper, events::EventBus* event_bus,
               ValidationSettings settings)
      : store(account_store),
        secrets(keeper),
        bus(event_bus),
        validation(std::make_shared<const ValidationSettings>(std::move(settings))),
        effective_users(account_store) {}

  AccountStore& store;
  const crypto::SecretKeeper& secrets;
  events::EventBus* const bus;  // may be null
  LockGuarded<std::shared_ptr<const ValidationSettings>> validation;
  EffectiveUsers effective_users;

  std::shared_ptr<const ValidationSettings> validation_settings() const {
    return validation.with([](const auto& settings) { return settings; });
  }
  std::string convert_name(std::string_view name) const {
    return accounts::convert_name(name, validation_settings()->naming_rules);
  }

  // What happened to an entity, for hooks and rules; `json` is asked for only when somebody listens.
  struct Change {
    std::string_view action;  // "add", "update", "delete"
    std::string_view object_type;
    std::string object_name;
    std::string role;  // of the entity
  };
  void publish(const Change& change, const Actor& actor, const std::function<std::string()>& json);
};

inline std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace slipway::accounts
