// cd, pwd and uname: what clients ask to find out where they are.
#include "shell_command.h"

namespace slipway::sftp {
namespace {

class CdCommand final : public ShellCommand {
  using ShellCommand::ShellCommand;
  Outcome execute(CommandContext& context) override { return {.path = context.session.start_directory()}; }
};

class PwdCommand final : public ShellCommand {
  using ShellCommand::ShellCommand;
  Outcome execute(CommandContext& context) override {
    const VPath& here = context.session.start_directory();
    context.io.write(here.str() + "\n");
    return {.path = here};
  }
};

// "Linux host 1.0.0 #1 SMP X x86_64 GNU/Linux": three words, a version of any number of words, two words.
struct SystemNames {
  explicit SystemNames(std::string_view text) : all(text) {
    std::vector<std::string> names;
    while (!text.empty()) {
      const auto end = std::min(text.find(' '), text.size());
      if (end > 0) names.emplace_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    const auto take_front = [&] {
      if (names.empty()) return std::string();
      std::string name = std::move(names.front());
      names.erase(names.begin());
      return name;
    };
    const auto take_back = [&] {
      if (names.empty()) return std::string();
      std::string name = std::move(names.back());
      names.pop_back();
      return name;
    };
    kernel = take_front();
    node = take_front();
    release = take_front();
    system = take_back();
    machine = take_back();
    for (const auto& name : names) version += (version.empty() ? "" : " ") + name;
  }
  std::string all, kernel, node, release, version, machine, system;
};

class UnameCommand final : public ShellCommand {
 public:
  UnameCommand(CommandWords words, std::string system) : ShellCommand(std::move(words)), names_(system) {}

 private:
  static std::string_view short_option(std::string_view word) {
    if (word == "--all") return "a";
    if (word == "--kernel-name") return "s";
    if (word == "--nodename") return "n";
    if (word == "--kernel-release") return "r";
    if (word == "--kernel-version") return "v";
    if (word == "--machine") return "m";
    if (word == "--processor") return "p";
    if (word == "--hardware-platform") return "i";
    if (word == "--operating-system") return "o";
    return {};
  }

  Outcome execute(CommandContext& context) override {
    Outcome outcome{.path = context.session.start_directory()};
    std::string wanted;
    for (const auto& word : words().arguments) {
      const auto letters = word.starts_with("--")                   ? short_option(word)
                           : word.size() > 1 && word.front() == '-' ? std::string_view(word).substr(1)
                                                                    : std::string_view();
      if (letters.empty() || letters.find_first_not_of("asnrvmpio") != std::string_view::npos) {
        outcome.failure.emplace(Errc::InvalidArgument, word, "unsupported option");
        return outcome;
      }
      wanted += letters;
    }
    if (wanted.empty()) wanted += 's';
    context.io.write((wanted.find('a') != std::string::npos ? names_.all : chosen(wanted)) + "\n");
    return outcome;
  }

  // In uname's own order, whatever the client's.
  std::string chosen(const std::string& wanted) const {
    std::string line;
    const auto add = [&](char letter, const std::string& name) {
      if (wanted.find(letter) == std::string::npos) return;
      if (!line.empty()) line += ' ';
      line += name;
    };
    add('s', names_.kernel);
    add('n', names_.node);
    add('r', names_.release);
    add('v', names_.version);
    add('m', names_.machine);
    add('p', names_.machine);
    add('i', names_.machine);
    add('o', names_.system);
    return line;
  }

  const SystemNames names_;
};

}  // namespace

std::unique_ptr<Command> make_cd_command(CommandWords words) { return std::make_unique<CdCommand>(std::move(words)); }

std::unique_ptr<Command> make_pwd_command(CommandWords words) { return std::make_unique<PwdCommand>(std::move(words)); }

std::unique_ptr<Command> make_uname_command(CommandWords words, std::string system) {
  return std::make_unique<UnameCommand>(std::move(words), std::move(system));
}

}  // namespace slipway::sftp
