// The allow, defender, rate limiter safe and trusted lists, in memory.
#pragma once

#include <cstdint>
#include <memory>

#include "core/accounts/store/store.h"
#include "core/admission/network_table.h"
#include "core/base/lock_guarded.h"

namespace slipway::admission {

// One reading of all lists.
struct IpListSet {
  NetworkTable allow, defender, safe, trusted;
  std::uint64_t version = 0;  // AccountStore::ip_lists_version
};

// Thread-safe; `store` outlives it.
class IpLists {
 public:
  explicit IpLists(accounts::AccountStore& store) : store_(store) {}

  // Reads the lists when they have changed since they were last read. After an error those of before stay in use.
  // True: they were read. One thread at a time.
  Result<bool> refresh();
  // Never null; empty before the first refresh.
  std::shared_ptr<const IpListSet> current() const {
    return lists_.with([](const auto& lists) { return lists; });
  }

 private:
  accounts::AccountStore& store_;
  LockGuarded<std::shared_ptr<const IpListSet>> lists_{std::make_shared<const IpListSet>()};
};

}  // namespace slipway::admission
