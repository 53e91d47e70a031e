// An action module does something about an event: sends it somewhere, runs a program, writes a mail.
#pragma once

#include "slipway/event.h"

namespace slipway {

struct ActionRequest {
  const Event& event;
  // The options of this use (ModuleDescriptor::use_options); templated ones were rendered by the core.
  const OptionView& options;
};

struct ActionReply {
  int code = 0;      // HTTP status, exit status
  std::string body;  // what was answered, at most 1 MiB
};

// A running program that is spoken with in lines. One thread at a time. Its end ends the program, and waits for that.
class Dialogue {
 public:
  virtual ~Dialogue() = default;
  // The next line of what the program says, without its end. Unavailable, with its exit status, once it says no more;
  // TooLarge for a line beyond 64 KiB; Cancelled, TimedOut: as the context says, or the program's own time is over.
  virtual Result<std::string> read_line(const OpContext&) = 0;
  // `line` must not hold a line feed. Fails like read_line().
  virtual Status write_line(const OpContext&, std::string_view line) = 0;
};

// Optional, by Module::query of an action module: its uses can be conversations.
class DialogueStarter {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.dialogue.v1";
  // The options are those of a use. Calls of the dialogue are TimedOut after the use's timeout.
  virtual Result<std::unique_ptr<Dialogue>> start(const OptionView& options) = 0;

 protected:
  ~DialogueStarter() = default;
};

class ActionModule : public Module {
 public:
  // Ends within the use's timeout and ctx.deadline. PermissionDenied: it was done and the answer was no (exit status
  // not 0, HTTP status not 2xx) - `reply` members are then in the message; Unavailable (retryable): it could not be
  // done.
  virtual Result<ActionReply> run(const OpContext&, const ActionRequest&) = 0;
};

// Action modules, for other modules.
class ActionService {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.actions.v1";
  // `provides` is what the action module provides ("http", "command"), `options` a JSON object of a use's options.
  // Unavailable when no running module provides it, InvalidArgument for options that are none; else as
  // ActionModule::run.
  virtual Result<ActionReply> run(const OpContext&, std::string_view provides, std::string_view options,
                                  const Event&) = 0;
  // Also NotSupported when the module holds no dialogues.
  virtual Result<std::unique_ptr<Dialogue>> converse(std::string_view provides, std::string_view options) = 0;

 protected:
  ~ActionService() = default;
};

}  // namespace slipway
