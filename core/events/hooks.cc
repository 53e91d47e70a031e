#include "core/events/hooks.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stop_token>
#include <utility>

#include "core/base/text.h"
#include "core/config/core_options.h"
#include "core/events/action_set.h"
#include "core/events/hook.h"
#include "core/events/hook_payload.h"
#include "core/log/log.h"
#include "slipway/work_gate.h"

namespace slipway::events {
namespace {

constexpr std::size_t kQueueSize = 20'000;           // events, a few hundred bytes each
constexpr std::size_t kMaxConcurrentFile = 150;      // of asynchronous hooks about files and connections
constexpr std::size_t kMaxConcurrentProvider = 100;  // of hooks about accounts
constexpr std::string_view kSender = "hooks";

std::vector<std::string> list(const OptionView& options, std::string_view name) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < options.count(name); ++i) out.emplace_back(options.item(name, i));
  return out;
}

Status check_names(const std::vector<std::string>& names, const char* known, const std::string& key) {
  const std::vector<std::string> all = split(known, ',');
  const std::vector<std::string_view> candidates(all.begin(), all.end());
  for (const std::string& name : names) {
    if (std::ranges::find(all, name) != all.end()) continue;
    const std::string_view meant = nearest(name, candidates);
    return Error{Errc::InvalidArgument, key,
                 meant.empty() ? "unknown name \"" + name + "\"; known are " + known
                               : "unknown name \"" + name + "\", did you mean \"" + std::string(meant) + "\"?"};
  }
  return ok();
}

HookCall file_call(const Hook& hook, const Event& event, std::string& body) {
  HookCall call{.hook = "fs_actions", .method = "POST"};
  if (hook.is_url()) {
    body = file_hook_body(event);
    call.body = body;
  } else {
    call.environment = file_hook_environment(event);
  }
  return call;
}

}  // namespace

HookSettings HookSettings::from(const OptionView& common, const OptionView& data_provider) {
  HookSettings out;
  out.files = {list(common, "actions.execute_on"), list(common, "actions.execute_sync"),
               std::string(common.string("actions.hook"))};
  out.provider = {list(data_provider, "actions.execute_on"), list(data_provider, "actions.execute_for"),
                  std::string(data_provider.string("actions.hook"))};
  out.post_login = {std::string(data_provider.string("post_login_hook")),
                    static_cast<int>(data_provider.integer("post_login_scope"))};
  out.startup = common.string("startup_hook");
  out.post_connect = common.string("post_connect_hook");
  out.post_disconnect = common.string("post_disconnect_hook");
  return out;
}

