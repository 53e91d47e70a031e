#include "command_action.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "program_dialogue.h"

namespace slipway::command {
namespace {

constexpr int kMaxErrorLines = 32;
constexpr std::size_t kMaxErrorLine = 512;  // bytes
constexpr std::size_t kMaxAnswer = 256;     // bytes of output in an error's message

std::vector<std::string> list(const OptionView& options, const std::string& name) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < options.count(name); ++i) out.emplace_back(options.item(name, i));
  return out;
}

Status check_environment(const std::vector<std::string>& environment, const std::string& where) {
  for (std::size_t i = 0; i < environment.size(); ++i)
    if (const auto equals = environment[i].find('='); equals == std::string::npos || equals == 0)
      return Error{Errc::InvalidArgument, where + "[" + std::to_string(i) + "]", "must be written as NAME=value"};
  return ok();
}

// Sets a variable; a later value replaces an earlier one.
void set_variable(std::vector<std::string>& environment, std::string_view assignment) {
  const std::string_view name = assignment.substr(0, assignment.find('=') + 1);
  for (std::string& present : environment)
    if (present.starts_with(name)) {
      present = assignment;
      return;
    }
  environment.emplace_back(assignment);
}

// A rule may ask for a variable of the server by the value "$"; what configures the server itself is not given away.
std::string rule_value(const std::string& name, std::string_view value) {
  if (value != "$") return std::string(value);
  if (name.starts_with("SFTPGO_") || name.starts_with("SLIPWAY_")) return {};
  const char* own = std::getenv(name.c_str());
  return own != nullptr ? own : "";
}

std::string_view trimmed(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end + 1);
}

}  // namespace

Status CommandAction::configure(const OptionView& options) {
  auto next = std::make_shared<Settings>();
  next->timeout = std::chrono::seconds(options.integer("timeout"));
  next->environment = list(options, "env");
  SLIPWAY_TRY(check_environment(next->environment, "command.env"));
  for (std::size_t i = 0; i < options.count("commands"); ++i) {
    const std::string element = "commands[" + std::to_string(i) + "].";
    Tuning tuning{.path = std::string(options.string(element + "path")),
                  .hook = std::string(options.string(element + "hook")),
                  .timeout = std::chrono::seconds(options.integer(element + "timeout")),
                  .environment = list(options, element + "env"),
                  .arguments = list(options, element + "args")};
    if (!tuning.path.starts_with('/'))
      return Error{Errc::InvalidArgument, "command." + element + "path", "must be an absolute path"};
    SLIPWAY_TRY(check_environment(tuning.environment, "command." + element + "env"));
    next->commands.push_back(std::move(tuning));
  }
  std::lock_guard lock(mutex_);
  settings_ = std::move(next);
  return ok();
}

Status CommandAction::start() {
  gate_.open();
  return ok();
}

std::shared_ptr<const CommandAction::Settings> CommandAction::settings() const {
  std::lock_guard lock(mutex_);
  return settings_;
}

Result<ProgramSpec> CommandAction::program_of(const OptionView& use) const {
  const auto settings = this->settings();
  ProgramSpec spec;
  spec.path = use.string("cmd");
  if (!spec.path.starts_with('/'))
    return Error{Errc::InvalidArgument, "cmd", "\"" + spec.path + "\" is not an absolute path"};
  const std::string_view hook = use.string("hook");
  auto timeout = settings->timeout;
  if (const std::int64_t seconds = use.integer("timeout"); seconds > 0) timeout = std::chrono::seconds(seconds);

  if (!hook.empty()) {
    for (const std::string& variable : settings->environment) set_variable(spec.environment, variable);
    const auto tuning = std::ranges::find_if(
        settings->commands, [&](const Tuning& t) { return t.path == spec.path && (t.hook.empty() || t.hook == hook); });
    if (tuning != settings->commands.end()) {
      for (const std::string& variable : tuning->environment) set_variable(spec.environment, variable);
      spec.arguments = tuning->arguments;
      if (tuning->timeout.count() > 0) timeout = tuning->timeout;
    }
  }
  for (std::size_t i = 0; i < use.count("args"); ++i) spec.arguments.emplace_back(use.item("args", i));
  for (std::size_t i = 0; i < use.count("env_vars"); ++i) {
    const std::string element = "env_vars[" + std::to_string(i) + "].";
    const std::string name(use.string(element + "key"));
    const std::string_view value = use.string(element + "value");
    if (name.empty() || name.find('=') != std::string::npos)
      return Error{Errc::InvalidArgument, element + "key", "must be a name without '='"};
    set_variable(spec.environment, name + "=" + (hook.empty() ? rule_value(name, value) : std::string(value)));
  }
  spec.timeout = timeout;

  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  if (has_nul(spec.path) || std::ranges::any_of(spec.arguments, has_nul) ||
      std::ranges::any_of(spec.environment, has_nul))
    return Error{Errc::InvalidArgument, spec.path, "arguments and variables cannot hold NUL bytes"};
  return spec;
}

