// completion bash | zsh | fish
#include <algorithm>
#include <iostream>

#include "core/app/command_line/commands.h"
#include "core/base/text.h"

namespace slipway::app {
namespace {

using Path = std::vector<std::string>;

template <class Visit>
void walk(const CommandInfo& command, const Path& path, Visit&& visit) {
  visit(command, path);
  for (const CommandInfo& sub : command.commands) {
    Path below = path;
    below.push_back(sub.name);
    walk(sub, below, visit);
  }
}

// What may follow the command: its subcommands, its arguments' choices, its flags.
std::vector<std::string> words_of(const CommandInfo& command) {
  std::vector<std::string> words;
  for (const CommandInfo& sub : command.commands) words.push_back(sub.name);
  for (const ArgumentInfo& argument : command.arguments)
    words.insert(words.end(), argument.choices.begin(), argument.choices.end());
  for (const FlagInfo& flag : command.flags) words.insert(words.end(), flag.names.begin(), flag.names.end());
  return words;
}

// In single quotes for the shell named.
std::string quoted(std::string_view text, Shell shell) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += shell == Shell::Fish ? "\\'" : "'\\''";
    else if (c == '\\' && shell == Shell::Fish)
      out += "\\\\";
    else
      out += c;
  }
  return out + "'";
}

// The patterns of a shell's `case` for flags that take paths, or for those that take other values; never empty.
std::string value_flags(const CommandInfo& program, bool paths) {
  std::vector<std::string> names;
  walk(program, {}, [&](const CommandInfo& command, const Path&) {
    for (const FlagInfo& flag : command.flags)
      if (!flag.value.empty() && (flag.value == "PATH") == paths)
        for (const std::string& name : flag.names)
          if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  });
  return names.empty() ? "--" : join(names, "|");
}

std::string bash_script(const CommandInfo& program) {
  std::string out =
      "# bash completion for slipway: source <(slipway completion bash)\n_slipway() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path= word i words\n"
      "  case $previous in\n    " +
      value_flags(program, true) + ") COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n    " +
      value_flags(program, false) +
      ") COMPREPLY=(); return ;;\n  esac\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n    word=${COMP_WORDS[i]}\n    case \"$path $word\" in\n";
  walk(program, {}, [&](const CommandInfo&, const Path& path) {
    if (!path.empty())
      out += "      " + quoted(" " + join(path, " "), Shell::Bash) +
             ") path=" + quoted(" " + join(path, " "), Shell::Bash) + " ;;\n";
  });
  out += "    esac\n  done\n  case $path in\n";
  walk(program, {}, [&](const CommandInfo& command, const Path& path) {
    const std::string name = path.empty() ? "" : " " + join(path, " ");
    out +=
        "    " + quoted(name, Shell::Bash) + ") words=" + quoted(join(words_of(command), " "), Shell::Bash) + " ;;\n";
  });
  out += "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\ncomplete -F _slipway slipway\n";
  return out;
}

std::string zsh_script(const CommandInfo& program) {
  std::string out =
      "#compdef slipway\n# zsh completion for slipway: slipway completion zsh > \"${fpath[1]}/_slipway\"\n_slipway() "
      "{\n"
      "  local path= word i\n  local -a words_here\n"
      "  case ${words[CURRENT-1]} in\n    " +
      value_flags(program, true) + ") _files; return ;;\n    " + value_flags(program, false) +
      ") return ;;\n  esac\n"
      "  for ((i = 2; i < CURRENT; i++)); do\n    word=${words[i]}\n    case \"$path $word\" in\n";
  walk(program, {}, [&](const CommandInfo&, const Path& path) {
    if (!path.empty())
      out += "      " + quoted(" " + join(path, " "), Shell::Zsh) +
             ") path=" + quoted(" " + join(path, " "), Shell::Zsh) + " ;;\n";
  });
  out += "    esac\n  done\n  case $path in\n";
  const auto described = [](std::string_view word, std::string_view help) {
    std::string text;
    for (const char c : word) text += c == ':' ? "\\:" : std::string(1, c);
    return quoted(text + ":" + std::string(help), Shell::Zsh);
  };
  walk(program, {}, [&](const CommandInfo& command, const Path& path) {
    out += "    " + quoted(path.empty() ? "" : " " + join(path, " "), Shell::Zsh) + ") words_here=(";
    for (const CommandInfo& sub : command.commands) out += " " + described(sub.name, sub.help);
    for (const ArgumentInfo& argument : command.arguments)
      for (const std::string& choice : argument.choices) out += " " + described(choice, argument.help);
    for (const FlagInfo& flag : command.flags)
      for (const std::string& name : flag.names) out += " " + described(name, flag.help);
    out += " ) ;;\n";
  });
  out +=
      "  esac\n  _describe 'slipway' words_here\n}\n"
      "if [ \"$funcstack[1]\" = _slipway ]; then _slipway; else compdef _slipway slipway; fi\n";
  return out;
}

std::string fish_script(const CommandInfo& program) {
  std::string out = "# fish completion for slipway: slipway completion fish | source\ncomplete -c slipway -f\n";
  walk(program, {}, [&](const CommandInfo& command, const Path& path) {
    std::string condition;
    for (const std::string& name : path)
      condition += (condition.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + name);
    std::vector<std::string> subs;
    for (const CommandInfo& sub : command.commands) subs.push_back(sub.name);
    std::string here = condition;
    if (path.empty())
      here = "__fish_use_subcommand";
    else if (!subs.empty())
      here += "; and not __fish_seen_subcommand_from " + join(subs, " ");
    for (const CommandInfo& sub : command.commands)
      out += "complete -c slipway -n " + quoted(here, Shell::Fish) + " -a " + sub.name + " -d " +
             quoted(sub.help, Shell::Fish) + "\n";
    for (const ArgumentInfo& argument : command.arguments)
      if (!argument.choices.empty())
        out += "complete -c slipway -n " + quoted(condition, Shell::Fish) + " -a " +
               quoted(join(argument.choices, " "), Shell::Fish) + "\n";
    for (const FlagInfo& flag : command.flags) {
      out += "complete -c slipway -n " + quoted(path.empty() ? here : condition, Shell::Fish);
      for (const std::string& name : flag.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!flag.value.empty()) out += flag.value == "PATH" ? " -r -F" : " -x";
      out += " -d " + quoted(flag.help, Shell::Fish) + "\n";
    }
  });
  return out;
}

}  // namespace

std::string completion_script(const CommandInfo& program, Shell shell) {
  switch (shell) {
    case Shell::Bash:
      return bash_script(program);
    case Shell::Zsh:
      return zsh_script(program);
    case Shell::Fish:
      return fish_script(program);
  }
  return {};
}

int print_completion(const CommandInfo& program, const std::string& shell) {
  std::cout << completion_script(program, shell == "zsh" ? Shell::Zsh : shell == "fish" ? Shell::Fish : Shell::Bash);
  return 0;
}

}  // namespace slipway::app
