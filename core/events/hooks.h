// The hooks of the configuration: common.actions, data_provider.actions, and those of start, connect and disconnect.
#pragma once

#include <array>
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
  std::string startup, post_connect, post_disconnect;  // common.startup_hook, ...

  // From the values of the sections `common` and `data_provider`, whose tables must have the options below.
  static HookSettings from(const OptionView& common, const OptionView& data_provider);
};

inline constexpr char kFileActions[] =
    "download,first-download,pre-download,upload,first-upload,pre-upload,delete,pre-delete,rename,mkdir,rmdir,copy,ssh_"
    "cmd";
inline constexpr char kProviderActions[] = "add,update,delete";
inline constexpr char kProviderObjects[] =
    "user,folder,group,admin,api_key,share,event_action,event_rule,role,ip_list_entry,configs";

// The rows of the sections' tables that HookSettings::from reads.
inline constexpr std::array<OptionSpec, 6> kCommonHookOptions{{
    {.name = "actions.execute_on",
     .type = OptionType::StringList,
     .default_value = "",
     .help = "File events that run the hook.",
     .choices = kFileActions},
    {.name = "actions.execute_sync",
     .type = OptionType::StringList,
     .default_value = "",
     .help = "Those of execute_on that the operation waits for; pre-* events always do.",
     .choices = kFileActions},
    {.name = "actions.hook",
     .type = OptionType::String,
     .default_value = "",
     .help = "Absolute path of a program, or URL that events are posted to."},
    {.name = "startup_hook",
     .type = OptionType::String,
     .default_value = "",
     .help = "Program to run, or URL to get, when the server starts."},
    {.name = "post_connect_hook",
     .type = OptionType::String,
     .default_value = "",
     .help = "Program or URL asked about each new connection; it may refuse it."},
    {.name = "post_disconnect_hook",
     .type = OptionType::String,
     .default_value = "",
     .help = "Program or URL told when an SSH channel or an FTP connection ends."},
}};
inline constexpr std::array<OptionSpec, 3> kDataProviderHookOptions{{
    {.name = "actions.execute_on",
     .type = OptionType::StringList,
     .default_value = "",
     .help = "Changes of accounts that run the hook.",
     .choices = kProviderActions},
    {.name = "actions.execute_for",
     .type = OptionType::StringList,
     .default_value = "",
     .help = "Kinds of objects whose changes run the hook.",
     .choices = kProviderObjects},
    {.name = "actions.hook",
     .type = OptionType::String,
     .default_value = "",
     .help = "Absolute path of a program, or URL that changed objects are posted to."},
}};

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
