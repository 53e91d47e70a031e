// The commands other than scp: each does one thing, says on its output how that went, and is noted by hooks and log.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command.h"

namespace slipway::sftp {

// What the client sent, cut into words.
struct CommandWords {
  std::string line;
  std::string name;
  std::vector<std::string> arguments;
};

class ShellCommand : public Command {
 public:
  explicit ShellCommand(CommandWords words) : words_(std::move(words)) {}
  // Errors go to the output too, as compatible servers have it, and are the exit status 1.
  int run(CommandContext& context) final;

 protected:
  struct Outcome {
    VPath path{};                       // what it worked on
    std::optional<VPath> target{};      // of a copy
    std::optional<Error> failure{};     // nothing: it succeeded
    std::optional<std::string> text{};  // the error line's text, where it is not client_text()
    bool told = false;                  // the error line is written already
  };
  virtual Outcome execute(CommandContext& context) = 0;

  const CommandWords& words() const noexcept { return words_; }
  void tell_failure(CommandContext& context, std::string_view subject, std::string_view text) const;

 private:
  const CommandWords words_;
};

std::unique_ptr<Command> make_hash_command(CommandWords words, std::string_view algorithm);
std::unique_ptr<Command> make_cd_command(CommandWords words);
std::unique_ptr<Command> make_pwd_command(CommandWords words);
// `system` is what uname -a prints.
std::unique_ptr<Command> make_uname_command(CommandWords words, std::string system);
std::unique_ptr<Command> make_copy_command(CommandWords words);
std::unique_ptr<Command> make_remove_command(CommandWords words);

}  // namespace slipway::sftp
