// One module object with the host it sees: its life, its tasks, its options, and a fence around every call.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/base/thread_pool.h"
#include "core/config/options.h"
#include "core/module/library.h"
#include "core/module/services.h"
#include "slipway/module.h"

namespace slipway::module {

// create -> configure -> start -> (configure)* -> drain -> stop -> destruction. One thread at a time, except module().
// Whatever a module throws becomes Errc::Internal. Errors have the subject "module <name>", or "module <name>
// (instance <instance>)" where the names differ.
class Instance {
 public:
  struct Setup {
    std::string name;  // of the instance
    std::shared_ptr<const Library> library;
    std::string config_dir;
    ThreadPool* pool = nullptr;
    std::shared_ptr<const Services> services;
    std::vector<std::string> denied_services;  // shell patterns on interface ids
  };

  // Makes the module object.
  static Result<std::unique_ptr<Instance>> create(Setup setup);
  // Stops it if it is started, then destroys it.
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // The module has taken `options`, or keeps what it had.
  Status configure(config::OptionValues options);
  // What it was configured with last.
  const config::OptionValues& options() const noexcept { return *options_; }
  Status start();
  bool started() const noexcept { return started_; }
  void drain(std::chrono::steady_clock::time_point deadline) noexcept;
  // Waits for the module's tasks, then stops it. Nothing happens when it is not started.
  void stop() noexcept;

  const std::string& name() const noexcept;
  const Library& library() const noexcept;
  const std::string& subject() const noexcept { return subject_; }
  // K is the interface of the descriptor's kind.
  template <class K>
  K* as() const noexcept {
    return static_cast<K*>(module_);
  }

 private:
  class InstanceHost;
  Instance();

  std::shared_ptr<const Library> library_;  // the last to go
  std::string subject_;
  std::unique_ptr<InstanceHost> host_;
  std::unique_ptr<config::OptionValues> options_;  // the module may still read them: replaced, never assigned
  Module* module_ = nullptr;                       // owned through the descriptor's destroy
  bool started_ = false;
};

}  // namespace slipway::module
