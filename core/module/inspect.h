// What `slipway modules list|check|describe` show; nothing is started.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/configuration.h"
#include "slipway/result.h"

namespace slipway::module {

// A module of the search path, or an instance of the configuration without one; by its manifest, without opening it.
struct ModuleListing {
  std::string name;
  std::string kind, version, description, path;
  std::vector<std::string> provides;
  std::vector<std::string> instances;  // that this configuration loads
  std::string error;                   // why the manifest cannot be used, or that there is none
};
// By name. Fails when the `modules` section is wrong.
Result<std::vector<ModuleListing>> list_modules(const config::Configuration& configuration,
                                                const std::filesystem::path& executable);

struct ModuleCheck {
  std::string name;
  bool good = false;
  bool fatal = false;  // not good, and the server would not start
  // One line: "storage-memory 0.1.0: storage, good, /usr/lib/…/storage-memory.so", or "storage-x: refused: <reason>".
  std::string line;
  std::vector<config::Problem> warnings;  // about its options; none of them fatal
};
// Opens every module of the search path, makes its object, gives it the options of every instance (modules judge what a
// table cannot say) and destroys it; checks instances whose module is missing too. Sections that opened modules claim
// are appended to `sections`.
Result<std::vector<ModuleCheck>> check_modules(const config::Configuration& configuration,
                                               const std::filesystem::path& executable,
                                               std::vector<std::string>& sections);

// Opens one module and tells all it says of itself: abilities, section, both option tables. Text for a terminal.
Result<std::string> describe_module(const config::Configuration& configuration, const std::filesystem::path& executable,
                                    std::string_view name);
// The same as a page of the reference documentation, in Markdown.
Result<std::string> describe_module_markdown(const config::Configuration& configuration,
                                             const std::filesystem::path& executable, std::string_view name);

}  // namespace slipway::module
