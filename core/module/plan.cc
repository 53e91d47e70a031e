#include "core/module/plan.h"

#include <algorithm>
#include <boost/json.hpp>

#include "core/base/text.h"
#include "core/config/core_options.h"

namespace slipway::module {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxInstances = 256;

std::vector<std::string> items(const config::OptionValues& values, std::string_view name) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < values.count(name); ++i) out.emplace_back(values.item(name, i));
  return out;
}

const json::object* member_object(const json::object& parent, std::string_view key, const std::string& where,
                                  std::vector<config::Problem>& problems) {
  const json::value* value = parent.if_contains(key);
  if (value == nullptr) return nullptr;
  if (const json::object* object = value->if_object()) return object;
  problems.push_back({where, "must be an object"});
  return nullptr;
}

std::vector<SearchFolder> search_folders(const config::OptionValues& values, const config::Configuration& configuration,
                                         const std::filesystem::path& executable) {
  std::vector<SearchFolder> folders;
  for (const std::string& item : items(values, "search_path")) {
    if (!item.empty()) {
      folders.push_back({(std::filesystem::path(configuration.config_dir()) / item).lexically_normal(), true});
    }
  }
  if (folders.empty() && !executable.empty()) {
    const auto beside = executable.parent_path();
    folders.push_back({(beside / "modules").lexically_normal(), false});
    folders.push_back({(beside / ".." / "lib" / "slipway" / "modules").lexically_normal(), false});
  }
  return folders;
}

std::string environment_name(std::string_view instance) {
  std::string name = to_upper(instance);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

PlannedInstance read_instance(std::string_view name, const json::object& entry,
                              const config::Configuration& configuration, std::vector<config::Problem>& problems) {
  static constexpr std::string_view kElsewhere[] = {"options"};
  config::OptionSource source;
  source.document = &entry;
  source.environment = &configuration.environment();
  source.environment_section = "MODULES__LOAD__" + environment_name(name);
  source.where = "modules.load." + std::string(name);
  source.config_dir = configuration.config_dir();
  source.ignored = kElsewhere;
  const auto values = config::read_options(config::kModuleInstanceOptions, source, problems);

  PlannedInstance planned;
  planned.name = name;
  planned.module = values.string("module");
  if (planned.module.empty()) planned.module = planned.name;
  planned.enabled = values.flag("enabled");
  planned.optional = values.flag("optional");
  planned.sha256 = values.string("sha256");
  planned.denied_services = items(values, "deny_services");
  if (!is_module_name(planned.module)) {
    problems.push_back({source.where + ".module", "'" + printable(planned.module) + "' is not the name of a module"});
  }
  for (const std::string& pattern : planned.denied_services) {
    if (!is_valid_glob(pattern)) {
      problems.push_back({source.where + ".deny_services", "'" + printable(pattern) + "' is not a valid pattern"});
    }
  }
  return planned;
}

void add_listed(const json::object& load, const config::Configuration& configuration,
                std::vector<PlannedInstance>& instances, std::vector<config::Problem>& problems) {
  if (load.size() > kMaxInstances) {
    problems.push_back({"modules.load", "has more than " + std::to_string(kMaxInstances) + " instances"});
    return;
  }
  for (const auto& member : load) {
    const std::string_view name(member.key().data(), member.key().size());
    const std::string where = "modules.load." + printable(name);
    if (!is_module_name(name)) {
      problems.push_back({where, "an instance's name is made of lower-case letters, digits and '-'"});
    } else if (const json::object* entry = member.value().if_object()) {
      instances.push_back(read_instance(name, *entry, configuration, problems));
    } else {
      problems.push_back({where, "must be an object, {} at least"});
    }
  }
}

// A broken manifest counts as autoload: a server must not come up quietly without, say, a login module.
void add_autoloaded(const Catalog& catalog, std::vector<PlannedInstance>& instances) {
  const std::vector<PlannedInstance> listed = instances;
  for (const Catalog::Entry& entry : catalog.entries()) {
    const bool is_listed = std::any_of(listed.begin(), listed.end(), [&](const PlannedInstance& planned) {
      return planned.module == entry.name || planned.name == entry.name;
    });
    if (is_listed || (entry.manifest && !entry.manifest->autoload)) continue;
    PlannedInstance planned;
    planned.name = planned.module = entry.name;
    planned.listed = false;
    instances.push_back(std::move(planned));
  }
}

}  // namespace

