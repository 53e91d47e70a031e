// resetadmin: gives an administrator back who is locked out.
#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <string>

#include "core/app/command_line/offline.h"
#include "core/crypto/passwords.h"

namespace slipway::app {
namespace {

// One line from the terminal without echo, or from standard input where there is none.
std::string ask(const char* prompt) {
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  termios before{};
  if (terminal) {
    std::cerr << prompt << std::flush;
    ::tcgetattr(STDIN_FILENO, &before);
    termios quiet = before;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
  }
  std::string line;
  std::getline(std::cin, line);
  if (terminal) {
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
    std::cerr << '\n';
  }
  return line;
}

Status reset(const Location& location, const ResetAdminOptions& options, const PasswordSource& new_password) {
  if (!options.password && !options.two_factor && !options.restrictions)
    return Error(Errc::InvalidArgument, "resetadmin",
                 "say what: --reset-password, --reset-two-factor, --reset-restrictions");
  SLIPWAY_ASSIGN(const Offline offline, open_offline(location, Migrate::AsConfigured));
  accounts::Accounts& accounts = *offline.rooms->accounts;
  Actor system;
  system.name = "__system__";
  SLIPWAY_ASSIGN(accounts::Admin admin, accounts.admins().get(options.admin));
  // Asked for first: who gives up here has changed nothing.
  std::string password;
  if (options.password) {
    SLIPWAY_ASSIGN(password, new_password());
  }
  if (options.two_factor) {
    const bool had = admin.filters.totp_config.enabled;
    SLIPWAY_TRY(accounts.second_factors().set(accounts::AccountKind::Admin, admin.username, {}, system));
    std::cout << (had ? "two-factor authentication was removed\n" : "two-factor authentication was not set\n");
  }
  if (options.restrictions) {
    SLIPWAY_ASSIGN(admin, accounts.admins().get(options.admin));
    if (admin.status != 1) std::cout << "the administrator was enabled\n";
    if (!admin.filters.allow_list.empty()) std::cout << "the list of allowed addresses was removed\n";
    if (admin.filters.disable_password_auth) std::cout << "password logins were allowed\n";
    admin.status = 1;
    admin.filters.allow_list.clear();
    admin.filters.disable_password_auth = false;
    admin.password.clear();  // keeps the stored one
    SLIPWAY_TRY(accounts.admins().update(std::move(admin), system));
  }
  if (options.password) {
    const Status changed = accounts.change_admin_password(options.admin, password, system);
    crypto::wipe(password);
    SLIPWAY_TRY(changed);
    std::cout << "the password was changed\n";
  }
  return ok();
}

}  // namespace

Result<std::string> ask_new_password() {
  std::string first = ask("New password: ");
  std::string second = ask("Again: ");
  const bool same = first == second;
  crypto::wipe(second);
  if (same && !first.empty()) return first;
  crypto::wipe(first);
  return Error(Errc::InvalidArgument, "password", same ? "must not be empty" : "the two passwords differ");
}

int reset_admin(const Location& location, const ResetAdminOptions& options, const PasswordSource& new_password) {
  const Status done = reset(location, options, new_password);
  return done ? 0 : fail(done.error());
}

}  // namespace slipway::app