Result<ActionReply> CommandAction::run(const OpContext& ctx, const ActionRequest& request) {
  const WorkGate::Pass pass(gate_);
  if (!pass) return Error{Errc::Unavailable, "command", "the module stops", true};
  SLIPWAY_ASSIGN(const ProgramSpec spec, program_of(request.options));
  const EitherStop stop(ctx.stop, gate_.stop_token());
  OpContext both = ctx;
  both.stop = stop.token();
  SLIPWAY_ASSIGN(ProgramResult result, run_program(both, spec, leftovers_));
  log_errors(spec, request.options.string("hook"), result.errors);
  if (result.exit_status == 0 && result.signal == 0) return ActionReply{0, std::move(result.output)};

  std::string cause = result.signal != 0 ? "killed by signal " + std::to_string(result.signal)
                                         : "exit status " + std::to_string(result.exit_status);
  if (const std::string_view answer = trimmed(result.output); !answer.empty())
    cause.append(": ").append(answer.substr(0, kMaxAnswer));
  return Error{Errc::PermissionDenied, spec.path, std::move(cause)};
}

// Says at the end what the program wrote to standard error.
class CommandAction::LoggedDialogue final : public Dialogue {
 public:
  LoggedDialogue(CommandAction& action, ProgramSpec spec, std::string hook, std::unique_ptr<ProgramDialogue> dialogue)
      : action_(action), spec_(std::move(spec)), hook_(std::move(hook)), dialogue_(std::move(dialogue)) {}
  ~LoggedDialogue() override { action_.log_errors(spec_, hook_, dialogue_->errors()); }

  Result<std::string> read_line(const OpContext& ctx) override { return dialogue_->read_line(ctx); }
  Status write_line(const OpContext& ctx, std::string_view line) override { return dialogue_->write_line(ctx, line); }

 private:
  CommandAction& action_;
  const ProgramSpec spec_;
  const std::string hook_;
  std::unique_ptr<ProgramDialogue> dialogue_;
};

Result<std::unique_ptr<Dialogue>> CommandAction::start(const OptionView& options) {
  const WorkGate::Pass pass(gate_);
  if (!pass) return Error{Errc::Unavailable, "command", "the module stops", true};
  SLIPWAY_ASSIGN(ProgramSpec spec, program_of(options));
  SLIPWAY_ASSIGN(auto dialogue, ProgramDialogue::start(spec, gate_.stop_token(), leftovers_));
  return std::make_unique<LoggedDialogue>(*this, std::move(spec), std::string(options.string("hook")),
                                          std::move(dialogue));
}

void CommandAction::log_errors(const ProgramSpec& spec, std::string_view hook, std::string_view text) {
  text = trimmed(text);
  for (int lines = 0; !text.empty(); ++lines) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (lines == kMaxErrorLines) {
      host_.logger().warn("the program wrote more to standard error", {{"command", spec.path}, {"hook", hook}});
      return;
    }
    host_.logger().warn(line.substr(0, kMaxErrorLine), {{"command", spec.path}, {"hook", hook}});
  }
}

}  // namespace slipway::command