const PlannedInstance* Plan::find(std::string_view instance) const noexcept {
  for (const PlannedInstance& planned : instances)
    if (planned.name == instance) return &planned;
  return nullptr;
}

std::string join_fatal(std::span<const config::Problem> problems) {
  std::vector<std::string> texts;
  for (const auto& problem : problems)
    if (problem.fatal) texts.push_back(problem.where + ": " + problem.message);
  return join(texts, "; ");
}

Result<Plan> read_plan(const config::Configuration& configuration, const std::filesystem::path& executable,
                       std::vector<config::Problem>& problems) {
  std::vector<config::Problem> found;
  const auto values = configuration.section("modules", config::kModulesOptions, found, config::kModulesElsewhere);
  const json::value* section = configuration.document().if_contains("modules");
  const json::object* load = nullptr;
  if (section != nullptr && section->is_object()) {
    load = member_object(section->get_object(), "load", "modules.load", found);
  }

  Plan plan;
  auto catalog = Catalog::scan(search_folders(values, configuration, executable));
  if (catalog) {
    plan.catalog = *std::move(catalog);
  } else {
    found.push_back({catalog.error().subject(), catalog.error().cause()});
  }
  if (load != nullptr) add_listed(*load, configuration, plan.instances, found);
  if (load == nullptr || values.flag("autoload")) add_autoloaded(plan.catalog, plan.instances);

  std::string fatal = join_fatal(found);
  for (config::Problem& problem : found)
    if (!problem.fatal) problems.push_back(std::move(problem));
  if (!fatal.empty()) return Error(Errc::InvalidArgument, {}, std::move(fatal));
  return plan;
}

Result<config::OptionValues> read_instance_options(const config::Configuration& configuration,
                                                   const PlannedInstance& planned, const ModuleDescriptor& descriptor,
                                                   const std::string& subject, std::vector<config::Problem>& warnings) {
  const std::span<const OptionSpec> table(descriptor.options, descriptor.option_count);
  // A section exists once, so it serves the instance that carries the module's own name.
  const bool in_section = descriptor.section != nullptr && planned.name == descriptor.name;
  std::vector<config::Problem> found;
  // In a section of the core the other members are the core's.
  std::vector<std::string_view> elsewhere;
  if (in_section) {
    elsewhere = config::core_members(descriptor.section);
    std::erase_if(elsewhere, [&](std::string_view member) {
      return std::ranges::any_of(table, [&](const OptionSpec& option) { return member == option.name; });
    });
  }
  auto values = in_section ? configuration.section(descriptor.section, table, found, elsewhere)
                           : configuration.module_options(planned.name, table, found);
  if (in_section) {
    const json::value* misplaced = nullptr;
    if (const auto* modules = configuration.document().if_contains("modules"); modules && modules->is_object()) {
      if (const auto* load = modules->get_object().if_contains("load"); load && load->is_object()) {
        if (const auto* entry = load->get_object().if_contains(planned.name); entry && entry->is_object()) {
          misplaced = entry->get_object().if_contains("options");
        }
      }
    }
    if (misplaced != nullptr) {
      found.push_back({"modules.load." + planned.name + ".options",
                       "the options of this module stand in the section \"" + std::string(descriptor.section) + "\""});
    }
  }
  std::string fatal = join_fatal(found);
  for (config::Problem& problem : found)
    if (!problem.fatal) warnings.push_back(std::move(problem));
  if (!fatal.empty()) return Error(Errc::InvalidArgument, subject, std::move(fatal));
  return values;
}

}  // namespace slipway::module
