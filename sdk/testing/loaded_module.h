// Opens a module's shared object as it ships, for tests: the same checks as the server's, none of its code.
#pragma once

#include <memory>
#include <string>

#include "slipway/module.h"

namespace slipway::kit {

class LoadedModule {
 public:
  // Throws std::runtime_error that says what is wrong with the file. It stays loaded to the end of the process, so that
  // sanitizers can name its functions.
  explicit LoadedModule(std::string path);

  const std::string& path() const noexcept { return path_; }
  const ModuleDescriptor& descriptor() const noexcept { return *descriptor_; }

  // An object that goes back to the module that made it.
  struct Destroy {
    void (*destroy)(Module*) noexcept = nullptr;
    void operator()(Module* module) const noexcept { destroy(module); }
  };
  using Object = std::unique_ptr<Module, Destroy>;
  // Throws std::runtime_error when the module answers with null.
  Object create(Host& host) const;

 private:
  std::string path_;
  const ModuleDescriptor* descriptor_ = nullptr;
};

}  // namespace slipway::kit
