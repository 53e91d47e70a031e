#include "core/session/account_checks.h"

#include <gtest/gtest.h>

namespace slipway::session {
namespace {

using namespace std::chrono;

// Wednesday, 2026-11-18 10:30 UTC.
constexpr sys_seconds kNow = sys_days{2026y / November / 18} + 10h + 30min;

accounts::User enabled() {
  accounts::User user;
  user.username = "anna";
  user.status = 1;
  return user;
}

Status check(const accounts::User& user, std::string_view protocol = "SSH", std::string_view address = "192.0.2.7") {
  return check_account(user, {protocol, true, address, kNow, false});
}
Status check_age(const accounts::User& user, std::string_view protocol = "SSH", bool password_used = true) {
  return check_password_age(user, {protocol, password_used, "192.0.2.7", kNow, false});
}

TEST(AccountChecks, APlainEnabledAccountMayLogIn) { EXPECT_TRUE(check(enabled())); }

TEST(AccountChecks, DisabledAndExpiredAccountsMayNot) {
  auto user = enabled();
  user.status = 0;
  EXPECT_EQ(check(user).code(), Errc::PermissionDenied);
  user = enabled();
  user.expiration_date = duration_cast<milliseconds>(kNow.time_since_epoch()).count() - 1;
  EXPECT_EQ(check(user).code(), Errc::PermissionDenied);
  user.expiration_date += 2;
  EXPECT_TRUE(check(user));
}

TEST(AccountChecks, DeniedProtocolsAreRefused) {
  auto user = enabled();
  user.filters.denied_protocols = {"SSH"};
  EXPECT_FALSE(check(user));
  EXPECT_TRUE(check(user, "FTP"));
}

TEST(AccountChecks, AccessWindowsIncludeBothEnds) {
  auto user = enabled();
  user.filters.access_time = {{3, "10:30", "10:30"}};
  EXPECT_TRUE(check(user));
  user.filters.access_time = {{3, "10:31", "23:59"}, {2, "00:00", "23:59"}};
  EXPECT_FALSE(check(user));
}

TEST(AccountChecks, AddressListsAreHonoured) {
  auto user = enabled();
  user.filters.allowed_ip = {"192.0.2.0/24"};
  EXPECT_TRUE(check(user));
  EXPECT_FALSE(check(user, "SSH", "198.51.100.1"));
  user.filters.denied_ip = {"192.0.2.7/32"};
  EXPECT_FALSE(check(user));
  EXPECT_TRUE(check(user, "SSH", "192.0.2.8"));
}

TEST(AccountChecks, AForcedPasswordChangeStopsPasswordsOnly) {
  auto user = enabled();
  user.filters.require_password_change = true;
  EXPECT_FALSE(check_age(user));
  EXPECT_TRUE(check_age(user, "SSH", false));
  EXPECT_TRUE(check_age(user, "HTTP"));
  EXPECT_TRUE(check(user)) << "a key may do";
  user.filters.require_password_change = false;
  user.filters.password_expiration = 1;
  user.last_password_change = 1;
  EXPECT_FALSE(check_age(user));
  EXPECT_TRUE(check_age(user, "SSH", false));
}

TEST(AccountChecks, AMissingSecondFactorIsRefused) {
  auto user = enabled();
  user.filters.two_factor_protocols = {"SSH"};
  EXPECT_FALSE(check(user));
  EXPECT_TRUE(check(user, "FTP"));
  user.filters.two_factor_protocols = {"SSH", "HTTP"};
  EXPECT_TRUE(check(user, "HTTP")) << "that is where a second factor is set";
  user.filters.totp_config.enabled = true;
  user.filters.totp_config.protocols = {"SSH"};
  EXPECT_TRUE(check(user));
  EXPECT_TRUE(has_totp(user, "SSH"));
  EXPECT_FALSE(has_totp(user, "FTP"));
}

}  // namespace
}  // namespace slipway::session
