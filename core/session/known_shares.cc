#include "core/session/known_shares.h"

#include <chrono>

namespace slipway::session {

std::shared_ptr<const accounts::Share> KnownShares::find(std::string_view id, std::uint64_t version) const {
  return known_.with([&](const Known& known) -> std::shared_ptr<const accounts::Share> {
    if (known.version != version) return nullptr;
    const auto it = known.by_id.find(id);
    return it == known.by_id.end() ? nullptr : it->second;
  });
}

std::shared_ptr<const accounts::Share> KnownShares::known(std::string_view id) const {
  if (others_ != Others::None) return nullptr;
  const auto version = store_.known_shares_version();
  auto found = version ? find(id, *version) : nullptr;
  return found && found->max_tokens == 0 ? found : nullptr;
}

Result<KnownShares::Found> KnownShares::get(std::string_view id) {
  // Read before the share: what changes while it is loaded makes it old.
  SLIPWAY_ASSIGN(const auto version, store_.recent_shares_version());
  if (auto found = find(id, version)) return Found{std::move(found), version};

  SLIPWAY_ASSIGN(accounts::Share stored, store_.share(id));
  auto loaded = std::make_shared<const accounts::Share>(std::move(stored));
  known_.with([&](Known& known) {
    if (version < known.version) return;  // somebody has seen a later one meanwhile
    if (version > known.version || known.by_id.size() >= capacity_) known.by_id.clear();
    known.version = version;
    known.by_id.insert_or_assign(loaded->id, loaded);
  });
  return Found{std::move(loaded), version};
}

Result<std::int64_t> KnownShares::used_tokens(const std::string& id) {
  if (others_ == Others::None) counters_.flush_share(id);
  return store_.used_tokens(id);
}

Status KnownShares::use(const std::string& id, std::int64_t uses) {
  using namespace std::chrono;
  const std::int64_t now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  if (others_ == Others::None) {
    SLIPWAY_ASSIGN(const Found found, get(id));
    if (found.share->max_tokens == 0 && counters_.add_share_uses(id, uses, now, found.version)) return ok();
    // The share has a limit, or may have one by now. Once this server has seen the version that gave it one, no use is
    // added to the journal any more; those that are there already count.
    SLIPWAY_TRY(store_.shares_version());
    counters_.flush_share(id);
  }
  return store_.use_share(id, uses, now);
}

}  // namespace slipway::session
