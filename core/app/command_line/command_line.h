// Reads the command line and runs the subcommand it names.
#pragma once

namespace slipway::app {

// The process's exit code: 0; 1 when the command failed; 2 when the command line is wrong.
int run_command_line(int argc, char** argv);

}  // namespace slipway::app
