// Runs the program of a hook or an event rule, as the section `command` says.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "process.h"
#include "slipway/action.h"
#include "slipway/work_gate.h"

namespace slipway::command {

class CommandAction final : public ActionModule, private DialogueStarter {
 public:
  explicit CommandAction(Host& host) : host_(host) {}

  Status configure(const OptionView& options) override;
  Status start() override;
  void drain(std::chrono::steady_clock::time_point deadline) noexcept override { gate_.close(deadline); }
  void stop() noexcept override { gate_.end(); }
  Result<ActionReply> run(const OpContext& ctx, const ActionRequest& request) override;
  void* query(std::string_view interface_id) noexcept override {
    return interface_id == DialogueStarter::kInterfaceId ? static_cast<DialogueStarter*>(this) : nullptr;
  }

 private:
  class LoggedDialogue;
  Result<std::unique_ptr<Dialogue>> start(const OptionView& options) override;

  struct Tuning {  // an element of `commands`
    std::string path, hook;
    std::chrono::seconds timeout{0};
    std::vector<std::string> environment, arguments;
  };
  struct Settings {
    std::chrono::seconds timeout{30};
    std::vector<std::string> environment;
    std::vector<Tuning> commands;
  };

  std::shared_ptr<const Settings> settings() const;
  Result<ProgramSpec> program_of(const OptionView& use) const;
  void log_errors(const ProgramSpec& spec, std::string_view hook, std::string_view text);

  Host& host_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Settings> settings_ = std::make_shared<Settings>();
  WorkGate gate_;
  Leftovers leftovers_;
};

}  // namespace slipway::command
