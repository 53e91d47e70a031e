// Effective users in memory: loaded when somebody logs in, dropped when an account, group or folder changes.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/accounts/effective_user.h"
#include "core/accounts/store/store.h"
#include "core/base/lock_guarded.h"

namespace slipway::accounts {

// Holds the `capacity` users that were asked for last. An entry counts as long as the store's definitions version is
// the one it was loaded with, whoever changed something. Thread-safe.
class EffectiveUsers {
 public:
  explicit EffectiveUsers(AccountStore& store, std::size_t capacity = 4096) : store_(store), capacity_(capacity) {}

  // NotFound for an unknown user.
  Result<std::shared_ptr<const EffectiveUser>> get(const std::string& username);
  // The same without asking the store; null if it had to be asked.
  std::shared_ptr<const EffectiveUser> known(const std::string& username);
  // Of a user that is not stored like this: with its groups and folders from the store, and not remembered.
  Result<EffectiveUser> merge(User user);

 private:
  struct Entry {
    std::string username;
    std::uint64_t version;
    std::shared_ptr<const EffectiveUser> user;
  };
  struct Entries {
    std::list<Entry> by_use;                                                   // the last used one first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_name;  // keys view Entry::username
  };

  std::shared_ptr<const EffectiveUser> find(const std::string& username, std::uint64_t version);

  AccountStore& store_;
  const std::size_t capacity_;
  LockGuarded<Entries> entries_;
};

}  // namespace slipway::accounts
