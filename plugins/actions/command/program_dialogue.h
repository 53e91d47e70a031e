// A program that is spoken with in lines over its standard streams.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "child.h"
#include "process.h"
#include "slipway/action.h"

namespace slipway::command {

class ProgramDialogue final : public Dialogue {
 public:
  // Starts the program. `stop` is the module's; `leftovers` outlives the dialogue.
  static Result<std::unique_ptr<ProgramDialogue>> start(ProgramSpec spec, std::stop_token stop, Leftovers& leftovers);
  ~ProgramDialogue() override;

  Result<std::string> read_line(const OpContext&) override;
  Status write_line(const OpContext&, std::string_view line) override;
  // What it wrote to standard error so far.
  const std::string& errors() { return errors_.text(); }

 private:
  ProgramDialogue(ProgramSpec spec, std::stop_token stop, Leftovers& leftovers, pid_t pid, Descriptor input,
                  Capture output, Capture errors);
  // Waits until there is something to read, or room to write where `writing`; an error when it is time to end.
  Status wait(const OpContext& ctx, bool writing);
  Error ended() const;

  const ProgramSpec spec_;
  const std::chrono::steady_clock::time_point end_;
  const std::stop_token stop_;
  Leftovers& leftovers_;
  const Child child_;
  Descriptor input_;
  Capture output_, errors_;
};

}  // namespace slipway::command
