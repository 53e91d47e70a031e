#include "core/admission/defender.h"

#include <algorithm>

#include "core/log/log.h"

namespace slipway::admission {
namespace {

constexpr std::string_view kSender = "defender";
// With a database the configured limits are those of lists; what is remembered has limits of its own.
constexpr std::size_t kProviderSoftLimit = 90'000, kProviderHardLimit = 100'000;
constexpr std::size_t kBatch = 256;  // hosts written in one transaction

DefenderSettings for_table(DefenderSettings settings, DefenderSettings::Driver driver) {
  if (driver == DefenderSettings::Driver::Provider) {
    settings.entries_soft_limit = kProviderSoftLimit;
    settings.entries_hard_limit = kProviderHardLimit;
  }
  return settings;
}

DefenderTable::TrackChanges tracking(DefenderSettings::Driver driver) {
  return driver == DefenderSettings::Driver::Provider ? DefenderTable::TrackChanges::Yes
                                                      : DefenderTable::TrackChanges::No;
}

std::int64_t ms(WallTime at) { return at.time_since_epoch().count(); }
WallTime from_ms(std::int64_t at) { return WallTime(std::chrono::milliseconds(at)); }

}  // namespace

WallTime wall_now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

Defender::Defender(accounts::AccountStore& store, const DefenderSettings& settings, WallClock clock)
    : store_(store),
      clock_(std::move(clock)),
      driver_(settings.driver),
      settings_(settings),
      table_(for_table(settings, driver_), tracking(driver_)) {}

void Defender::configure(const DefenderSettings& settings) {
  if (settings.driver != driver_)
    log::warn(kSender, "the driver of the defender changes with the next start", {{"key", "common.defender.driver"}});
  std::lock_guard lock(mutex_);
  settings_ = settings;
  table_.configure(for_table(settings, driver_));
}

bool Defender::enabled() const {
  std::lock_guard lock(mutex_);
  return settings_.enabled;
}

Status Defender::load() {
  if (driver_ != DefenderSettings::Driver::Provider) return ok();
  SLIPWAY_ASSIGN(auto stored, store_.defender_hosts());
  // In the order of the last events, which is the order in which scores are forgotten.
  std::ranges::stable_sort(stored, {},
                           [](const auto& host) { return host.events.empty() ? 0 : host.events.back().at; });
  std::lock_guard lock(mutex_);
  const WallTime now = clock_();
  for (const auto& row : stored) {
    const auto address = IpAddress::parse(row.ip);
    if (!address) continue;
    DefenderTable::Host host{.address = *address};
    if (row.ban_time > 0) host.ban_end = from_ms(row.ban_time);
    for (const auto& event : row.events)
      host.events.push_back({from_ms(event.at), static_cast<int>(std::clamp<std::int64_t>(event.score, 0, INT32_MAX))});
    table_.restore(host, now);
  }
  return ok();
}

Status Defender::flush() {
  std::vector<IpAddress> changed;
  std::vector<std::optional<DefenderTable::Host>> states;
  const WallTime now = clock_();
  {
    std::lock_guard lock(mutex_);
    table_.prune(now);
    changed = table_.take_changed();
    states.reserve(changed.size());
    for (const auto& address : changed) states.push_back(table_.find(address, now));
  }
  for (std::size_t begin = 0; begin < changed.size(); begin += kBatch) {
    const std::size_t end = std::min(changed.size(), begin + kBatch);
    const auto written = store_.in_transaction([&]() -> Status {
      for (std::size_t i = begin; i < end; ++i) {
        accounts::DefenderHost row{.ip = changed[i].to_string(), .updated_at = ms(now)};
        if (!states[i]) {
          SLIPWAY_TRY(store_.remove_defender_host(row.ip));
          continue;
        }
        if (states[i]->ban_end) row.ban_time = ms(*states[i]->ban_end);
        for (const auto& event : states[i]->events) row.events.push_back({ms(event.at), event.score});
        SLIPWAY_TRY(store_.put_defender_host(row));
      }
      return ok();
    });
    if (!written) {
      std::lock_guard lock(mutex_);
      for (std::size_t i = begin; i < changed.size(); ++i) table_.mark_changed(changed[i]);
      return written.error();
    }
  }
  return ok();
}

bool Defender::report(const IpAddress& address, std::string_view protocol, Violation violation) {
  DefenderTable::Added added;
  int score = 0;
  {
    std::lock_guard lock(mutex_);
    if (!settings_.enabled) return false;
    score = settings_.score(violation);
    added = table_.add(address, score, clock_());
  }
  if (added.ignored) return false;
  const std::string ip = address.to_string();
  log::debug(kSender, "event",
             {{"client_ip", ip},
              {"protocol", protocol},
              {"event", to_string(violation)},
              {"increase_score_by", score},
              {"score", added.score}});
  if (added.banned) log::info(kSender, "banned", {{"client_ip", ip}, {"protocol", protocol}, {"event", "banned"}});
  return added.banned;
}

bool Defender::is_banned(const IpAddress& address, DefenderTable::Visit visit) {
  std::lock_guard lock(mutex_);
  return settings_.enabled && table_.is_banned(address, clock_(), visit);
}

std::vector<DefenderTable::Host> Defender::hosts() const {
  std::lock_guard lock(mutex_);
  auto all = table_.hosts(clock_());
  if (all.size() > settings_.entries_hard_limit) all.resize(settings_.entries_hard_limit);
  return all;
}

std::optional<DefenderTable::Host> Defender::find(const IpAddress& address) const {
  std::lock_guard lock(mutex_);
  return table_.find(address, clock_());
}

bool Defender::remove(const IpAddress& address) {
  std::lock_guard lock(mutex_);
  return table_.remove(address, clock_());
}

}  // namespace slipway::admission
