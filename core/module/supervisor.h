// Loads, starts, changes and stops the modules of a running server, and is the registry that finds them.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/thread_pool.h"
#include "core/config/configuration.h"
#include "core/module/instance.h"
#include "core/module/lease_gate.h"
#include "core/module/plan.h"
#include "core/module/registry.h"
#include "core/module/services.h"

namespace slipway::module {

enum class InstanceState : std::uint8_t {
  Disabled,  // not loaded
  Starting,
  Running,
  Stopping,  // no new work; not stopped before the last user has gone
  Failed,    // optional, and could not be loaded or started
};
std::string_view to_string(InstanceState state) noexcept;

struct InstanceInfo {
  std::string name;
  std::string module;
  InstanceState state = InstanceState::Disabled;
  bool optional = false;
  // Of a loaded module; empty otherwise.
  std::string kind, version, summary, path;
  std::string error;  // why it failed
};

// Thread-safe. Changes (start, reload, enable, disable, reconfigure, shutdown) are made one after the other: a second
// one waits for the first, but one that a module asks for from within a change fails with Conflict. They block and call
// module code. A thread of the module that is stopped must not make the call: stop() would wait for itself.
class Supervisor final : public Registry {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  using ConfigurationPtr = std::shared_ptr<const config::Configuration>;

  struct Setup {
    ThreadPool& pool;                          // outlives the supervisor
    std::shared_ptr<const Services> services;  // what modules may ask for
    std::filesystem::path executable;          // the default search path starts beside it
    // Called without a lock when modules are about to be stopped and take no new users: whoever keeps references to
    // them for later lets go. Null: nobody does.
    std::function<void()> let_go = nullptr;
  };

  explicit Supervisor(Setup setup);
  // Shuts down without a deadline: waits until nobody uses a module any more.
  ~Supervisor() override;
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Loads and configures every enabled module, then starts them: storage, auth, action, protocol, each kind in
  // configuration order. The error names every module that failed and why; nothing runs then. An optional one that
  // fails is logged and left out. Once.
  Status start(ConfigurationPtr configuration);

  // Takes a new configuration as a whole or not at all: new instances are loaded, and all options validated, before a
  // running module hears of it; when one refuses, those that accepted get back what they had. Removed and disabled
  // instances are stopped last, as by disable(); one that is still in use at the deadline is no failure. What cannot
  // change while an instance runs (its module, sha256, deny_services) is an error that says so.
  Status reload(ConfigurationPtr configuration, Deadline deadline);

  // Loads and starts an instance of the configuration, or one named like a module in the search path.
  // Exists: it runs. Conflict: it is still stopping.
  Status enable(std::string_view instance);
  // Refuses new users at once, drains the module, and stops and unloads it when the last user has gone. TimedOut
  // when that was not before the deadline: the module then goes in the background as soon as it can.
  Status disable(std::string_view instance, Deadline deadline);
  // Gives one running instance the options that `configuration` has for it. Instances that are enabled later take
  // theirs from it, too; the other running ones keep what they have.
  Status reconfigure(std::string_view instance, const ConfigurationPtr& configuration);
  // What describe() of description.h says of an instance, of one of the configuration, or of a module of the search
  // path, with "name", "state" and "path": JSON text. What does not run is opened for it. NotFound.
  Result<std::string> describe(std::string_view instance);
  // Drains all modules of a kind at a time, protocols first, and stops them. TimedOut names those that were in use at
  // the deadline.
  Status shutdown(Deadline deadline);

  std::vector<InstanceInfo> instances() const;
  // The modules of the search path that no instance uses; they can be enabled by their names.
  std::vector<InstanceInfo> available() const;
  // The top-level sections of the configuration that loaded modules claim.
  std::vector<std::string> sections() const;
  // The running protocol modules, in configuration order.
  std::vector<ModuleRef<ProtocolModule>> protocols() const;
  // Where they listen.
  std::vector<Endpoint> listening() const;

  ModuleRef<StorageModule> storage(std::string_view instance) const override;
  ModuleRef<StorageModule> storage_for_provider(int provider) const override;
  std::vector<ModuleRef<AuthModule>> auth_chain() const override;
  ModuleRef<ActionModule> action(std::string_view provides) const override;

 private:
  // An instance of the registry. All of it is guarded by registry_mutex_; the module object itself is called without
  // the lock, by the one Change there is, or by the thread that waits for its last user.
  struct Slot {
    PlannedInstance planned;
    InstanceState state = InstanceState::Disabled;
    LeaseGate gate;
    std::unique_ptr<Instance> instance;  // set while Starting, Running and Stopping
    std::string error;
    bool forgotten = false;  // leaves the registry once it has stopped
  };
  using SlotPtr = std::shared_ptr<Slot>;
  using NewOptions = std::vector<std::pair<SlotPtr, config::OptionValues>>;
  class Change;
  // What a new configuration means for what there is.
  struct Difference {
    std::vector<PlannedInstance> fresh;
    NewOptions changed;
    std::vector<SlotPtr> gone;
  };
  struct Late {
    std::shared_ptr<std::atomic<bool>> ended;
    std::jthread thread;
  };

  Status apply(const ConfigurationPtr& configuration, Deadline deadline);
  Result<Difference> compare(const Plan& plan, const config::Configuration& configuration) const;
  Result<PlannedInstance> planned_for(const Plan& plan, std::string_view name) const;
  Result<std::unique_ptr<Instance>> load(const Catalog& catalog, const PlannedInstance& planned,
                                         const config::Configuration& configuration);
  Result<std::vector<SlotPtr>> load_all(const Plan& plan, const std::vector<PlannedInstance>& wanted,
                                        const config::Configuration& configuration);
  Status configure_all(NewOptions& wanted, NewOptions& undo);
  void undo_all(NewOptions& undo);
  Status start_all(const std::vector<SlotPtr>& loaded);
  Status start_slot(const SlotPtr& slot);
  std::vector<SlotPtr> snapshot() const;
  void restore(std::vector<SlotPtr> before);
  void arrange(const Plan& plan);

  // Running -> Stopping: no new leases.
  void close(const SlotPtr& slot);
  // Stops what is closed and drained, now or in the background; whether it was now.
  bool stop_or_leave(const SlotPtr& slot, Deadline deadline);
  void finish_stop(const SlotPtr& slot);
  void finish_later(const SlotPtr& slot);
  // The names of those that are left in the background.
  std::vector<std::string> stop_all(std::vector<SlotPtr> slots, Deadline deadline);

  SlotPtr find(std::string_view instance) const;
  InstanceState state_of(const Slot& slot) const;
  template <class K>
  static ModuleRef<K> refer(const Slot& slot);
  template <class K, class Wanted>
  ModuleRef<K> first(ModuleKind kind, Wanted&& wanted) const;

  ThreadPool& pool_;
  const std::shared_ptr<const Services> services_;
  const std::filesystem::path executable_;
  const std::function<void()> let_go_;

  std::mutex change_mutex_;
  std::condition_variable change_ended_;
  bool changing_ = false;
  std::thread::id changer_;
  // One open library a file, however many instances use it. Touched within a Change only.
  std::map<std::string, std::weak_ptr<const Library>> libraries_;

  mutable std::mutex registry_mutex_;
  std::vector<SlotPtr> slots_;  // in configuration order
  ConfigurationPtr configuration_;

  std::mutex late_mutex_;
  std::vector<Late> late_;  // each waits for the last user of one module
};

}  // namespace slipway::module
