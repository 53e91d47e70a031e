#include "core/config/configuration.h"

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

#include "core/base/text.h"
#include "core/config/document.h"
#include "core/config/environment.h"
#include "core/config/known_keys.h"
#include "core/log/log.h"

namespace slipway::config {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kStems[] = {"slipway", "sftpgo"};
constexpr std::string_view kExtensions[] = {".json", ".yaml", ".yml", ".toml"};
constexpr std::string_view kForeignExtensions[] = {".hcl", ".properties", ".props", ".prop", ".env", ".dotenv", ".ini"};

std::string environment_name(std::string_view name) {
  std::string upper = to_upper(name);
  std::replace(upper.begin(), upper.end(), '-', '_');
  return upper;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

// Empty: there is none.
Result<std::string> find_file(const fs::path& folder) {
  std::string found;
  for (const std::string_view stem : kStems)
    for (const std::string_view extension : kExtensions) {
      const fs::path path = folder / (std::string(stem) + std::string(extension));
      if (!is_there(path)) continue;
      if (found.empty())
        found = path.native();
      else
        log::warn("config", "a configuration file is not read because another one comes first",
                  {{"file", path.native()}, {"read", found}});
    }
  if (!found.empty()) return found;
  for (const std::string_view stem : kStems)
    for (const std::string_view extension : kForeignExtensions) {
      const fs::path path = folder / (std::string(stem) + std::string(extension));
      if (is_there(path)) return document_format(path.native()).error();
    }
  return found;
}

bool documented_key(std::string_view section, std::string_view key) { return is_documented_key(section, key); }

}  // namespace

struct Configuration::Data {
  std::string config_dir, file;
  json::object document;
  Environment environment;
};

Configuration::Configuration() : data_(std::make_unique<Data>()) {}
Configuration::~Configuration() = default;

Result<std::shared_ptr<const Configuration>> Configuration::load(const Location& location) {
  const std::shared_ptr<Configuration> configuration(new Configuration);
  Data& data = *configuration->data_;
  std::error_code error;
  const fs::path folder =
      fs::absolute(location.config_dir.empty() ? "." : location.config_dir, error).lexically_normal();
  if (error || !fs::is_directory(folder, error))
    return Error(Errc::NotFound, location.config_dir, "the configuration folder does not exist or is not a folder");
  data.config_dir = folder.native();
  if (data.config_dir.size() > 1 && data.config_dir.ends_with('/')) data.config_dir.pop_back();

  if (location.config_file.empty()) {
    SLIPWAY_ASSIGN(data.file, find_file(data.config_dir));
  } else {
    data.file = (fs::path(data.config_dir) / location.config_file).lexically_normal().native();
  }
  if (!data.file.empty()) {
    SLIPWAY_ASSIGN(data.document, read_document(data.file));
  }
  SLIPWAY_ASSIGN(data.environment, load_environment(data.config_dir));
  return std::shared_ptr<const Configuration>(configuration);
}

std::shared_ptr<const Configuration> Configuration::from_document(json::object document, std::string config_dir) {
  const std::shared_ptr<Configuration> configuration(new Configuration);
  configuration->data_->document = std::move(document);
  configuration->data_->config_dir = std::move(config_dir);
  return configuration;
}

const std::string& Configuration::config_dir() const noexcept { return data_->config_dir; }
const std::string& Configuration::file() const noexcept { return data_->file; }
const json::object& Configuration::document() const noexcept { return data_->document; }
const Environment& Configuration::environment() const noexcept { return data_->environment; }

OptionValues Configuration::section(std::string_view section, std::span<const OptionSpec> table,
                                    std::vector<Problem>& problems, std::span<const std::string_view> ignored) const {
  const json::value* value = data_->document.if_contains(section);
  if (value != nullptr && !value->is_null() && !value->is_object())
    problems.push_back({std::string(section), "must be an object"});
  return read_options(table,
                      {.document = value != nullptr ? value->if_object() : nullptr,
                       .environment = &data_->environment,
                       .environment_section = environment_name(section),
                       .where = std::string(section),
                       .config_dir = data_->config_dir,
                       .documented = documented_key,
                       .ignored = ignored},
                      problems);
}

OptionValues Configuration::module_options(std::string_view instance, std::span<const OptionSpec> table,
                                           std::vector<Problem>& problems) const {
  const json::object* object = &data_->document;
  std::string where;
  for (const std::string_view key :
       {std::string_view("modules"), std::string_view("load"), instance, std::string_view("options")}) {
    where += (where.empty() ? "" : ".") + std::string(key);
    const json::value* value = object != nullptr ? object->if_contains(key) : nullptr;
    if (value != nullptr && !value->is_null() && !value->is_object()) problems.push_back({where, "must be an object"});
    object = value != nullptr ? value->if_object() : nullptr;
  }
  return read_options(table,
                      {.document = object,
                       .environment = &data_->environment,
                       .environment_section = "MODULES__LOAD__" + environment_name(instance) + "__OPTIONS",
                       .where = where,
                       .config_dir = data_->config_dir},
                      problems);
}

std::vector<Problem> Configuration::unknown_sections(std::span<const std::string_view> known) const {
  const auto documented = documented_sections();
  const auto contains = [](std::span<const std::string_view> names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<std::string_view> candidates(known.begin(), known.end());
  candidates.insert(candidates.end(), documented.begin(), documented.end());
  const auto unknown = [&](std::string_view name) {
    const std::string_view near = nearest(to_lower(name), candidates);
    return "unknown section" + (near.empty() ? std::string() : "; did you mean \"" + std::string(near) + "\"?");
  };

  std::vector<Problem> problems;
  for (const auto& member : data_->document) {
    const std::string_view name = member.key();
    if (contains(known, name)) continue;
    if (contains(documented, name))
      problems.push_back(
          {std::string(name), "is a documented section that nothing in this server uses; it has no effect", false});
    else
      problems.push_back({printable(name), unknown(name)});
  }

  for (const auto& [variable, value] : data_->environment) {
    const bool ours = variable.starts_with("SLIPWAY_");
    const std::string_view rest = std::string_view(variable).substr(variable.find('_') + 1);
    const std::size_t end = rest.find("__");
    // Without a section it is a flag of the command line or something else's; HOOK holds the switches.
    if (end == std::string_view::npos || rest.substr(0, end) == "HOOK") continue;
    const std::string_view section = rest.substr(0, end);
    const auto same = [&](std::string_view name) { return environment_name(name) == section; };
    if (std::any_of(known.begin(), known.end(), same)) continue;
    if (std::any_of(documented.begin(), documented.end(), same))
      problems.push_back({to_lower(section),
                          "the variable " + variable + " sets a documented key that nothing in this server uses",
                          false});
    else
      problems.push_back({to_lower(section), "the variable " + variable + ": " + unknown(section), ours});
  }
  return problems;
}

}  // namespace slipway::config
