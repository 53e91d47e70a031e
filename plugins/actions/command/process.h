// One program run to its end: bounded in time and output, alone in its process group, with nothing inherited but what
// is given.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "slipway/module.h"

namespace slipway::command {

struct ProgramSpec {
  std::string path;                      // absolute
  std::vector<std::string> arguments;    // without the program's own name
  std::vector<std::string> environment;  // "NAME=value", all of it
  std::chrono::milliseconds timeout{30'000};
  std::size_t max_output = 1024 * 1024;  // bytes kept of each stream; the rest is read and dropped
};

struct ProgramResult {
  int exit_status = 0;
  int signal = 0;  // that ended it; 0: it exited
  std::string output, errors;
};

// Killed processes that could not be reaped at once (stuck in the kernel). Thread-safe.
class Leftovers {
 public:
  void add(pid_t pid);
  void reap();

 private:
  std::mutex mutex_;
  std::vector<pid_t> pids_;
};

class Capture;
class Child;
// SIGTERM for the whole group, SIGKILL two seconds later; what it writes meanwhile is read.
void end_program(const Child& child, Capture& output, Capture& errors, Leftovers& leftovers);

// Starts the program with standard input from /dev/null and no other descriptor of this process, and waits for it.
// At the timeout, at ctx.deadline or when ctx.stop is requested its process group gets SIGTERM, and SIGKILL two seconds
// later: TimedOut or Cancelled. Unavailable when it cannot be started. What it left running in the background after a
// normal exit is left alone.
Result<ProgramResult> run_program(const OpContext& ctx, const ProgramSpec& spec, Leftovers& leftovers);

}  // namespace slipway::command
