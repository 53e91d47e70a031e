#include "command_set.h"

#include <algorithm>
#include <array>

#include "command_line.h"
#include "scp_command.h"
#include "shell_command.h"

namespace slipway::sftp {
namespace {

constexpr std::array<std::string_view, 11> kNames{"scp",           "md5sum", "sha1sum", "sha256sum", "sha384sum",
                                                  "sha512sum",     "cd",     "pwd",     "uname",     "slipway-copy",
                                                  "slipway-remove"};

// The name in the table above; names of compatible servers are ours too.
std::string_view own_name(std::string_view name) {
  if (name == "sftpgo-copy") return "slipway-copy";
  if (name == "sftpgo-remove") return "slipway-remove";
  return name;
}

}  // namespace

std::vector<std::string> known_commands(const std::vector<std::string>& wanted, std::vector<std::string>& unknown) {
  if (std::find(wanted.begin(), wanted.end(), "*") != wanted.end()) return {kNames.begin(), kNames.end()};
  std::vector<std::string> known;
  for (const auto& name : wanted) {
    const std::string own(own_name(name));
    if (std::find(kNames.begin(), kNames.end(), own) == kNames.end()) {
      unknown.push_back(name);
    } else if (std::find(known.begin(), known.end(), own) == known.end()) {
      known.push_back(own);
    }
  }
  return known;
}

std::optional<CommandSet::Prepared> CommandSet::prepare(const std::string& line) const {
  auto words = split_command_line(line);
  if (!words || words->empty()) return std::nullopt;
  CommandWords command;
  command.line = line;
  command.name = std::move(words->front());
  words->erase(words->begin());
  command.arguments = std::move(*words);
  const std::string own(own_name(command.name));
  if (std::find(enabled_.begin(), enabled_.end(), own) == enabled_.end()) return std::nullopt;

  if (own == "scp") return Prepared{"SCP", make_scp_command(command.arguments)};
  constexpr std::string_view kProtocol = "SSH";
  if (own == "cd") return Prepared{kProtocol, make_cd_command(std::move(command))};
  if (own == "pwd") return Prepared{kProtocol, make_pwd_command(std::move(command))};
  if (own == "uname") return Prepared{kProtocol, make_uname_command(std::move(command), system_)};
  if (own == "slipway-copy") return Prepared{kProtocol, make_copy_command(std::move(command))};
  if (own == "slipway-remove") return Prepared{kProtocol, make_remove_command(std::move(command))};
  // The rest are hashes: "sha256sum".
  return Prepared{kProtocol, make_hash_command(std::move(command), std::string_view(own).substr(0, own.size() - 3))};
}

}  // namespace slipway::sftp
