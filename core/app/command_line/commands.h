// The subcommands of the program, each a function that takes what the command line said and returns the exit code: 0,
// or 1 after telling on standard error what went wrong.
#pragma once

#include <string>
#include <vector>

#include "core/app/command_line/command_info.h"
#include "core/config/configuration.h"

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
