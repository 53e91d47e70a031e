// The server's end of scp: receives files (-t) and sends them (-f).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "command.h"
#include "scp_protocol.h"

namespace slipway::sftp {

std::unique_ptr<Command> make_scp_command(std::vector<std::string> arguments);

// The two sides; both return the exit status. Paths are literal: no globs; "~" is the start directory.
int run_scp_sink(CommandContext& context, const ScpOptions& options);
int run_scp_source(CommandContext& context, const ScpOptions& options);

// A path of the command line as a path of the session.
Result<VPath> resolve_scp_path(const CommandContext& context, std::string_view path);

}  // namespace slipway::sftp
