// The subcommands of the program, each a function that takes what the command line said and returns the exit code: 0,
// or 1 after telling on standard error what went wrong.
#pragma once

#include <chrono>
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

// ping: 0 when a server answers on this configuration's control socket.
int ping(const Location&);
// manage: one operation; `input` is a JSON object, "-" reads it from standard input.
int manage(const Location&, const std::string& operation, const std::string& input);
int list_operations();
int init_provider(const Location&);

struct ResetAdminOptions {
  std::string admin;
  bool password = false, two_factor = false, restrictions = false;
};
int reset_admin(const Location&, const ResetAdminOptions&);

struct PortableOptions {
  std::string directory = ".", username, password, password_file, start_directory;
  std::vector<std::string> public_keys, permissions = {"list", "download"}, allowed_patterns, denied_patterns;
  int sftp_port = 0;  // 0: a free one
  std::chrono::seconds grace_time{0};
  log::Settings log{.level = LogLevel::Info};
};
int serve_portable(const PortableOptions&);

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
