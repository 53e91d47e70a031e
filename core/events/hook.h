// One configured hook: a program (absolute path) or an http(s) URL, run through the action module that can do it.
#pragma once

#include <string>
#include <string_view>

#include "core/events/hook_payload.h"
#include "core/module/registry.h"

namespace slipway::events {

// What is asked of a hook; each field serves one of the two forms.
struct HookCall {
  std::string_view hook;    // its name for command.commands[].hook: "fs_actions", "startup", ...
  std::string_view method;  // http: "GET", "POST"
  std::string_view body;    // http: JSON, with POST
  Pairs query;              // http: added to what the URL has
  bool retry = true;        // http: network errors, 429 and 5xx are tried again as `http` says
  Pairs environment;        // program
};

class Hook {
 public:
  Hook() = default;  // none
  // InvalidArgument unless `text` is empty, starts with http:// or https://, or is an absolute path; `key` is the
  // configuration key for the message.
  static Result<Hook> parse(std::string_view key, std::string_view text);

  bool empty() const noexcept { return text_.empty(); }
  bool is_url() const noexcept { return url_; }
  const std::string& text() const noexcept { return text_; }
  // For logs and messages: a URL without what may be a secret in it (user, password, query).
  std::string shown() const;

  // Waits for the answer. Success is exit status 0, or HTTP status 200 exactly. PermissionDenied: any other answer;
  // Unavailable: the hook could not be asked, or no module provides what it needs. `event` is passed on to the module.
  Result<ActionReply> run(const OpContext&, const module::Registry&, const HookCall&, const Event& event) const;

 private:
  std::string text_;
  bool url_ = false;
};

}  // namespace slipway::events
