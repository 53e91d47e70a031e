#include "scp_command.h"

namespace slipway::sftp {
namespace {

class ScpCommand final : public Command {
 public:
  explicit ScpCommand(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {}

  int run(CommandContext& context) override {
    const auto options = parse_scp_arguments(arguments_);
    if (!options) {
      context.io.write(scp_error_message(true, options.error().cause()));
      return 1;
    }
    return options->role == ScpOptions::Role::Sink ? run_scp_sink(context, *options)
                                                   : run_scp_source(context, *options);
  }

 private:
  const std::vector<std::string> arguments_;
};

}  // namespace

std::unique_ptr<Command> make_scp_command(std::vector<std::string> arguments) {
  return std::make_unique<ScpCommand>(std::move(arguments));
}

// The shell that a client expects here would put the home directory in its place.
Result<VPath> resolve_scp_path(const CommandContext& context, std::string_view path) {
  if (path == "~") {
    path = {};
  } else if (path.starts_with("~/")) {
    path.remove_prefix(path.find_first_not_of('/', 1) == std::string_view::npos ? path.size()
                                                                                : path.find_first_not_of('/', 1));
  }
  return context.paths.resolve(context.session.start_directory(), path);
}

}  // namespace slipway::sftp
