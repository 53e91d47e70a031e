// The half of the supervisor that finds modules.
#include <algorithm>

#include "core/base/text.h"
#include "core/log/log.h"
#include "core/module/kind.h"
#include "core/module/supervisor.h"

namespace slipway::module {
namespace {

bool provides_it(const ModuleDescriptor& descriptor, std::string_view wanted) {
  if (descriptor.provides == nullptr) return false;
  const auto abilities = split(descriptor.provides, ',');
  return std::any_of(abilities.begin(), abilities.end(), [&](const std::string& text) { return trim(text) == wanted; });
}

}  // namespace

std::string_view to_string(InstanceState state) noexcept {
  switch (state) {
    case InstanceState::Disabled:
      return "disabled";
    case InstanceState::Starting:
      return "starting";
    case InstanceState::Running:
      return "running";
    case InstanceState::Stopping:
      return "stopping";
    case InstanceState::Failed:
      return "failed";
  }
  return "unknown";
}

Supervisor::SlotPtr Supervisor::find(std::string_view instance) const {
  std::lock_guard lock(registry_mutex_);
  for (const SlotPtr& slot : slots_)
    if (slot->planned.name == instance) return slot;
  return nullptr;
}

InstanceState Supervisor::state_of(const Slot& slot) const {
  std::lock_guard lock(registry_mutex_);
  return slot.state;
}

template <class K>
ModuleRef<K> Supervisor::refer(const Slot& slot) {
  return ModuleRef<K>(slot.gate.acquire(), slot.instance->as<K>(), &slot.instance->library().descriptor(),
                      slot.planned.name);
}

template <class K, class Wanted>
ModuleRef<K> Supervisor::first(ModuleKind kind, Wanted&& wanted) const {
  std::lock_guard lock(registry_mutex_);
  for (const SlotPtr& slot : slots_) {
    if (slot->state != InstanceState::Running || slot->instance->library().descriptor().kind != kind) continue;
    if (wanted(*slot)) return refer<K>(*slot);
  }
  return {};
}

ModuleRef<StorageModule> Supervisor::storage(std::string_view instance) const {
  return first<StorageModule>(ModuleKind::Storage, [&](const Slot& slot) { return slot.planned.name == instance; });
}

ModuleRef<StorageModule> Supervisor::storage_for_provider(int provider) const {
  if (provider < 0) return {};
  return first<StorageModule>(ModuleKind::Storage, [&](const Slot& slot) {
    return slot.instance->library().descriptor().provider == provider;
  });
}

std::vector<ModuleRef<AuthModule>> Supervisor::auth_chain() const {
  std::vector<ModuleRef<AuthModule>> chain;
  std::lock_guard lock(registry_mutex_);
  for (const SlotPtr& slot : slots_) {
    if (slot->state == InstanceState::Running && slot->instance->library().descriptor().kind == ModuleKind::Auth) {
      chain.push_back(refer<AuthModule>(*slot));
    }
  }
  return chain;
}

ModuleRef<ActionModule> Supervisor::action(std::string_view provides) const {
  return first<ActionModule>(ModuleKind::Action, [&](const Slot& slot) {
    return provides_it(slot.instance->library().descriptor(), provides);
  });
}

std::vector<InstanceInfo> Supervisor::instances() const {
  std::vector<InstanceInfo> infos;
  std::lock_guard lock(registry_mutex_);
  for (const SlotPtr& slot : slots_) {
    InstanceInfo info;
    info.name = slot->planned.name;
    info.module = slot->planned.module;
    info.state = slot->state;
    info.optional = slot->planned.optional;
    info.error = slot->error;
    if (slot->instance) {
      const Library& library = slot->instance->library();
      info.kind = to_string(library.descriptor().kind);
      info.version = library.descriptor().version;
      info.summary = library.descriptor().summary;
      info.path = library.path().string();
    }
    infos.push_back(std::move(info));
  }
  return infos;
}

std::vector<InstanceInfo> Supervisor::available() const {
  std::vector<std::string> used;
  ConfigurationPtr configuration;
  {
    std::lock_guard lock(registry_mutex_);
    configuration = configuration_;
    for (const SlotPtr& slot : slots_) used.push_back(slot->planned.module);
  }
  std::vector<InstanceInfo> infos;
  if (!configuration) return infos;
  std::vector<config::Problem> warnings;
  const auto plan = read_plan(*configuration, executable_, warnings);
  if (!plan) return infos;
  for (const Catalog::Entry& entry : plan->catalog.entries()) {
    if (std::find(used.begin(), used.end(), entry.name) != used.end()) continue;
    InstanceInfo info;
    info.name = info.module = entry.name;
    if (entry.manifest) {
      info.kind = to_string(entry.manifest->kind);
      info.version = entry.manifest->version;
      info.summary = entry.manifest->description;
      info.path = (entry.folder / entry.manifest->library).string();
    } else {
      info.error = entry.manifest.error().message();
    }
    infos.push_back(std::move(info));
  }
  return infos;
}

std::vector<std::string> Supervisor::sections() const {
  std::vector<std::string> sections;
  std::lock_guard lock(registry_mutex_);
  for (const SlotPtr& slot : slots_) {
    if (slot->instance && slot->instance->library().descriptor().section != nullptr) {
      sections.emplace_back(slot->instance->library().descriptor().section);
    }
  }
  std::sort(sections.begin(), sections.end());
  sections.erase(std::unique(sections.begin(), sections.end()), sections.end());
  return sections;
}

std::vector<ModuleRef<ProtocolModule>> Supervisor::protocols() const {
  std::vector<ModuleRef<ProtocolModule>> protocols;
  std::lock_guard lock(registry_mutex_);
  for (const SlotPtr& slot : slots_) {
    if (slot->state == InstanceState::Running && slot->instance->library().descriptor().kind == ModuleKind::Protocol) {
      protocols.push_back(refer<ProtocolModule>(*slot));
    }
  }
  return protocols;
}

std::vector<Endpoint> Supervisor::listening() const {
  std::vector<Endpoint> endpoints;
  for (const auto& protocol : protocols()) {
    try {
      for (Endpoint& endpoint : protocol->listening()) endpoints.push_back(std::move(endpoint));
    } catch (...) {
      log::error("modules", "module " + protocol.instance() + ": its listening threw");
    }
  }
  return endpoints;
}

}  // namespace slipway::module
