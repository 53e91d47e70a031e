// The loaded modules by kind and ability, as the rest of the core sees them. supervisor.h loads and unloads them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/action.h"
#include "slipway/auth.h"
#include "slipway/protocol.h"
#include "slipway/storage.h"

namespace slipway::module {

// A reference to a running module; while one exists the module is not stopped or unloaded.
template <class T>
class ModuleRef {
 public:
  ModuleRef() = default;
  ModuleRef(std::shared_ptr<void> lease, T* module, const ModuleDescriptor* descriptor, std::string instance)
      : lease_(std::move(lease)), module_(module), descriptor_(descriptor), instance_(std::move(instance)) {}
  explicit operator bool() const noexcept { return module_ != nullptr; }
  T* operator->() const noexcept { return module_; }
  T& operator*() const noexcept { return *module_; }
  const ModuleDescriptor& descriptor() const noexcept { return *descriptor_; }
  const std::string& instance() const noexcept { return instance_; }

 private:
  std::shared_ptr<void> lease_;
  T* module_ = nullptr;
  const ModuleDescriptor* descriptor_ = nullptr;
  std::string instance_;
};

// Thread-safe. Only modules that are started (and not draining) are found.
class Registry {
 public:
  virtual ~Registry() = default;
  // By instance name, or empty.
  virtual ModuleRef<StorageModule> storage(std::string_view instance) const = 0;
  // By provider number of the account model (0: local).
  virtual ModuleRef<StorageModule> storage_for_provider(int provider) const = 0;
  // In configuration order: the login chain.
  virtual std::vector<ModuleRef<AuthModule>> auth_chain() const = 0;
  // By what the descriptor's `provides` names ("http", "command").
  virtual ModuleRef<ActionModule> action(std::string_view provides) const = 0;
};

}  // namespace slipway::module
