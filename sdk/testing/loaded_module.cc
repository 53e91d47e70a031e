#include "loaded_module.h"

#include <dlfcn.h>

#include <stdexcept>
#include <string_view>

namespace slipway::kit {

LoadedModule::LoadedModule(std::string path) : path_(std::move(path)) {
  void* const library = ::dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(::dlerror());
  descriptor_ = static_cast<const ModuleDescriptor*>(::dlsym(library, "slipway_module_v1"));
  if (descriptor_ == nullptr) throw std::runtime_error(path_ + ": does not export slipway_module_v1");
  if (descriptor_->magic != kModuleMagic || descriptor_->size != sizeof(ModuleDescriptor)) {
    throw std::runtime_error(path_ + ": slipway_module_v1 is not a descriptor of this SDK");
  }
  if (std::string_view(descriptor_->abi_tag) != SLIPWAY_ABI_TAG) {
    throw std::runtime_error(path_ + ": built for " + descriptor_->abi_tag + ", the kit for " + SLIPWAY_ABI_TAG);
  }
}

LoadedModule::Object LoadedModule::create(Host& host) const {
  Module* const object = descriptor_->create(host);
  if (object == nullptr) throw std::runtime_error(path_ + ": the module's constructor threw");
  return Object(object, {descriptor_->destroy});
}

}  // namespace slipway::kit
