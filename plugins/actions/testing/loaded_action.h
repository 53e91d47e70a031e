// For tests: an action module as it ships, loaded into a small host.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/config/options.h"
#include "slipway/action.h"

namespace slipway::testing {

class TestHost final : public Host, private Logger {
 public:
  Logger& logger() noexcept override { return *this; }
  std::string_view instance() const noexcept override { return "test"; }
  std::string_view config_dir() const noexcept override { return "/"; }
  void post(std::function<void()> task) override { std::thread(std::move(task)).detach(); }
  void* service(std::string_view) noexcept override { return nullptr; }
  std::string log_text() {
    std::lock_guard lock(mutex_);
    return log_;
  }

 private:
  bool enabled(LogLevel) const noexcept override { return true; }
  void log(LogLevel, std::string_view message, std::span<const LogField> fields) noexcept override {
    std::lock_guard lock(mutex_);
    log_.append(message);
    for (const LogField& field : fields) {
      log_.append(" ").append(field.key).append("=");
      log_.append(field.type == LogField::Type::Text ? std::string(field.text) : std::to_string(field.number));
    }
    log_ += '\n';
  }
  std::mutex mutex_;
  std::string log_;
};

inline config::OptionValues read_table(const OptionSpec* table, std::size_t count, std::string_view json_text) {
  const boost::json::object document = boost::json::parse(json_text).as_object();
  std::vector<config::Problem> problems;
  auto values = config::read_options({table, count}, {.document = &document, .where = "test"}, problems);
  for (const auto& problem : problems) ADD_FAILURE() << problem.where << ": " << problem.message;
  return values;
}

// Loads, configures and starts; stops and unloads at the end.
class LoadedAction {
 public:
  LoadedAction(const char* file, std::string_view section_json) {
    library_ = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) throw std::runtime_error(::dlerror());
    descriptor_ = static_cast<const ModuleDescriptor*>(::dlsym(library_, "slipway_module_v1"));
    if (descriptor_ == nullptr || descriptor_->magic != kModuleMagic ||
        std::string_view(descriptor_->abi_tag) != SLIPWAY_ABI_TAG || descriptor_->kind != ModuleKind::Action)
      throw std::runtime_error("not an action module of this build");
    module_ = static_cast<ActionModule*>(descriptor_->create(host_));
    if (Status status = configure(section_json); !status) throw std::runtime_error(status.error().message());
    if (Status status = module_->start(); !status) throw std::runtime_error(status.error().message());
  }
  ~LoadedAction() {
    if (module_ != nullptr) {
      stop();
      descriptor_->destroy(module_);
    }
    if (library_ != nullptr) ::dlclose(library_);
  }
  LoadedAction(const LoadedAction&) = delete;
  LoadedAction& operator=(const LoadedAction&) = delete;

  Status configure(std::string_view section_json) {
    options_.push_back(read_table(descriptor_->options, descriptor_->option_count, section_json));
    return module_->configure(options_.back());
  }
  Result<ActionReply> run(std::string_view use_json, const OpContext& ctx = {}) {
    const auto options = read_table(descriptor_->use_options, descriptor_->use_option_count, use_json);
    return module_->run(ctx, {event_, options});
  }
  void stop() {
    module_->drain(std::chrono::steady_clock::now());
    module_->stop();
  }
  ActionModule& module() { return *module_; }
  const ModuleDescriptor& descriptor() const { return *descriptor_; }
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
