// The hooks of the configuration: common.actions, data_provider.actions, and those of start, connect, disconnect
// and logins that ended.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/events/bus.h"
#include "core/module/registry.h"
#include "slipway/option.h"

namespace slipway::events {

struct HookSettings {
  struct Files {  // common.actions
    std::vector<std::string> execute_on, execute_sync;
    std::string hook;
  };
  struct Provider {  // data_provider.actions
    std::vector<std::string> execute_on, execute_for;
    std::string hook;
  };
  Files files;
  Provider provider;
  struct PostLogin {  // data_provider.post_login_*
    std::string hook;
    int scope = 0;  // 0 all logins, 1 those that failed, 2 those that did not
  };
  PostLogin post_login;
  std::string startup, post_connect, post_disconnect;  // common.startup_hook, ...

  // From the values of the sections `common` and `data_provider`, with the core's tables (core/config/core_options.h).
  static HookSettings from(const OptionView& common, const OptionView& data_provider);
};

// Thread-safe.
class ConfiguredHooks {
 public:
  // Registers on `bus`; both outlive the object. InvalidArgument for a hook that is neither an absolute path nor a URL,
  // and for an unknown event name.
  static Result<std::unique_ptr<ConfiguredHooks>> make(const HookSettings&, EventBus& bus, const module::Registry&);
  // Ends the registrations. Hooks that run are told to stop: drain the bus first.
  ~ConfiguredHooks();

  // Runs the startup hook and waits for it; ok when there is none. To be called from a thread of its own.
  Status startup(const OpContext&) const;
  // Asks the post-connect hook about a new connection: ok, or PermissionDenied; also when the hook cannot be asked.
  // `protocol`: "SSH", "FTP", "DAV", "HTTP". Without such a hook it costs nothing.
  Status post_connect(const OpContext&, std::string_view protocol, std::string_view ip) const;
  bool has_post_connect() const noexcept;

 private:
  struct Impl;
  explicit ConfiguredHooks(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::events
