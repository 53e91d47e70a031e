// Shares in memory while visitors come, and how their uses are counted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/accounts/share.h"
#include "core/base/lock_guarded.h"
#include "core/session/shared_counters.h"

namespace slipway::session {

// A share counts as long as the store's version of shares is the one it was loaded with, whoever changed something.
// Thread-safe; what it was made with outlives it.
class KnownShares {
 public:
  // Who else counts uses in the store: other servers, with data_provider.is_shared.
  enum class Others : bool { None, Count };

  KnownShares(accounts::AccountStore& store, SharedCounters& counters, Others others, std::size_t capacity = 4096)
      : store_(store), counters_(counters), others_(others), capacity_(capacity) {}

  struct Found {
    std::shared_ptr<const accounts::Share> share;  // its used_tokens and last_use_at are those of some time ago
    std::uint64_t version = 0;
  };
  // NotFound.
  Result<Found> get(std::string_view id);
  // A share of which use() asks the store for nothing, without asking the store: null when it had to be asked.
  std::shared_ptr<const accounts::Share> known(std::string_view id) const;
  // What has been counted until now. NotFound.
  Result<std::int64_t> used_tokens(const std::string& id);
  // Counts uses, or gives them back where negative. QuotaExceeded when fewer are left, NotFound when the share is gone.
  // Those of a share without a limit are written a moment later, unless others count, too; a limit is asked and counted
  // in one transaction.
  Status use(const std::string& id, std::int64_t uses);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  struct Known {
    std::uint64_t version = 0;  // of all
    std::unordered_map<std::string, std::shared_ptr<const accounts::Share>, Hash, std::equal_to<>> by_id;
  };

  std::shared_ptr<const accounts::Share> find(std::string_view id, std::uint64_t version) const;

  accounts::AccountStore& store_;
  SharedCounters& counters_;
  const Others others_;
  const std::size_t capacity_;
  LockGuarded<Known> known_;
};

}  // namespace slipway::session
