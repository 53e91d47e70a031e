// man
#include <iostream>

#include "core/app/command_line/commands.h"

namespace slipway::app {
namespace {

// For roff: a '-' is a hyphen unless escaped, a '.' or ''' that starts a line is a request.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-' || c == '\\') out += '\\';
    if (c == '\\') {
      out += 'e';
      continue;
    }
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    out += c;
  }
  return out;
}

void add_flags(const CommandInfo& command, std::string& out) {
  for (const FlagInfo& flag : command.flags) {
    out += ".TP\n";
    std::string names;
    for (const std::string& name : flag.names) names += (names.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
    if (!flag.value.empty()) names += " \\fI" + roff(flag.value) + "\\fR";
    out += names + "\n" + roff(flag.help) + ".";
    if (!flag.variable.empty()) out += " Variable: \\fB" + roff(flag.variable) + "\\fR.";
    out += "\n";
  }
}

void add_command(const CommandInfo& command, const std::string& path, std::string& out) {
  if (command.commands.empty()) {
    out += ".SS " + roff(path);
    for (const ArgumentInfo& argument : command.arguments) out += " " + roff(argument.name);
    out += "\n" + roff(command.help) + ".\n";
    add_flags(command, out);
    return;
  }
  for (const CommandInfo& sub : command.commands)
    add_command(sub, path.empty() ? sub.name : path + " " + sub.name, out);
}

}  // namespace

std::string manual_page(const CommandInfo& program, const std::string& version) {
  std::string out = ".TH SLIPWAY 1 \"\" \"Slipway " + roff(version) + "\"\n.SH NAME\nslipway \\- " +
                    roff(program.help) + "\n.SH SYNOPSIS\n.B slipway\n.I command\n.RI [ flags ]\n.SH COMMANDS\n";
  add_command(program, "", out);
  out += ".SH OPTIONS\n";
  add_flags(program, out);
  out +=
      ".SH ENVIRONMENT\nA flag that is not given is taken from its variable; the prefix \\fBSFTPGO_\\fR is accepted in "
      "place of\n"
      "\\fBSLIPWAY_\\fR. Keys of the configuration file are overridden by\n\\fBSLIPWAY_\\fISECTION\\fB__\\fIKEY\\fR.\n"
      ".SH FILES\n.TP\n.I slipway.json\nThe configuration, in the configuration folder; .yaml, .yml and .toml are read "
      "as well.\n"
      ".TP\n.I env.d/*\nVariables, one KEY=value a line.\n"
      ".SH SIGNALS\n.TP\n.B SIGHUP\nReload certificates and the modules' options.\n.TP\n.B SIGUSR1\nRotate the log "
      "file.\n"
      ".TP\n.B SIGINT, SIGTERM\nStop; running transfers get the grace time.\n"
      ".SH EXIT STATUS\n0 on success, 1 when the command failed, 2 when the command line is wrong.\n";
  return out;
}

int print_manual(const CommandInfo& program) {
  std::cout << manual_page(program, version());
  return 0;
}

}  // namespace slipway::app
