// Runs a program and takes what it says: for administrators' own programs that decide about a login.
#pragma once

#include <string>
#include <vector>

#include "slipway/module.h"

namespace slipway::sftp {

struct ProgramOutput {
  int status = 0;    // of exit(); -1 when a signal ended it
  std::string text;  // standard output and standard error, as they came
};

// Starts `path` (absolute) with an empty environment, no input, and descriptors 0 to 2 alone, and waits until it has
// ended. TimedOut and Cancelled as `op` says: the program and whatever it started are killed. TooLarge beyond `limit`
// bytes of output. Unavailable when it cannot be started.
Result<ProgramOutput> run_program(const OpContext& op, const std::string& path,
                                  const std::vector<std::string>& arguments, std::size_t limit);

}  // namespace slipway::sftp
