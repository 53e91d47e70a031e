// slipway-copy and slipway-remove: whole trees, without a byte over the network.
#include "shell_command.h"
#include "slipway/server_side.h"

namespace slipway::sftp {
namespace {

TreeOperations* trees_of(CommandContext& context) {
  return static_cast<TreeOperations*>(context.session.fs().query(TreeOperations::kInterfaceId));
}

Error no_trees() { return {Errc::NotSupported, "trees", "this session has no operations on trees"}; }

bool ends_as_directory(std::string_view path) { return path.ends_with('/') || path.ends_with('\\'); }

class CopyCommand final : public ShellCommand {
  using ShellCommand::ShellCommand;
  Outcome execute(CommandContext& context) override {
    Outcome outcome{.path = context.session.start_directory()};
    const auto& arguments = words().arguments;
    if (arguments.size() != 2) {
      outcome.failure.emplace(Errc::InvalidArgument, words().name, "two paths are needed");
      outcome.text = "usage " + words().name + " <source dir path> <destination dir path>";
      return outcome;
    }
    const auto done = [&]() -> Status {
      const VPath& start = context.session.start_directory();
      TreeOperations::CopyRequest request;
      SLIPWAY_ASSIGN(request.from, context.paths.resolve(start, arguments[0]));
      SLIPWAY_ASSIGN(request.to, context.paths.resolve(start, arguments[1]));
      request.contents = ends_as_directory(arguments[0]);
      request.into = ends_as_directory(arguments[1]);
      outcome.path = request.from;
      outcome.target = request.to;
      auto* trees = trees_of(context);
      return trees == nullptr ? Status(no_trees()) : trees->copy_tree(context.op, request);
    }();
    if (done) {
      context.io.write("OK\n");
    } else {
      outcome.failure = done.error();
    }
    return outcome;
  }
};

class RemoveCommand final : public ShellCommand {
  using ShellCommand::ShellCommand;
  Outcome execute(CommandContext& context) override {
    Outcome outcome{.path = context.session.start_directory()};
    const auto& arguments = words().arguments;
    if (arguments.size() != 1) {
      outcome.failure.emplace(Errc::InvalidArgument, words().name, "one path is needed");
      outcome.text = "usage " + words().name + " <destination path>";
      return outcome;
    }
    const auto done = [&]() -> Status {
      SLIPWAY_ASSIGN(outcome.path, context.paths.resolve(context.session.start_directory(), arguments[0]));
      auto* trees = trees_of(context);
      return trees == nullptr ? Status(no_trees()) : trees->remove_tree(context.op, outcome.path);
    }();
    if (done) {
      context.io.write("OK\n");
    } else {
      outcome.failure = done.error();
    }
    return outcome;
  }
};

}  // namespace

std::unique_ptr<Command> make_copy_command(CommandWords words) {
  return std::make_unique<CopyCommand>(std::move(words));
}

std::unique_ptr<Command> make_remove_command(CommandWords words) {
  return std::make_unique<RemoveCommand>(std::move(words));
}

}  // namespace slipway::sftp
