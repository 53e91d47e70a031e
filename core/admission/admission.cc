#include "core/admission/admission.h"

#include <algorithm>

#include "core/log/log.h"

namespace slipway::admission {
namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 5s;             // between looks at the lists' version, and between writes of the defender
constexpr auto kShortestRest = 100ms;  // so that many changes in a row are read together

Error denied(const Caller& caller, std::string cause) {
  return {Errc::PermissionDenied, std::string(caller.address), std::move(cause)};
}

// The lists come before the account protocols whose clients get an answer in words.
bool ban_comes_first(ProtocolMask protocol) { return (protocol & (protocol_bit("DAV") | protocol_bit("HTTP"))) == 0; }

}  // namespace

// What the lists say of a caller.
struct Admission::Who {
  std::optional<IpAddress> address;
  ProtocolMask protocol = 0;
  bool defended = false;    // the defender is on and the address is not trusted
  bool allow_list = false;  // only listed addresses may connect
  bool listed = false;      // in the allow list
  bool trusted = false, safe = false;
  std::optional<ListMode> said;  // by the defender's list

  bool spared() const noexcept { return !defended || said == ListMode::Allow; }
};

Admission::Admission(accounts::AccountStore& store, AdmissionSettings settings, Clocks clocks)
    : clocks_(std::move(clocks)), lists_(store), defender_(store, settings.defender, clocks_.wall) {
  configure(std::move(settings));
}

Admission::~Admission() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  write_defender();
}

Status Admission::start() {
  SLIPWAY_TRY(lists_.refresh());
  SLIPWAY_TRY(defender_.load());
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  return ok();
}

void Admission::configure(AdmissionSettings settings) {
  defender_.configure(settings.defender);
  std::lock_guard lock(mutex_);
  Limiters fresh;
  for (const auto& wanted : settings.rate_limiters) {
    if (wanted.average <= 0) continue;
    const auto same = std::ranges::find_if(*limiters_, [&](const auto& limiter) {
      return limiter->settings() == wanted && std::ranges::find(fresh, limiter) == fresh.end();
    });
    fresh.push_back(same != limiters_->end() ? *same : std::make_shared<RateLimiter>(wanted));
  }
  limiters_ = std::make_shared<const Limiters>(std::move(fresh));
  settings_ = std::move(settings);
}

AdmissionSettings Admission::settings() const {
  std::lock_guard lock(mutex_);
  return settings_;
}

void Admission::changed() {
  std::lock_guard lock(work_mutex_);
  work_waits_ = true;
  wake_.notify_one();
}

Admission::Who Admission::identify(const Caller& caller) const {
  Who who;
  {
    std::lock_guard lock(mutex_);
    who.defended = settings_.defender.enabled;
    who.allow_list = settings_.allow_list;
  }
  who.protocol = protocol_bit(caller.protocol);
  who.address = IpAddress::parse(caller.address);
  if (!who.address) {
    who.defended = false;
    return who;
  }
  const auto lists = lists_.current();
  who.listed = lists->allow.find(*who.address, who.protocol).has_value();
  who.trusted = lists->trusted.find(*who.address, who.protocol).has_value();
  if (who.trusted) {
    who.defended = false;
    return who;
  }
  if (who.defended) who.said = lists->defender.find(*who.address, who.protocol);
  who.safe = lists->safe.find(*who.address, who.protocol).has_value();
  return who;
}

Status Admission::check_ban(const Caller& caller, const Who& who) {
  if (who.spared()) return ok();
  if (who.said == ListMode::Deny) return denied(caller, "the address is denied by the defender list");
  if (defender_.is_banned(*who.address, DefenderTable::Visit::Return)) return denied(caller, "the address is banned");
  return ok();
}

Status Admission::take(const Caller& caller, const Who& who, const TakePlace& take_place) {
  if (who.allow_list && !who.listed) return denied(caller, "the address is not in the allow list");
  const bool waived = who.trusted || (who.defended && who.said == ListMode::Allow);
  auto taken = take_place(waived ? HostCap::Waived : HostCap::Applies);
  if (taken) return ok();
  if (taken.code() != Errc::QuotaExceeded) return taken;
  report(caller, Violation::LimitExceeded);
  return Error(Errc::PermissionDenied, std::string(caller.address), taken.error().cause(), true);
}

Result<std::chrono::nanoseconds> Admission::wait_for_limits(const Caller& caller, const Who& who) {
  std::chrono::nanoseconds delay{0};
  if (who.trusted || who.safe) return delay;
  std::shared_ptr<const Limiters> limiters;
  {
    std::lock_guard lock(mutex_);
    limiters = limiters_;
  }
  for (const auto& limiter : *limiters) {
    if (!limiter->applies_to(who.protocol)) continue;
    const bool of_source = limiter->settings().type == RateLimiterSettings::Type::Source;
    if (of_source && !who.address) continue;
    const auto reserved = limiter->reserve(who.address.value_or(IpAddress()), clocks_.steady());
    if (!reserved.granted) {
      if (of_source && limiter->settings().generate_defender_events) report(caller, Violation::LimitExceeded);
      return Error(Errc::Unavailable, std::string(caller.address),
                   "rate limit exceed, wait time to respect rate " + duration_text(reserved.delay) +
                       ", max wait time allowed " + duration_text(limiter->longest_delay()),
                   true);
    }
    delay = std::max(delay, reserved.delay);
  }
  return delay;
}

Result<std::chrono::nanoseconds> Admission::admit(const Caller& caller, const TakePlace& take_place) {
  const Who who = identify(caller);
  if (ban_comes_first(who.protocol)) {
    SLIPWAY_TRY(check_ban(caller, who));
    SLIPWAY_TRY(take(caller, who, take_place));
  } else {
    SLIPWAY_TRY(take(caller, who, take_place));
    SLIPWAY_TRY(check_ban(caller, who));
  }
  return wait_for_limits(caller, who);
}

void Admission::report(const Caller& caller, Violation violation) {
  const Who who = identify(caller);
  if (who.spared()) return;
  if (defender_.report(*who.address, caller.protocol, violation)) changed();
}

bool Admission::is_banned(const Caller& caller) {
  const Who who = identify(caller);
  if (who.spared()) return false;
  return who.said == ListMode::Deny || defender_.is_banned(*who.address, DefenderTable::Visit::Look);
}

bool Admission::is_trusted(const Caller& caller) const { return identify(caller).trusted; }

void Admission::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(work_mutex_);
      wake_.wait_for(lock, stop, kLook, [&] { return work_waits_; });
      work_waits_ = false;
    }
    if (stop.stop_requested()) return;
    refresh_lists();
    write_defender();
    std::unique_lock lock(work_mutex_);
    wake_.wait_for(lock, stop, kShortestRest, [] { return false; });
  }
}

void Admission::refresh_lists() {
  const auto read = lists_.refresh();
  if (!read && !lists_failed_)
    log::error("defender", "the IP lists cannot be read; those read before stay in use",
               {{"error", read.error().message()}});
  lists_failed_ = !read;
  if (read && *read) {
    const auto lists = lists_.current();
    log::debug("defender", "IP lists read",
               {{"allow", lists->allow.size()},
                {"defender", lists->defender.size()},
                {"safe", lists->safe.size()},
                {"trusted", lists->trusted.size()}});
  }
}

void Admission::write_defender() {
  const auto written = defender_.flush();
  if (!written && !write_failed_)
    log::error("defender", "bans cannot be written to the database; they hold in memory",
               {{"error", written.error().message()}});
  write_failed_ = !written;
}

}  // namespace slipway::admission
