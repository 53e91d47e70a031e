#include "fake_host.h"

#include <utility>

namespace slipway::kit {

FakeHost::FakeHost(std::string instance, std::string config_dir)
    : instance_(std::move(instance)), config_dir_(std::move(config_dir)) {}

FakeHost::~FakeHost() { close_tasks(); }

void FakeHost::post(std::function<void()> task) {
  std::lock_guard lock(mutex_);
  if (!closed_) tasks_.emplace_back(std::move(task));
}

void* FakeHost::service(std::string_view interface_id) noexcept {
  std::lock_guard lock(mutex_);
  const auto found = services_.find(interface_id);
  return found == services_.end() ? nullptr : found->second;
}

void FakeHost::offer(std::string interface_id, void* object) {
  std::lock_guard lock(mutex_);
  services_.insert_or_assign(std::move(interface_id), object);
}

void FakeHost::close_tasks() {
  // A running task may post another: until there are none.
  for (;;) {
    std::vector<std::thread> running;
    {
      std::lock_guard lock(mutex_);
      running.swap(tasks_);
      if (running.empty()) {
        closed_ = true;
        return;
      }
    }
    for (std::thread& task : running) task.join();
  }
}

std::vector<std::string> FakeHost::log_lines() const { return log_.lines(); }

void FakeHost::RecordingLogger::log(LogLevel level, std::string_view message,
                                    std::span<const LogField> fields) noexcept {
  constexpr std::string_view names[] = {"trace", "debug", "info", "warn", "error"};
  std::string line(names[static_cast<std::size_t>(level)]);
  line.append(": ").append(message);
  for (const LogField& field : fields) {
    line.append(" ").append(field.key).append("=");
    switch (field.type) {
      case LogField::Type::Text:
        line.append(field.text);
        break;
      case LogField::Type::Integer:
        line.append(std::to_string(field.number));
        break;
      case LogField::Type::Boolean:
        line.append(field.number != 0 ? "true" : "false");
        break;
    }
  }
  std::lock_guard lock(mutex_);
  lines_.push_back(std::move(line));
}

std::vector<std::string> FakeHost::RecordingLogger::lines() const {
  std::lock_guard lock(mutex_);
  return lines_;
}

}  // namespace slipway::kit
