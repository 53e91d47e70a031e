// Bans addresses that break the rules too often; remembers them in memory, or in the database too.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "core/accounts/store/store.h"
#include "core/admission/defender_table.h"

namespace slipway::admission {

using WallClock = std::function<WallTime()>;
WallTime wall_now();

// Decisions are made in memory alone; with Driver::Provider what changes is written by flush(), and load() reads what
// was known when the server stopped. Thread-safe but for load and flush: one thread at a time. `store` outlives it.
class Defender {
 public:
  Defender(accounts::AccountStore& store, const DefenderSettings& settings, WallClock clock);

  // The driver stays what it was.
  void configure(const DefenderSettings& settings);
  bool enabled() const;

  // What the database has; with Driver::Memory nothing.
  Status load();
  // Forgets what is over, and writes what has changed. After an error it is tried again the next time.
  Status flush();

  // Counts; true when this is what the address is banned for. Logs both.
  bool report(const IpAddress& address, std::string_view protocol, Violation violation);
  bool is_banned(const IpAddress& address, DefenderTable::Visit visit);

  // At most entries_hard_limit of them; see DefenderTable::hosts.
  std::vector<DefenderTable::Host> hosts() const;
  std::optional<DefenderTable::Host> find(const IpAddress& address) const;
  // Lifts the ban and forgets the score; false when there was neither.
  bool remove(const IpAddress& address);

 private:
  accounts::AccountStore& store_;
  const WallClock clock_;
  const DefenderSettings::Driver driver_;
  mutable std::mutex mutex_;
  DefenderSettings settings_;
  DefenderTable table_;
};

}  // namespace slipway::admission
