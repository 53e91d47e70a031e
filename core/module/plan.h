// What this server shall load: the `modules` section of the configuration.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/configuration.h"
#include "core/module/catalog.h"
#include "slipway/abi.h"

namespace slipway::module {

struct PlannedInstance {
  std::string name;
  std::string module;  // the manifest's name; equal to `name` unless configured
  bool enabled = true;
  bool optional = false;
  std::string sha256;
  std::vector<std::string> denied_services;
  bool listed = true;  // stands in modules.load; otherwise its manifest says autoload
};

struct Plan {
  Catalog catalog;
  std::vector<PlannedInstance> instances;  // in configuration order; autoloaded ones follow by name

  const PlannedInstance* find(std::string_view instance) const noexcept;
};

// Reads modules.search_path, modules.autoload and modules.load, and scans the search path. Without a configured path:
// `modules` beside `executable`, then ../lib/slipway/modules seen from there. Without modules.load, or with "autoload":
// true, every manifest that says autoload, or that cannot be read, is an instance of its own. Warnings go to
// `problems`; all errors are one.
Result<Plan> read_plan(const config::Configuration& configuration, const std::filesystem::path& executable,
                       std::vector<config::Problem>& problems);

// The options of one instance: its module's section, or modules.load.<instance>.options. The error lists every fatal
// problem with key and nearest key; warnings go to `warnings`. `subject` names the module.
Result<config::OptionValues> read_instance_options(const config::Configuration& configuration,
                                                   const PlannedInstance& planned, const ModuleDescriptor& descriptor,
                                                   const std::string& subject, std::vector<config::Problem>& warnings);

// "a: b; c: d" of the fatal ones.
std::string join_fatal(std::span<const config::Problem> problems);

}  // namespace slipway::module
