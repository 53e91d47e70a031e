#include "core/admission/defender_table.h"

#include <algorithm>

namespace slipway::admission {
namespace {

constexpr std::size_t kMaxEvents = 64;  // of one address; beyond it the two oldest become one
constexpr std::size_t kMaxChanged = 200'000;
constexpr std::chrono::hours kLongestBan{24 * 365};

}  // namespace

void DefenderTable::mark_changed(const IpAddress& address) {
  // Beyond the limit a row stays in the database until it is read again, and found to be over.
  if (track_ == TrackChanges::Yes && changed_.size() < kMaxChanged) changed_.insert(address);
}

int DefenderTable::valid_score(const std::vector<Event>& events, WallTime now) const {
  const WallTime begin = now - settings_.observation_time;
  std::int64_t sum = 0;
  for (const Event& event : events)
    if (event.at > begin) sum += event.score;
  return static_cast<int>(std::min<std::int64_t>(sum, INT32_MAX));
}

void DefenderTable::set_ban_end(Bans::iterator ban, WallTime end) {
  ends_.erase({ban->second, ban->first});
  ban->second = end;
  ends_.emplace(end, ban->first);
  mark_changed(ban->first);
}

void DefenderTable::ban(const IpAddress& address, WallTime end) {
  set_ban_end(bans_.try_emplace(address, WallTime::min()).first, end);
}

void DefenderTable::erase(Bans::iterator ban) {
  ends_.erase({ban->second, ban->first});
  mark_changed(ban->first);
  bans_.erase(ban);
}

void DefenderTable::erase(Scores::iterator scored) {
  recent_.erase(scored->second.place);
  mark_changed(scored->first);
  scores_.erase(scored);
}

DefenderTable::Added DefenderTable::add(const IpAddress& address, int score, WallTime now) {
  if (score <= 0 || is_banned(address, now, Visit::Look)) return {.ignored = true};
  const auto [scored, is_new] = scores_.try_emplace(address);
  if (is_new)
    scored->second.place = recent_.insert(recent_.end(), address);
  else
    recent_.splice(recent_.end(), recent_, scored->second.place);
  mark_changed(address);

  auto& events = scored->second.events;
  const WallTime begin = now - settings_.observation_time;
  std::erase_if(events, [&](const Event& event) { return event.at <= begin; });
  events.push_back({now, score});
  if (events.size() > kMaxEvents) {
    events[1].score += events[0].score;
    events.erase(events.begin());
  }
  Added added{.score = valid_score(events, now)};
  if (added.score >= settings_.threshold) {
    added.banned = true;
    erase(scored);
    ban(address, now + settings_.ban_time);
  }
  keep_limits(now);
  return added;
}

void DefenderTable::keep_limits(WallTime now) {
  if (bans_.size() > settings_.entries_hard_limit) {
    while (!ends_.empty() && ends_.begin()->first <= now) erase(bans_.find(ends_.begin()->second));
    while (bans_.size() > settings_.entries_soft_limit) erase(bans_.find(ends_.begin()->second));
  }
  if (scores_.size() > settings_.entries_hard_limit)
    while (scores_.size() > settings_.entries_soft_limit) erase(scores_.find(recent_.front()));
}

bool DefenderTable::is_banned(const IpAddress& address, WallTime now, Visit visit) {
  const auto ban = bans_.find(address);
  if (ban == bans_.end()) return false;
  if (ban->second <= now) {
    erase(ban);
    return false;
  }
  if (visit == Visit::Return) {
    const std::chrono::minutes more(settings_.ban_time.count() * settings_.ban_time_increment / 100);
    set_ban_end(ban, std::min(ban->second + std::max(more, std::chrono::minutes(1)), now + kLongestBan));
  }
  return true;
}

std::optional<DefenderTable::Host> DefenderTable::find(const IpAddress& address, WallTime now) const {
  if (const auto ban = bans_.find(address); ban != bans_.end() && ban->second > now)
    return Host{.address = address, .ban_end = ban->second};
  const auto scored = scores_.find(address);
  if (scored == scores_.end()) return std::nullopt;
  Host host{.address = address, .score = valid_score(scored->second.events, now), .events = scored->second.events};
  if (host.score == 0) return std::nullopt;
  return host;
}

std::vector<DefenderTable::Host> DefenderTable::hosts(WallTime now) const {
  std::vector<Host> all;
  for (const auto& [address, end] : bans_)
    if (end > now) all.push_back({.address = address, .ban_end = end});
  for (const auto& [address, scored] : scores_)
    if (const int score = valid_score(scored.events, now); score > 0)
      all.push_back({.address = address, .score = score});
  std::ranges::sort(all, [](const Host& a, const Host& b) {
    const auto end = [](const Host& host) { return host.ban_end.value_or(WallTime::min()); };
    if (end(a) != end(b)) return end(a) > end(b);
    if (a.score != b.score) return a.score > b.score;
    return a.address < b.address;
  });
  return all;
}

bool DefenderTable::remove(const IpAddress& address, WallTime now) {
  const bool known = find(address, now).has_value();
  if (const auto ban = bans_.find(address); ban != bans_.end()) erase(ban);
  if (const auto scored = scores_.find(address); scored != scores_.end()) erase(scored);
  return known;
}

void DefenderTable::prune(WallTime now) {
  while (!ends_.empty() && ends_.begin()->first <= now) erase(bans_.find(ends_.begin()->second));
  const WallTime begin = now - settings_.observation_time;
  while (!recent_.empty()) {
    const auto oldest = scores_.find(recent_.front());
    if (oldest->second.events.back().at > begin) break;
    erase(oldest);
  }
}

void DefenderTable::restore(const Host& host, WallTime now) {
  remove(host.address, now);
  if (host.ban_end && *host.ban_end > now) {
    ban(host.address, std::min(*host.ban_end, now + kLongestBan));
  } else if (valid_score(host.events, now) > 0) {
    Scored scored{.events = host.events, .place = recent_.insert(recent_.end(), host.address)};
    std::ranges::stable_sort(scored.events, {}, &Event::at);
    scores_.emplace(host.address, std::move(scored));
    changed_.erase(host.address);
  } else {
    mark_changed(host.address);  // what the database has of it is over
    return;
  }
  changed_.erase(host.address);
  keep_limits(now);
}

std::vector<IpAddress> DefenderTable::take_changed() {
  std::vector<IpAddress> taken(changed_.begin(), changed_.end());
  changed_.clear();
  return taken;
}

}  // namespace slipway::admission
