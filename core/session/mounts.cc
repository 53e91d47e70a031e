#include "core/session/mounts.h"

#include <boost/json.hpp>

#include "core/accounts/entity_json.h"
#include "core/accounts/json_secrets.h"
#include "core/config/options.h"

namespace slipway::session {
namespace {

namespace json = boost::json;
using accounts::FilesystemConfig;
using accounts::FsProvider;

module::ModuleRef<StorageModule> find_module(const FilesystemConfig& config, const module::Registry& modules) {
  if (config.provider == FsProvider::Module) return modules.storage(config.module);
  return modules.storage_for_provider(static_cast<int>(config.provider));
}

Error no_module(const FilesystemConfig& config) {
  if (config.provider == FsProvider::Module)
    return {Errc::NotSupported, "storage module " + config.module, "it is not loaded; enable it at modules.load"};
  return {Errc::NotSupported, "filesystem provider " + std::to_string(static_cast<int>(config.provider)),
          "no loaded storage module serves it; enable one at modules.load"};
}

// The mount's options as the account stores them, secrets still sealed.
Result<json::object> stored_options(const FilesystemConfig& config, const ModuleDescriptor& descriptor) {
  if (config.provider == FsProvider::Module) {
    if (config.moduleconfig.text.empty()) return json::object();
    boost::system::error_code failure;
    json::value parsed = json::parse(config.moduleconfig.text, failure);
    if (failure || !parsed.is_object()) return Error(Errc::InvalidArgument, "moduleconfig", "is not a JSON object");
    return std::move(parsed.get_object());
  }
  if (descriptor.provider_section == nullptr) return json::object();
  json::object all = accounts::to_json(config, accounts::Rendering::Full);
  const auto section = all.find(descriptor.provider_section);
  if (section == all.end() || !section->value().is_object()) return json::object();
  return std::move(section->value().get_object());
}

std::string first_text(const json::object& options, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (const auto* value = options.if_contains(key); value != nullptr && value->is_string())
      return std::string(value->get_string());
  return {};
}

}  // namespace

Result<MountedFilesystem> mount(const OpContext& ctx, const FilesystemConfig& config, const MountPlace& place,
                                const module::Registry& modules, const crypto::SecretKeeper& secrets) {
  auto module = find_module(config, modules);
  if (!module) return no_module(config);
  const ModuleDescriptor& descriptor = module.descriptor();
  SLIPWAY_ASSIGN(json::object options, stored_options(config, descriptor));

  MountedFilesystem mounted;
  // Local disks are one storage, whatever their buffers: renames cross homes and folders. For the others only equal
  // settings are known to mean the same store.
  mounted.resource =
      config.provider == FsProvider::Local ? "local" : module.instance() + json::serialize(options) + place.root;
  mounted.bucket = first_text(options, {"bucket", "container"});
  mounted.endpoint = first_text(options, {"endpoint"});

  json::value opened(std::move(options));
  SLIPWAY_TRY(accounts::open_secrets(opened, secrets));
  std::vector<config::Problem> problems;
  const std::span<const OptionSpec> table(descriptor.use_options, descriptor.use_option_count);
  config::OptionSource source;
  source.document = &opened.get_object();
  source.where = "filesystem";
  const config::OptionValues values = config::read_options(table, source, problems);
  for (const auto& problem : problems)
    if (problem.fatal) return Error(Errc::InvalidArgument, problem.where, problem.message);

  const MountRequest request{place.root, place.create_root, place.uid, place.gid, values};
  SLIPWAY_ASSIGN(std::unique_ptr<Filesystem> fs, module->mount(ctx, request));
  mounted.fs = std::shared_ptr<Filesystem>(fs.release(), [module](Filesystem* p) { delete p; });
  return mounted;
}

}  // namespace slipway::session
