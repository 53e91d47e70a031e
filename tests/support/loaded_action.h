// For tests: an action module as it ships, loaded into a small host.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include "core/config/options.h"
#include "slipway/action.h"

namespace slipway::testing {

// Keeps what is logged.
class TestHost final : public Host, private Logger {
 public:
  Logger& logger() noexcept override { return *this; }
  std::string_view instance() const noexcept override { return "test"; }
  std::string_view config_dir() const noexcept override { return "/"; }
  void post(std::function<void()> task) override;
  void* service(std::string_view) noexcept override { return nullptr; }
  std::string log_text();

 private:
  bool enabled(LogLevel) const noexcept override { return true; }
  void log(LogLevel, std::string_view message, std::span<const LogField> fields) noexcept override;

  std::mutex mutex_;
  std::string log_;
};

// Loads, configures and starts; stops and unloads at the end. Problems are exceptions or failures of the test.
class LoadedAction {
 public:
  // `section_json`: the module's section of the configuration.
  LoadedAction(const char* file, std::string_view section_json);
  ~LoadedAction();
  LoadedAction(const LoadedAction&) = delete;
  LoadedAction& operator=(const LoadedAction&) = delete;

  Status configure(std::string_view section_json);
  // `use_json`: the options of the use.
  Result<ActionReply> run(std::string_view use_json, const OpContext& ctx = {});
  Result<std::unique_ptr<Dialogue>> converse(std::string_view use_json);
  void stop();
  TestHost& host() { return host_; }

 private:
  TestHost host_;
  Event event_;
  std::deque<config::OptionValues> options_;  // a module may keep looking at what configured it
  void* library_ = nullptr;
  const ModuleDescriptor* descriptor_ = nullptr;
  ActionModule* module_ = nullptr;
};

}  // namespace slipway::testing
