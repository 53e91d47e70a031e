// The subcommands of the program, each a function that takes what the command line said and returns the exit code: 0,
// or 1 after telling on standard error what went wrong.
#pragma once

#include <boost/json/fwd.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "core/app/command_line/command_info.h"
#include "core/config/configuration.h"
#include "core/log/log.h"

namespace slipway::app {

using Location = config::Configuration::Location;

// config validate: every problem of the configuration with its place; 1 when the server would not start with it.
int validate_configuration(const Location&);
// config show: the core's sections as they are in effect, as JSON, secrets hidden.
int show_configuration(const Location&);
// config defaults, config reference: what conf/slipway.json and docs/configuration-reference.md are made with.
int print_default_configuration();
int print_configuration_reference();

int list_modules(const Location&);
// 1 when the server would not start because of a module.
int check_modules(const Location&);
int describe_module(const Location&, const std::string& name, bool markdown);
// modules enable, modules disable: in the running server.
int switch_module(const Location&, const std::string& instance, bool on);

// ping: 0 when a server answers on this configuration's control socket.
int ping(const Location&);
// smtptest: a mail to `recipient` through the running server.
int test_mail(const Location&, const std::string& recipient);
// manage: one operation; `input` is a JSON object, "-" reads it from standard input.
int manage(const Location&, const std::string& operation, const std::string& input);
int list_operations();

struct InitProviderOptions {
  std::string loaddata_from;  // empty: none
  int loaddata_mode = 1;      // 0 add and update, 1 add only
  bool loaddata_clean = false;
};
// initprovider: makes the database or brings it up to date, then loads a dump if one is named.
int init_provider(const Location&, const InitProviderOptions&);

struct ResetAdminOptions {
  std::string admin;
  bool password = false, two_factor = false, restrictions = false;
};
using PasswordSource = std::function<Result<std::string>()>;
// resetadmin: tells on standard output what it removed.
int reset_admin(const Location&, const ResetAdminOptions&, const PasswordSource& new_password);
// Asks twice, without echo; without a terminal reads two lines of standard input.
Result<std::string> ask_new_password();

struct PortablePort {
  std::string section;  // of the configuration: "sftpd"
  int port = -1;        // 0: any free one; below: off
};

struct PortableOptions {
  Location location;
  log::Settings log{.level = LogLevel::Warn};
  std::chrono::seconds grace_time{0};
  std::string directory = ".", username, password, password_file, start_directory = "/";
  // Patterns are written "/folder::*.jpg,*.png".
  std::vector<std::string> public_keys, permissions = {"list", "download"}, allowed_patterns, denied_patterns;
  std::vector<PortablePort> ports;
};
// portable: the configuration applies but for the database, which is a temporary one, and the ports. Returns when the
// server is told to stop.
int serve_portable(const PortableOptions&);

// The patterns as the `file_patterns` of a user, allowed and denied ones of a folder together. InvalidArgument for a
// text without "::" or with a relative path.
Result<boost::json::array> portable_patterns(const std::vector<std::string>& allowed,
                                             const std::vector<std::string>& denied);

int print_completion(const CommandInfo& program, const std::string& shell);
int print_manual(const CommandInfo& program);
int print_version();

// "0.1.0", and the line that --version prints.
std::string version();
std::string version_line();

// The program's own file, for what stands beside it; empty when the system does not tell.
std::string executable_path();
// "slipway: subject: cause" on standard error; returns 1.
int fail(const Error&);

}  // namespace slipway::app
