#include "core/session/account_checks.h"

#include <algorithm>
#include <ctime>

#include "core/base/ip_network.h"

namespace slipway::session {
namespace {

using accounts::User;

std::int64_t unix_ms(std::chrono::system_clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

Error denied(const User& user, std::string reason) {
  return {Errc::PermissionDenied, user.username, std::move(reason)};
}

bool password_expired(const User& user, std::int64_t now_ms) {
  constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;
  return user.filters.password_expiration > 0 &&
         user.last_password_change + user.filters.password_expiration * kDayMs < now_ms;
}

}  // namespace

bool within_access_time(const std::vector<accounts::TimePeriod>& windows, std::chrono::system_clock::time_point now,
                        bool local_time) {
  if (windows.empty()) return true;
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  if (local_time)
    ::localtime_r(&seconds, &parts);
  else
    ::gmtime_r(&seconds, &parts);
  char clock[6];
  std::strftime(clock, sizeof clock, "%H:%M", &parts);
  return std::ranges::any_of(windows, [&](const accounts::TimePeriod& window) {
    return window.day_of_week == parts.tm_wday && window.from <= clock && clock <= window.to;
  });
}

Status check_still_valid(const User& user, std::chrono::system_clock::time_point now, bool local_time) {
  if (user.status != 1) return denied(user, "the account is disabled");
  if (user.expiration_date > 0 && user.expiration_date < unix_ms(now)) return denied(user, "the account has expired");
  if (!within_access_time(user.filters.access_time, now, local_time))
    return denied(user, "login is not allowed at this time");
  return ok();
}

bool must_change_password(const User& user, std::chrono::system_clock::time_point now) {
  return user.filters.require_password_change || password_expired(user, unix_ms(now));
}

std::vector<std::string> missing_second_factors(const User& user) {
  std::vector<std::string> missing;
  for (const auto& protocol : user.filters.two_factor_protocols)
    if (!has_totp(user, protocol)) missing.push_back(protocol);
  return missing;
}

Status check_account(const User& user, const LoginFacts& facts) {
  SLIPWAY_TRY(check_still_valid(user, facts.now, facts.local_time));
  const auto& filters = user.filters;
  if (contains(filters.denied_protocols, facts.protocol))
    return denied(user, "protocol " + std::string(facts.protocol) + " is not allowed");

  if (facts.protocol != "HTTP" && contains(filters.two_factor_protocols, facts.protocol) &&
      !has_totp(user, facts.protocol))
    return denied(user, "a second factor is required for " + std::string(facts.protocol) + " and is not set");

  // Both lists may name an address; the denied one decides (the observed edition lets the allowed one win).
  if (in_any_network(facts.address, filters.denied_ip) ||
      (!filters.allowed_ip.empty() && !in_any_network(facts.address, filters.allowed_ip)))
    return denied(user, "login is not allowed from this address: " + std::string(facts.address));
  return ok();
}

Status check_password_age(const User& user, const LoginFacts& facts) {
  if (!facts.password_used || facts.protocol == "HTTP" || user.filters.is_anonymous) return ok();
  if (user.filters.require_password_change) return denied(user, "the password must be changed before it can be used");
  if (password_expired(user, unix_ms(facts.now))) return denied(user, "the password has expired and must be changed");
  return ok();
}

bool has_totp(const User& user, std::string_view protocol) {
  const auto& totp = user.filters.totp_config;
  return totp.enabled && contains(totp.protocols, protocol);
}

}  // namespace slipway::session
