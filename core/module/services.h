// The services that this host offers to modules, by interface id; filled by the composition root.
#pragma once

#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace slipway::module {

// Thread-safe. A service must outlive every module that can ask for it.
class Services {
 public:
  // Replaces a service of the same id.
  void add(std::string id, void* service) {
    std::lock_guard lock(mutex_);
    services_.insert_or_assign(std::move(id), service);
  }
  // The id is the interface's own: add<SessionService>(sessions).
  template <class S>
  void add(S& service) {
    add(std::string(S::kInterfaceId), &service);
  }
  void* find(std::string_view id) const noexcept {
    std::shared_lock lock(mutex_);
    const auto found = services_.find(id);
    return found == services_.end() ? nullptr : found->second;
  }

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, void*, std::less<>> services_;
};

}  // namespace slipway::module
