// What the guard tells others: events before and after an operation, and the documented log lines.
#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <span>

#include "core/events/bus.h"
#include "core/vfs/mount_table.h"

namespace slipway::vfs {

// A line of BEHAVIOUR 22 for everything but transfers; what does not apply stays as it is here.
struct CommandLine {
  const Place* target = nullptr;
  std::string link_target;  // of Symlink, when the target is text only
  std::optional<std::uint32_t> mode;
  std::int64_t uid = -1, gid = -1, size = -1;
  std::optional<Timestamp> atime, mtime;
  std::chrono::milliseconds elapsed{0};
  std::string_view ssh_command;
};

struct TransferLine {
  bool upload = false;
  std::uint64_t bytes = 0;
  std::chrono::milliseconds elapsed{0};
  const Error* error = nullptr;
};

// Thread-safe. Views the policy, which must outlive it.
class Notices {
 public:
  Notices(const Policy& policy, std::shared_ptr<events::EventBus> bus) : policy_(policy), bus_(std::move(bus)) {}

  const events::EventBus* bus() const noexcept { return bus_.get(); }
  bool wanted(std::string_view action) const noexcept { return bus_ && bus_->wanted(action); }
  Event event(std::string_view action, const Place& place) const;
  // A before-event; a veto is always PermissionDenied.
  Status ask(const OpContext& ctx, const Event& event) const;
  // An after-event; the error of a synchronous handler.
  Status tell(const OpContext& ctx, Event event) const;
  // The plain after-event of a command, made only when somebody listens. Nobody can undo it: errors are the handler's.
  void tell(const OpContext& ctx, std::string_view action, const Place& place, const Place* target = nullptr) const;

  void log_command(std::string_view sender, const Place& place, const CommandLine& line = {}) const noexcept;
  void log_transfer(const Place& place, const TransferLine& line) const noexcept;

 private:
  void write(LogLevel level, std::string_view sender, std::span<const LogField> fields) const noexcept;
  void write(LogLevel level, std::string_view sender, std::initializer_list<LogField> fields) const noexcept {
    write(level, sender, std::span(fields.begin(), fields.size()));
  }

  const Policy& policy_;
  std::shared_ptr<events::EventBus> bus_;
};

}  // namespace slipway::vfs
