#include "core/session/kept_policies.h"

#include <algorithm>
#include <iterator>

#include "slipway/storage.h"

namespace slipway::session {
namespace {

bool are_there(const vfs::Policy& policy) {
  return std::ranges::all_of(policy.mounts, [](const vfs::Mount& mount) {
    auto* const state = static_cast<MountState*>(mount.fs->query(MountState::kInterfaceId));
    return state == nullptr || state->is_there();
  });
}

}  // namespace

template <class Counts>
std::vector<KeptPolicies::Kept> KeptPolicies::take(State& state, std::vector<Kept>& kept, Counts&& counts) {
  const auto gone = std::stable_partition(kept.begin(), kept.end(), counts);
  std::vector<Kept> taken(std::make_move_iterator(gone), std::make_move_iterator(kept.end()));
  kept.erase(gone, kept.end());
  state.count -= taken.size();
  return taken;
}

std::shared_ptr<const vfs::Policy> KeptPolicies::find(const Key& key, Clock::time_point now) {
  std::vector<Kept> old;
  auto policy = state_.with([&](State& state) -> std::shared_ptr<const vfs::Policy> {
    const auto of_user = state.by_user.find(key.user->user.username);
    if (of_user == state.by_user.end()) return nullptr;
    for (const Kept& kept : of_user->second)
      if (kept.address == key.address && kept.counts(key, now)) return kept.policy;
    old = take(state, of_user->second, [&](const Kept& kept) { return kept.counts(key, now); });
    if (of_user->second.empty()) state.by_user.erase(of_user);
    return nullptr;
  });
  // A storage is asked without the lock.
  return policy && are_there(*policy) ? policy : nullptr;
}

void KeptPolicies::keep(const Key& key, std::shared_ptr<const vfs::Policy> policy, Clock::time_point now) {
  Kept fresh{std::string(key.address), key.user, key.settings, std::move(policy), now + kAge};
  std::vector<Kept> old;
  state_.with([&](State& state) {
    if (state.count >= kCapacity) return;
    std::vector<Kept>& kept = state.by_user[key.user->user.username];
    old = take(state, kept, [&](const Kept& k) { return k.address != key.address && k.counts(key, now); });
    kept.push_back(std::move(fresh));
    ++state.count;
  });
}

void KeptPolicies::forget_old(Clock::time_point now) {
  std::vector<Kept> old;
  state_.with([&](State& state) {
    for (auto it = state.by_user.begin(); it != state.by_user.end();) {
      std::ranges::move(take(state, it->second, [&](const Kept& kept) { return kept.until > now; }),
                        std::back_inserter(old));
      it = it->second.empty() ? state.by_user.erase(it) : std::next(it);
    }
  });
}

void KeptPolicies::clear() {
  State old;
  state_.with([&](State& state) { std::swap(state, old); });
}

}  // namespace slipway::session
