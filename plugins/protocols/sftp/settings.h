// The module's options as values.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "algorithms.h"
#include "command_set.h"
#include "slipway/option.h"

namespace slipway::sftp {

struct Binding {
  std::string address;  // empty: all interfaces
  std::uint16_t port = 2022;
  bool apply_proxy_config = true;
  bool operator==(const Binding&) const = default;
};

struct Settings {
  std::vector<Binding> bindings;  // without those that are off
  int max_auth_tries = 6;         // 0: no limit
  std::vector<std::string> host_key_files, host_certificate_files;
  AlgorithmSettings algorithms;
  std::string banner_file;                           // empty: none
  std::vector<std::string> trusted_authority_files;  // of user certificates; without any, none is accepted
  std::string revoked_file;                          // empty: nothing is revoked
  std::string verifier_path, verifier_checksum;      // of the program that verifies OpenPubkey's; empty: none, any
  std::vector<std::string> commands;                 // known_commands() of enabled_ssh_commands
  std::vector<std::string> unknown_commands;         // what it named besides
  std::chrono::milliseconds login_grace{std::chrono::minutes(2)};
  std::chrono::milliseconds keepalive{0};       // 0: none
  std::uint64_t rekey_bytes = 0;                // 0: as the cipher needs it
  std::chrono::milliseconds rekey_interval{0};  // 0: never
  bool password_authentication = true, keyboard_interactive_authentication = true;
  std::string interactive_hook;  // empty: none
};

// Without any binding configured there is one on port 2022. InvalidArgument for algorithms that are not possible.
Result<Settings> read_settings(const OptionView& options);

// The switches of the environment that are about this module, as the server was started.
struct SwitchSettings {
  bool dot_entries = true;                      // listings have `.` and `..`
  std::string system_name{kDefaultSystemName};  // what uname prints: one line of at most 4096 bytes
};
SwitchSettings read_switches(const OptionView& switches);

}  // namespace slipway::sftp
