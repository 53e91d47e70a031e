// The commands that clients may have executed.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "command.h"

namespace slipway::sftp {

inline constexpr std::string_view kDefaultSystemName = "Linux slipway 1.0.0 #1 SMP Slipway x86_64 GNU/Linux";

// Of sftpd.enabled_ssh_commands: the names that are commands of this server, each under its own name, without repeats;
// "*" is all of them. What is none goes to `unknown`.
std::vector<std::string> known_commands(const std::vector<std::string>& wanted, std::vector<std::string>& unknown);

// Immutable.
class CommandSet {
 public:
  // `enabled` as known_commands() gives it; `system` is what uname prints.
  CommandSet(std::vector<std::string> enabled, std::string system)
      : enabled_(std::move(enabled)), system_(std::move(system)) {}

  struct Prepared {
    std::string_view protocol;  // of the session that it needs: "SCP", "SSH"
    std::unique_ptr<Command> command;
  };
  // Nothing for a line that cannot be read, or whose command is unknown or not enabled.
  std::optional<Prepared> prepare(const std::string& line) const;
  const std::vector<std::string>& names() const noexcept { return enabled_; }

 private:
  const std::vector<std::string> enabled_;
  const std::string system_;
};

// The set in force, which a reload replaces. Thread-safe.
class CurrentCommands {
 public:
  void set(std::shared_ptr<const CommandSet> commands) {
    std::lock_guard lock(mutex_);
    commands_ = std::move(commands);
  }
  // Null: none.
  std::shared_ptr<const CommandSet> get() const {
    std::lock_guard lock(mutex_);
    return commands_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const CommandSet> commands_;
};

}  // namespace slipway::sftp
