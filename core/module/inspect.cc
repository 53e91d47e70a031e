#include "core/module/inspect.h"

#include <algorithm>
#include <map>
#include <span>

#include "core/base/text.h"
#include "core/module/instance.h"
#include "core/module/kind.h"
#include "core/module/library.h"
#include "core/module/plan.h"

namespace slipway::module {
namespace {

using config::Configuration;

Result<Plan> plan_of(const Configuration& configuration, const std::filesystem::path& executable) {
  std::vector<config::Problem> warnings;
  return read_plan(configuration, executable, warnings);
}

std::vector<const PlannedInstance*> instances_of(const Plan& plan, std::string_view module) {
  std::vector<const PlannedInstance*> instances;
  for (const PlannedInstance& planned : plan.instances)
    if (planned.module == module) instances.push_back(&planned);
  return instances;
}

// The modules that instances name and the search path does not have.
std::map<std::string, const PlannedInstance*> missing_modules(const Plan& plan) {
  std::map<std::string, const PlannedInstance*> missing;
  for (const PlannedInstance& planned : plan.instances) {
    const auto& entries = plan.catalog.entries();
    const bool found =
        std::any_of(entries.begin(), entries.end(), [&](const auto& entry) { return entry.name == planned.module; });
    if (!found) missing.emplace(planned.module, &planned);
  }
  return missing;
}

// An error without the words that the line starts with anyway.
std::string reason(const Error& error, std::string_view module) {
  return error.subject() == "module " + std::string(module) ? error.cause() : error.message();
}

enum class OptionsOf : bool { Nobody, Configuration };

// Makes the module object, and gives it the options that the configuration has for it.
Status try_instance(const std::shared_ptr<const Library>& library, const PlannedInstance& planned, OptionsOf options_of,
                    const Configuration& configuration, ThreadPool& pool, std::vector<config::Problem>& warnings) {
  SLIPWAY_ASSIGN(const auto instance, Instance::create({.name = planned.name,
                                                        .library = library,
                                                        .config_dir = configuration.config_dir(),
                                                        .pool = &pool,
                                                        .services = std::make_shared<const Services>(),
                                                        .denied_services = {}}));
  if (options_of == OptionsOf::Nobody) return ok();
  auto options = read_instance_options(configuration, planned, library->descriptor(), instance->subject(), warnings);
  if (!options) return std::move(options).error();
  return instance->configure(*std::move(options));
}

ModuleCheck check_one(const Plan& plan, const Catalog::Entry& entry, const Configuration& configuration,
                      ThreadPool& pool, std::vector<std::string>& sections) {
  ModuleCheck check;
  check.name = printable(entry.name);
  auto instances = instances_of(plan, entry.name);
  const bool needed = std::any_of(instances.begin(), instances.end(), [](const PlannedInstance* planned) {
    return planned->enabled && !planned->optional;
  });
  const auto refuse = [&](const std::string& why) {
    check.fatal = needed;
    check.line = check.name + ": refused: " + why;
    return check;
  };
  if (!entry.manifest) return refuse(entry.manifest.error().message());
  PlannedInstance by_itself;
  by_itself.name = by_itself.module = entry.name;
  const bool configured = !instances.empty();
  if (!configured) instances.push_back(&by_itself);
  for (const PlannedInstance* planned : instances) {
    auto library = Library::open(*entry.manifest, entry.folder, planned->sha256);
    if (!library) return refuse(reason(library.error(), entry.name));
    if ((*library)->descriptor().section != nullptr) sections.emplace_back((*library)->descriptor().section);
    // What an instance that nobody configured would be told is known for sections only.
    const bool known = configured || (*library)->descriptor().section != nullptr;
    auto tried = try_instance(*library, *planned, known ? OptionsOf::Configuration : OptionsOf::Nobody, configuration,
                              pool, check.warnings);
    if (!tried) {
      return refuse(reason(tried.error(), entry.name));
    }
  }
  check.good = true;
  check.line = check.name + " " + entry.manifest->version + ": " + std::string(to_string(entry.manifest->kind)) +
               ", good, " + (entry.folder / entry.manifest->library).string();
  return check;
}

struct Opened {
  std::shared_ptr<const Library> library;
  std::vector<std::string> instances;
};

Result<Opened> open_named(const Configuration& configuration, const std::filesystem::path& executable,
                          std::string_view name) {
  SLIPWAY_ASSIGN(const Plan plan, plan_of(configuration, executable));
  std::string module(name);
  if (const PlannedInstance* planned = plan.find(name)) module = planned->module;
  SLIPWAY_ASSIGN(const Catalog::Entry* entry, plan.catalog.find(module));
  Opened opened;
  SLIPWAY_ASSIGN(opened.library, Library::open(*entry->manifest, entry->folder, {}));
  for (const PlannedInstance* planned : instances_of(plan, module)) opened.instances.push_back(planned->name);
  return opened;
}

std::string options_place(const ModuleDescriptor& descriptor) {
  if (descriptor.section != nullptr) return descriptor.section;
  return "modules.load." + std::string(descriptor.name) + ".options";
}

std::string use_place(const ModuleDescriptor& descriptor) {
  if (descriptor.kind != ModuleKind::Storage) return "of one use";
  if (descriptor.provider_section != nullptr) return "filesystem." + std::string(descriptor.provider_section);
  return "filesystem.moduleconfig";
}

}  // namespace

Result<std::vector<ModuleListing>> list_modules(const Configuration& configuration,
                                                const std::filesystem::path& executable) {
  SLIPWAY_ASSIGN(const Plan plan, plan_of(configuration, executable));
  std::vector<ModuleListing> listings;
  const auto add = [&](ModuleListing listing, std::string_view module) {
    for (const PlannedInstance* planned : instances_of(plan, module))
      if (planned->enabled) listing.instances.push_back(planned->name);
    listings.push_back(std::move(listing));
  };
  for (const Catalog::Entry& entry : plan.catalog.entries()) {
    ModuleListing listing;
    listing.name = printable(entry.name);
    if (entry.manifest) {
      listing.kind = to_string(entry.manifest->kind);
      listing.version = entry.manifest->version;
      listing.description = entry.manifest->description;
      listing.path = (entry.folder / entry.manifest->library).string();
      listing.provides = entry.manifest->provides;
    } else {
      listing.error = entry.manifest.error().message();
    }
    add(std::move(listing), entry.name);
  }
  for (const auto& [module, planned] : missing_modules(plan)) {
    ModuleListing listing;
    listing.name = module;
    listing.error = plan.catalog.find(module).error().cause();
    add(std::move(listing), module);
  }
  std::sort(listings.begin(), listings.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return listings;
}

Result<std::vector<ModuleCheck>> check_modules(const Configuration& configuration,
                                               const std::filesystem::path& executable,
                                               std::vector<std::string>& sections) {
  SLIPWAY_ASSIGN(const Plan plan, plan_of(configuration, executable));
  ThreadPool pool(1);
  std::vector<ModuleCheck> checks;
  for (const Catalog::Entry& entry : plan.catalog.entries()) {
    checks.push_back(check_one(plan, entry, configuration, pool, sections));
  }
  for (const auto& [module, planned] : missing_modules(plan)) {
    const bool fatal = planned->enabled && !planned->optional;
    checks.push_back({module, false, fatal, module + ": missing: " + plan.catalog.find(module).error().cause()});
  }
  std::sort(checks.begin(), checks.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return checks;
}

Result<std::string> describe_module(const Configuration& configuration, const std::filesystem::path& executable,
                                    std::string_view name) {
  SLIPWAY_ASSIGN(const Opened opened, open_named(configuration, executable, name));
  const ModuleDescriptor& descriptor = opened.library->descriptor();
  std::string text = std::string(descriptor.name) + " " + descriptor.version + "\n" + descriptor.summary + "\n\n";
  text += "kind       " + std::string(to_string(descriptor.kind)) + "\n";
  if (descriptor.provides != nullptr && *descriptor.provides != '\0') {
    text += "provides   " + std::string(descriptor.provides) + "\n";
  }
  if (descriptor.kind == ModuleKind::Storage && descriptor.provider >= 0) {
    text += "provider   " + std::to_string(descriptor.provider) + "\n";
  }
  text += "library    " + opened.library->path().string() + "\n";
  text += "instances  " + (opened.instances.empty() ? "none configured" : join(opened.instances, ", ")) + "\n";
  if (descriptor.option_count > 0) {
    text += "\noptions (" + options_place(descriptor) + ")\n" +
            config::describe_text({descriptor.options, descriptor.option_count});
  }
  if (descriptor.use_option_count > 0) {
    text += "\noptions (" + use_place(descriptor) + ")\n" +
            config::describe_text({descriptor.use_options, descriptor.use_option_count});
  }
  return text;
}

Result<std::string> describe_module_markdown(const Configuration& configuration,
                                             const std::filesystem::path& executable, std::string_view name) {
  SLIPWAY_ASSIGN(const Opened opened, open_named(configuration, executable, name));
  const ModuleDescriptor& descriptor = opened.library->descriptor();
  std::string text = "## " + std::string(descriptor.name) + "\n\n" + descriptor.summary + "\n";
  if (descriptor.option_count > 0) {
    text += "\nOptions at `" + options_place(descriptor) + "`:\n\n" +
            config::describe_markdown({descriptor.options, descriptor.option_count});
  }
  if (descriptor.use_option_count > 0) {
    text += "\nOptions " +
            std::string(descriptor.kind == ModuleKind::Storage ? "at `" + use_place(descriptor) + "`" : "of one use") +
            ":\n\n" + config::describe_markdown({descriptor.use_options, descriptor.use_option_count});
  }
  return text;
}

}  // namespace slipway::module
