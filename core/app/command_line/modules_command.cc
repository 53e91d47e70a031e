// modules list | check | describe | enable | disable
#include <algorithm>
#include <boost/json.hpp>
#include <iostream>

#include "core/app/command_line/commands.h"
#include "core/app/control_socket.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/module/inspect.h"

namespace slipway::app {
namespace {

using Row = std::vector<std::string>;

void print_table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
    }
    std::cout << line << '\n';
  }
}

}  // namespace

int list_modules(const Location& location) {
  const auto configuration = config::Configuration::load(location);
  if (!configuration) return fail(configuration.error());
  const auto modules = module::list_modules(**configuration, executable_path());
  if (!modules) return fail(modules.error());
  std::vector<Row> rows = {{"NAME", "KIND", "VERSION", "LOADED AS", "DESCRIPTION"}};
  for (const module::ModuleListing& listing : *modules) {
    const std::string instances = listing.instances.empty() ? "-" : join(listing.instances, ",");
    const std::string text = listing.error.empty() ? listing.description : "unusable: " + listing.error;
    const auto or_dash = [](const std::string& value) { return value.empty() ? std::string("-") : printable(value); };
    rows.push_back(
        {printable(listing.name), or_dash(listing.kind), or_dash(listing.version), instances, printable(text)});
  }
  print_table(rows);
  return 0;
}

int check_modules(const Location& location) {
  const auto configuration = config::Configuration::load(location);
  if (!configuration) return fail(configuration.error());
  std::vector<std::string> sections;
  const auto checks = module::check_modules(**configuration, executable_path(), sections);
  if (!checks) return fail(checks.error());
  int code = 0;
  for (const module::ModuleCheck& check : *checks) {
    std::cout << check.line << '\n';
    if (check.fatal) code = 1;
  }
  return code;
}

int describe_module(const Location& location, const std::string& name, bool markdown) {
  const auto configuration = config::Configuration::load(location);
  if (!configuration) return fail(configuration.error());
  const auto text = markdown ? module::describe_module_markdown(**configuration, executable_path(), name)
                             : module::describe_module(**configuration, executable_path(), name);
  if (!text) return fail(text.error());
  std::cout << *text;
  return 0;
}

int switch_module(const Location& location, const std::string& instance, bool on) {
  const boost::json::object input{{"name", instance}};
  const auto answer =
      call_running_server(location.config_dir, on ? "modules.enable" : "modules.disable", serialize_json(input));
  if (!answer) return fail(answer.error());
  std::cout << instance << (on ? " enabled\n" : " disabled\n");
  return 0;
}

}  // namespace slipway::app
