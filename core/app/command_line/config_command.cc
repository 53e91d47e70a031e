// config validate | show | defaults | reference
#include <boost/json.hpp>
#include <iostream>
#include <set>

#include "core/app/command_line/commands.h"
#include "core/app/settings.h"
#include "core/base/json.h"
#include "core/config/core_options.h"
#include "core/module/inspect.h"

namespace slipway::app {
namespace {

using config::Configuration;
using config::Problem;

// The problems of the modules' options, and of sections that nobody claims.
void check_with_modules(const Configuration& configuration, std::vector<Problem>& problems) {
  std::vector<std::string> claimed;
  for (const std::string_view section : config::core_sections()) claimed.emplace_back(section);
  const auto checks = module::check_modules(configuration, executable_path(), claimed);
  if (checks) {
    for (const module::ModuleCheck& check : *checks) {
      if (!check.good) problems.push_back({"modules", check.line, check.fatal});
      problems.insert(problems.end(), check.warnings.begin(), check.warnings.end());
    }
  } else {
    problems.push_back({"modules", checks.error().message()});
  }
  const std::vector<std::string_view> known(claimed.begin(), claimed.end());
  for (Problem& problem : configuration.unknown_sections(known)) problems.push_back(std::move(problem));
}

}  // namespace

int validate_configuration(const Location& location) {
  const auto configuration = Configuration::load(location);
  if (!configuration) return fail(configuration.error());

  std::vector<Problem> problems;
  for (const config::DocumentedSection& section : config::documented_core_sections()) {
    const bool modules = section.name == "modules";
    (void)(*configuration)
        ->section(section.name, section.table, problems,
                  modules ? std::span<const std::string_view>(config::kModulesElsewhere)
                          : std::span<const std::string_view>());
  }
  (void)read_core_settings(**configuration, problems);
  check_with_modules(**configuration, problems);

  const std::string file = (*configuration)->file().empty() ? "defaults" : (*configuration)->file();
  std::size_t fatal = 0, warnings = 0;
  std::set<std::pair<std::string, std::string>> told;
  for (const Problem& problem : problems) {
    if (!told.insert({problem.where, problem.message}).second) continue;
    ++(problem.fatal ? fatal : warnings);
    std::cout << file << ": " << (problem.fatal ? "error: " : "warning: ") << problem.where << ": " << problem.message
              << '\n';
  }
  const auto counted = [](std::size_t count, const char* what) {
    return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
  };
  std::cout << file << ": " << (fatal == 0 ? "valid" : counted(fatal, "error"))
            << (warnings == 0 ? "" : ", " + counted(warnings, "warning")) << '\n';
  return fatal == 0 ? 0 : 1;
}

int show_configuration(const Location& location) {
  const auto configuration = Configuration::load(location);
  if (!configuration) return fail(configuration.error());
  std::vector<Problem> problems;
  boost::json::object shown;
  for (const config::DocumentedSection& section : config::documented_core_sections())
    shown[section.name] =
        (*configuration)->section(section.name, section.table, problems, config::kModulesElsewhere).redacted();
  std::cout << serialize_json(shown, 2) << '\n';
  int code = 0;
  for (const Problem& problem : problems)
    if (problem.fatal) code = fail(Error(Errc::InvalidArgument, problem.where, problem.message));
  return code;
}

int print_default_configuration() {
  std::cout << config::default_document();
  return 0;
}

int print_configuration_reference() {
  std::cout << config::reference_markdown();
  return 0;
}

}  // namespace slipway::app
