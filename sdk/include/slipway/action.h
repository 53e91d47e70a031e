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

class ActionModule : public Module {
 public:
  // Ends within the use's timeout and ctx.deadline. PermissionDenied: it was done and the answer was no (exit status
  // not 0, HTTP status not 2xx) - `reply` members are then in the message; Unavailable (retryable): it could not be
  // done.
  virtual Result<ActionReply> run(const OpContext&, const ActionRequest&) = 0;
};

}  // namespace slipway
