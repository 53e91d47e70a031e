#include "core/config/core_options.h"

#include <boost/json.hpp>

#include "core/base/json.h"

namespace slipway::config {
namespace {

constexpr std::string_view kSections[] = {"common", "data_provider", "kms", "mfa", "modules", "lua"};

constexpr DocumentedSection kDocumented[] = {
    {"common", "What holds for every protocol.", kCommonOptions},
    {"data_provider", "Where accounts are kept, and the rules for names and passwords.", kDataProviderOptions},
    {"kms", "How secrets are sealed before they are stored.", kKmsOptions},
    {"mfa", "One-time passwords.", kMfaOptions},
    {"modules",
     "What the server loads. Beside these keys the section has `load`, an object with a member for each instance of a "
     "module; see below.",
     kModulesOptions},
    {"lua", "Scripts that handle logins and file events.", kLuaOptions},
};

}  // namespace

std::span<const std::string_view> core_sections() { return kSections; }

std::vector<std::string_view> core_members(std::string_view section) {
  std::vector<std::string_view> members;
  for (const DocumentedSection& documented : kDocumented) {
    if (documented.name != section) continue;
    for (const OptionSpec& option : documented.table) {
      const std::string_view name(option.name);
      members.push_back(name.substr(0, name.find_first_of(".[")));
    }
  }
  return members;
}

std::span<const DocumentedSection> documented_core_sections() { return kDocumented; }

OptionValues read_switches(const Configuration& configuration, std::vector<Problem>& problems) {
  return read_options(kSwitches,
                      {.environment = &configuration.environment(),
                       .environment_section = "HOOK",
                       .where = "hook",
                       .config_dir = configuration.config_dir()},
                      problems);
}

std::string reference_markdown() {
  std::string out =
      "# Configuration reference\n\n"
      "<!-- Made by `slipway config reference`; a test compares the two. -->\n\n"
      "The keys of the core's own sections, with their defaults as they would be written in the file. Modules document "
      "their keys\n"
      "with `slipway modules describe NAME`. [configuration.md](configuration.md) tells about files, formats and "
      "variables.\n\n"
      "Types: **size** is a number of bytes or text with a unit of 1024 (`\"64M\"`); **duration** is a number of "
      "milliseconds or\n"
      "text with a unit (`\"30s\"`, `\"1h30m\"`); **path** is relative to the configuration folder; **secret** is "
      "never shown.\n";
  for (const DocumentedSection& section : kDocumented) {
    out += "\n## " + std::string(section.name) + "\n\n" + std::string(section.summary) + "\n\n" +
           describe_markdown(section.table);
    if (section.name == "modules")
      out +=
          "\n### modules.load.INSTANCE\n\nBeside these keys, `options` holds the module's own ones, unless the module "
          "reads a section.\n\n" +
          describe_markdown(kModuleInstanceOptions);
  }
  out +=
      "\n## Switches\n\n"
      "These exist as environment variables only: `SLIPWAY_HOOK__` (or `SFTPGO_HOOK__`) and the key in upper case, "
      "with `__` for a\n"
      "dot. Each is used by the module that it is about; it has no effect where that module is not there.\n\n" +
      describe_markdown(kSwitches);
  return out;
}

std::string default_document() {
  boost::json::object document;
  for (const DocumentedSection& section : kDocumented) {
    // Without a configuration folder paths stay as they are written in the tables.
    std::vector<Problem> problems;
    document[section.name] = read_options(section.table, {}, problems).redacted();
  }
  return serialize_json(document, 2) + '\n';
}

}  // namespace slipway::config
