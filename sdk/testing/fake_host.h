// A host for modules under test: it runs their tasks, keeps their log lines, and offers the services a test gives it.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "slipway/module.h"

namespace slipway::kit {

// Thread-safe.
class FakeHost final : public Host {
 public:
  explicit FakeHost(std::string instance, std::string config_dir = "/nonexistent");
  ~FakeHost();

  Logger& logger() noexcept override { return log_; }
  std::string_view instance() const noexcept override { return instance_; }
  std::string_view config_dir() const noexcept override { return config_dir_; }
  // Each task runs on a thread of its own.
  void post(std::function<void()> task) override;
  void* service(std::string_view interface_id) noexcept override;

  // `object` is what service(interface_id) answers from now on.
  void offer(std::string interface_id, void* object);
  // Waits for the running tasks and drops the ones that come later, as the server does before it calls stop().
  void close_tasks();
  // "warn: message key=value", oldest first.
  std::vector<std::string> log_lines() const;

 private:
  class RecordingLogger final : public Logger {
   public:
    bool enabled(LogLevel) const noexcept override { return true; }
    void log(LogLevel level, std::string_view message, std::span<const LogField> fields) noexcept override;
    std::vector<std::string> lines() const;

   private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
  };

  const std::string instance_, config_dir_;
  RecordingLogger log_;
  std::mutex mutex_;
  std::map<std::string, void*, std::less<>> services_;
  std::vector<std::thread> tasks_;
  bool closed_ = false;
};

}  // namespace slipway::kit
