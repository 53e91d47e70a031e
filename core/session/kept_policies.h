// What sessions may do, kept for a moment: of the requests of one user each is a session of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/accounts/effective_user.h"
#include "core/base/lock_guarded.h"
#include "core/session/session_settings.h"
#include "core/vfs/policy.h"

namespace slipway::session {

// Policies with their mounts, without what is a single session's own (PolicyRequest but the address, admission, marks).
// One counts for as long as its account, its settings and its storages are the same, and at most for kAge after it was
// made. Thread-safe.
class KeptPolicies {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kAge{2};
  static constexpr std::size_t kCapacity = 1024;

  // What a policy depends on.
  struct Key {
    std::shared_ptr<const accounts::EffectiveUser> user;
    std::shared_ptr<const SessionSettings> settings;
    std::string_view address;  // of the client
  };

  // Null when there is none that counts. Those of an account that has changed go at once, with the counters they hold.
  std::shared_ptr<const vfs::Policy> find(const Key& key, Clock::time_point now = Clock::now());
  void keep(const Key& key, std::shared_ptr<const vfs::Policy> policy, Clock::time_point now = Clock::now());
  // Those that do not count any more; called every second or so, so that nothing stays mounted for nobody.
  void forget_old(Clock::time_point now = Clock::now());
  // All: before modules are stopped.
  void clear();

 private:
  struct Kept {
    std::string address;
    std::shared_ptr<const accounts::EffectiveUser> user;
    std::shared_ptr<const SessionSettings> settings;
    std::shared_ptr<const vfs::Policy> policy;
    Clock::time_point until;

    bool counts(const Key& key, Clock::time_point now) const {
      return user == key.user && settings == key.settings && until > now;
    }
  };
  struct State {
    std::unordered_map<std::string, std::vector<Kept>> by_user;
    std::size_t count = 0;
  };
  // Takes out what does not count; it is destroyed without the lock.
  template <class Counts>
  static std::vector<Kept> take(State& state, std::vector<Kept>& kept, Counts&& counts);

  LockGuarded<State> state_;
};

}  // namespace slipway::session
