#include "shell_command.h"

#include "slipway/server_side.h"

namespace slipway::sftp {

void ShellCommand::tell_failure(CommandContext& context, std::string_view subject, std::string_view text) const {
  std::string line = words_.name + ": ";
  if (!subject.empty()) line.append(subject).append(" ");
  line.append(text).append("\n");
  context.io.write(line);
}

int ShellCommand::run(CommandContext& context) {
  const auto started = std::chrono::steady_clock::now();
  Outcome outcome = execute(context);
  if (outcome.failure && !outcome.told) {
    const std::string subject = words_.arguments.empty() ? std::string() : words_.arguments.back();
    tell_failure(context, subject, outcome.text ? *outcome.text : client_text(*outcome.failure));
  }
  const int status = outcome.failure ? 1 : 0;
  auto* notices = static_cast<CommandNotices*>(context.session.fs().query(CommandNotices::kInterfaceId));
  if (notices != nullptr) {
    const auto elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
    notices->command_ended(context.op, {.name = words_.name,
                                        .line = words_.line,
                                        .path = std::move(outcome.path),
                                        .target = std::move(outcome.target),
                                        .failure = std::move(outcome.failure),
                                        .elapsed = elapsed});
  }
  return status;
}

}  // namespace slipway::sftp
