// Scores and bans of addresses: the arithmetic of the defender, without clocks, lists or a database.
#pragma once

#include <chrono>
#include <list>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/admission/defender_settings.h"
#include "core/base/ip_network.h"

namespace slipway::admission {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// Not thread-safe. Memory is bounded by the limits of the settings.
class DefenderTable {
 public:
  struct Event {
    WallTime at;
    int score = 0;
  };
  // An address that has a ban, or a score, never both.
  struct Host {
    IpAddress address;
    int score = 0;
    std::optional<WallTime> ban_end;
    std::vector<Event> events;  // oldest first
  };

  // With TrackChanges::Yes somebody calls take_changed() now and then.
  enum class TrackChanges : bool { No, Yes };
  DefenderTable(const DefenderSettings& settings, TrackChanges track) : settings_(settings), track_(track) {}
  // Takes effect with the next call; what is known stays.
  void configure(const DefenderSettings& settings) { settings_ = settings; }

  struct Added {
    int score = 0;         // of the address, now
    bool banned = false;   // by this event
    bool ignored = false;  // nothing was counted: the score was 0, or the address is banned
  };
  Added add(const IpAddress& address, int score, WallTime now);

  enum class Visit : bool { Look, Return };
  // Return: the address came back, which makes its ban longer; a ban never ends later than a year from now.
  bool is_banned(const IpAddress& address, WallTime now, Visit visit);

  std::optional<Host> find(const IpAddress& address, WallTime now) const;
  // Bans first, those that end last before others, then the highest scores.
  std::vector<Host> hosts(WallTime now) const;
  // Forgets ban and score; false when there was neither.
  bool remove(const IpAddress& address, WallTime now);
  // Forgets what is over.
  void prune(WallTime now);

  // From a database; replaces what is known of the address.
  void restore(const Host& host, WallTime now);
  // Addresses of which something has changed since the last call.
  std::vector<IpAddress> take_changed();
  // It could not be stored: take_changed() tells of it again.
  void mark_changed(const IpAddress& address);

 private:
  using Bans = std::unordered_map<IpAddress, WallTime>;
  struct Scored {
    std::vector<Event> events;
    std::list<IpAddress>::iterator place;  // in recent_
  };
  using Scores = std::unordered_map<IpAddress, Scored>;

  int valid_score(const std::vector<Event>& events, WallTime now) const;
  void ban(const IpAddress& address, WallTime end);
  void set_ban_end(Bans::iterator ban, WallTime end);
  void erase(Bans::iterator ban);
  void erase(Scores::iterator scored);
  void keep_limits(WallTime now);

  DefenderSettings settings_;
  TrackChanges track_;
  Bans bans_;
  std::set<std::pair<WallTime, IpAddress>> ends_;  // of bans_
  Scores scores_;
  std::list<IpAddress> recent_;  // of scores_, the address with the oldest last event first
  std::unordered_set<IpAddress> changed_;
};

}  // namespace slipway::admission