struct ConfiguredHooks::Impl {
  explicit Impl(const module::Registry& modules) : registry(modules) {}
  ~Impl() {
    stop.request_stop();
    registrations.clear();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<ActionReply> run(const Hook& hook, const OpContext& ctx, const HookCall& call, const Event& event) const {
    const EitherStop either(ctx.stop, stop.get_token());
    OpContext both = ctx;
    both.stop = either.token();
    const auto begin = std::chrono::steady_clock::now();
    auto reply = hook.run(both, registry, call, event);
    const auto elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count();
    if (reply)
      log::write(LogLevel::Debug, kSender, event.session_id, "hook answered",
                 {{"hook", call.hook}, {"target", hook.shown()}, {"action", event.action}, {"elapsed_ms", elapsed}});
    else
      log::write(LogLevel::Warn, kSender, event.session_id, "hook failed",
                 {{"hook", call.hook},
                  {"target", hook.shown()},
                  {"action", event.action},
                  {"elapsed_ms", elapsed},
                  {"error", reply.error().message()}});
    return reply;
  }

  // An event about a file, from any of the three lists; account events share some of their names.
  Status on_file(const OpContext& ctx, const Event& event) const {
    if (!event.object_type.empty()) return ok();
    std::string body;
    auto reply = run(files, ctx, file_call(files, event, body), event);
    if (reply) return ok();
    if (event.is_before())
      return Error{ctx.stop.stop_requested() ? Errc::Cancelled : Errc::PermissionDenied, event.virtual_path,
                   "denied by the configured hook"};
    // Only an upload can still be taken back; other operations are done, whatever the hook says.
    if (event.action == "upload") return std::move(reply).error();
    return ok();
  }

  Status on_provider(const OpContext& ctx, const Event& event) const {
    if (!provider_objects.contains(event.object_type)) return ok();
    HookCall call{.hook = "provider_actions", .method = "POST"};
    if (provider.is_url()) {
      call.body = event.object_json;
      call.query = provider_hook_query(event);
    } else {
      call.environment = provider_hook_environment(event);
    }
    (void)run(provider, ctx, call, event);  // the change is done; run() logs
    return ok();
  }

  Status on_disconnect(const OpContext& ctx, const Event& event) const {
    static const ActionSet kTold("SFTP,SCP,SSH,FTP");
    if (!kTold.contains(event.protocol)) return ok();
    const std::string duration = std::to_string(event.elapsed.count());
    HookCall call{.hook = "post_disconnect", .method = "GET"};
    if (post_disconnect.is_url())
      call.query = {{"ip", event.ip},
                    {"protocol", event.protocol},
                    {"username", event.username},
                    {"connection_duration", duration}};
    else
      call.environment = {{"SFTPGO_CONNECTION_IP", event.ip},
                          {"SFTPGO_CONNECTION_PROTOCOL", event.protocol},
                          {"SFTPGO_CONNECTION_USERNAME", event.username},
                          {"SFTPGO_CONNECTION_DURATION", duration}};
    (void)run(post_disconnect, ctx, call, event);
    return ok();
  }

  Status on_login(const OpContext& ctx, const Event& event) const {
    const std::string status = event.status == EventStatus::Ok ? "1" : "0";
    HookCall call{.hook = "post_login", .method = "POST"};
    if (post_login.is_url()) {
      call.body = event.object_json;
      call.query = {
          {"login_method", event.login_method}, {"ip", event.ip}, {"protocol", event.protocol}, {"status", status}};
    } else {
      call.environment = {{"SFTPGO_LOGIND_USER", event.object_json},
                          {"SFTPGO_LOGIND_IP", event.ip},
                          {"SFTPGO_LOGIND_METHOD", event.login_method},
                          {"SFTPGO_LOGIND_STATUS", status},
                          {"SFTPGO_LOGIND_PROTOCOL", event.protocol}};
    }
    (void)run(post_login, ctx, call, event);
    return ok();
  }

  const module::Registry& registry;
  Hook post_login, files, provider, startup, post_connect, post_disconnect;
  ActionSet provider_objects{""};
  std::stop_source stop;
  std::vector<std::unique_ptr<EventBus::Registration>> registrations;
};

ConfiguredHooks::ConfiguredHooks(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ConfiguredHooks::~ConfiguredHooks() = default;

Result<std::unique_ptr<ConfiguredHooks>> ConfiguredHooks::make(const HookSettings& settings, EventBus& bus,
                                                               const module::Registry& registry) {
  auto impl = std::make_unique<Impl>(registry);
  SLIPWAY_ASSIGN(impl->files, Hook::parse("common.actions.hook", settings.files.hook));
  SLIPWAY_ASSIGN(impl->provider, Hook::parse("data_provider.actions.hook", settings.provider.hook));
  SLIPWAY_ASSIGN(impl->startup, Hook::parse("common.startup_hook", settings.startup));
  SLIPWAY_ASSIGN(impl->post_connect, Hook::parse("common.post_connect_hook", settings.post_connect));
  SLIPWAY_ASSIGN(impl->post_disconnect, Hook::parse("common.post_disconnect_hook", settings.post_disconnect));
  SLIPWAY_ASSIGN(impl->post_login, Hook::parse("data_provider.post_login_hook", settings.post_login.hook));
  SLIPWAY_TRY(check_names(settings.files.execute_on, config::kFileEvents, "common.actions.execute_on"));
  SLIPWAY_TRY(check_names(settings.files.execute_sync, config::kFileEvents, "common.actions.execute_sync"));
  SLIPWAY_TRY(check_names(settings.provider.execute_on, config::kProviderEvents, "data_provider.actions.execute_on"));
  SLIPWAY_TRY(
      check_names(settings.provider.execute_for, config::kProviderObjects, "data_provider.actions.execute_for"));

  Impl* const self = impl.get();
  auto& registrations = impl->registrations;
  if (!impl->files.empty()) {
    std::vector<std::string> before, sync, async;
    for (const std::string& action : settings.files.execute_on) {
      if (action.starts_with("pre-"))
        before.push_back(action);
      else if (std::ranges::find(settings.files.execute_sync, action) != settings.files.execute_sync.end())
        sync.push_back(action);
      else
        async.push_back(action);
    }
    for (const std::string& action : settings.files.execute_sync)
      if (std::ranges::find(settings.files.execute_on, action) == settings.files.execute_on.end())
        log::warn(kSender, "an event of common.actions.execute_sync is not in execute_on: its hook never runs",
                  {{"action", action}});
    const auto handler = [self](const OpContext& ctx, const Event& event) { return self->on_file(ctx, event); };
    if (!before.empty()) registrations.push_back(bus.on_before("file hook", join(before, ","), handler));
    if (!sync.empty()) registrations.push_back(bus.on_after_sync("file hook", join(sync, ","), handler));
    if (!async.empty())
      registrations.push_back(
          bus.on_after_concurrent("file hook", join(async, ","), kQueueSize, kMaxConcurrentFile, handler));
  }
  if (!impl->provider.empty() && !settings.provider.execute_on.empty() && !settings.provider.execute_for.empty()) {
    impl->provider_objects = ActionSet(join(settings.provider.execute_for, ","));
    registrations.push_back(bus.on_after_concurrent(
        "account hook", join(settings.provider.execute_on, ","), kQueueSize, kMaxConcurrentProvider,
        [self](const OpContext& ctx, const Event& event) { return self->on_provider(ctx, event); }));
  }
  if (!impl->post_login.empty()) {
    constexpr const char* kActions[] = {"login,login-failed", "login-failed", "login"};
    registrations.push_back(bus.on_after_concurrent(
        "login hook", kActions[settings.post_login.scope % 3], kQueueSize, kMaxConcurrentFile,
        [self](const OpContext& ctx, const Event& event) { return self->on_login(ctx, event); }));
  }
  if (!impl->post_disconnect.empty())
    registrations.push_back(bus.on_after_concurrent(
        "disconnect hook", "disconnect", kQueueSize, kMaxConcurrentFile,
        [self](const OpContext& ctx, const Event& event) { return self->on_disconnect(ctx, event); }));
  return std::unique_ptr<ConfiguredHooks>(new ConfiguredHooks(std::move(impl)));
}

Status ConfiguredHooks::startup(const OpContext& ctx) const {
  if (impl_->startup.empty()) return ok();
  Event event;
  event.action = "startup";
  SLIPWAY_TRY(impl_->run(impl_->startup, ctx, {.hook = "startup", .method = "GET"}, event));
  return ok();
}

bool ConfiguredHooks::has_post_connect() const noexcept { return !impl_->post_connect.empty(); }

Status ConfiguredHooks::post_connect(const OpContext& ctx, std::string_view protocol, std::string_view ip) const {
  if (impl_->post_connect.empty()) return ok();
  Event event;
  event.action = "connect";
  event.protocol = protocol;
  event.ip = ip;
  event.session_id = ctx.connection_id;
  HookCall call{.hook = "post_connect", .method = "GET"};
  if (impl_->post_connect.is_url())
    call.query = {{"ip", event.ip}, {"protocol", event.protocol}};
  else
    call.environment = {{"SFTPGO_CONNECTION_IP", event.ip}, {"SFTPGO_CONNECTION_PROTOCOL", event.protocol}};
  if (auto reply = impl_->run(impl_->post_connect, ctx, call, event); !reply)
    return Error{Errc::PermissionDenied, event.ip, "connection refused by the post-connect hook"};
  return ok();
}

}  // namespace slipway::events
