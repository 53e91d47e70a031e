// The supervisor's modules as the management service changes them.
#pragma once

#include <chrono>

#include "core/management/management.h"
#include "core/module/supervisor.h"

namespace slipway::app {

class RunningModules final : public management::ModuleControl {
 public:
  // A module that is disabled gets `patience` to be left by its users before that is reported; it goes all the same.
  RunningModules(module::Supervisor& supervisor, config::Configuration::Location location,
                 std::chrono::seconds patience)
      : supervisor_(supervisor), location_(std::move(location)), patience_(patience) {}

  std::vector<Info> list() const override {
    std::vector<Info> all;
    for (const auto& i : supervisor_.instances()) all.push_back(info_of(i, module::to_string(i.state)));
    for (const auto& i : supervisor_.available()) all.push_back(info_of(i, "available"));
    return all;
  }
  Result<std::string> describe(std::string_view instance) override { return supervisor_.describe(instance); }
  Status enable(std::string_view instance) override { return supervisor_.enable(instance); }
  Status disable(std::string_view instance) override {
    return supervisor_.disable(instance, std::chrono::steady_clock::now() + patience_);
  }
  Status reconfigure(std::string_view instance) override {
    SLIPWAY_ASSIGN(const auto fresh, config::Configuration::load(location_));
    return supervisor_.reconfigure(instance, fresh);
  }
  std::vector<Service> services() const override {
    std::vector<Service> all;
    for (const auto& module : supervisor_.protocols())
      if (const auto* status = static_cast<ServiceStatus*>(module->query(ServiceStatus::kInterfaceId)))
        all.push_back({std::string(status->service()), status->document()});
    return all;
  }

 private:
  static Info info_of(const module::InstanceInfo& i, std::string_view state) {
    return {i.name, i.module, i.kind, i.version, std::string(state), i.summary, i.error};
  }

  module::Supervisor& supervisor_;
  const config::Configuration::Location location_;
  const std::chrono::seconds patience_;
};

}  // namespace slipway::app
