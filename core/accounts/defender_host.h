// An address that broke the rules, as the defender's database keeps it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace slipway::accounts {

struct DefenderEvent {
  std::int64_t at = 0;  // Unix ms
  std::int64_t score = 0;
  bool operator==(const DefenderEvent&) const = default;
};

struct DefenderHost {
  std::string ip;
  std::int64_t ban_time = 0;  // Unix ms of the ban's end; 0: not banned
  std::int64_t updated_at = 0;
  std::vector<DefenderEvent> events;  // oldest first
  bool operator==(const DefenderHost&) const = default;
};

}  // namespace slipway::accounts
