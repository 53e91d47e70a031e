#include "core/lua/lua_hooks.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "core/log/log.h"
#include "core/lua/script_files.h"
#include "core/lua/state_pool.h"

namespace slipway::lua {
namespace {

constexpr std::string_view kSender = "lua";
constexpr std::size_t kQueueSize = 10'000;
constexpr auto kWatchInterval = std::chrono::seconds(1);

std::size_t default_states() { return std::clamp<std::size_t>(2 * std::thread::hardware_concurrency(), 4, 64); }

}  // namespace

LuaSettings LuaSettings::from(const OptionView& options, const std::string& config_dir) {
  LuaSettings out;
  for (std::size_t i = 0; i < options.count("scripts"); ++i) {
    const std::string_view pattern = options.item("scripts", i);
    out.scripts.push_back(pattern.starts_with('/') ? std::string(pattern) : config_dir + "/" + std::string(pattern));
  }
  out.limits.instructions = static_cast<std::uint64_t>(options.integer("instruction_limit"));
  out.limits.memory = static_cast<std::size_t>(options.integer("memory_limit"));
  out.limits.time = std::chrono::milliseconds(options.integer("time_limit"));
  return out;
}

struct LuaHooks::Impl {
  explicit Impl(LuaSettings given)
      : settings(std::move(given)),
        pool(settings.limits, settings.max_states != 0 ? settings.max_states : default_states(),
             std::make_shared<Program>()) {}
  ~Impl() {
    watcher = {};  // stops and joins before what it uses goes
    before.reset();
    after.reset();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status run_before(const OpContext& ctx, const Event& event) {
    if (!event.is_before() || !pool.program()->wants(event)) return ok();
    auto status = pool.with(ctx, [&](Interpreter& interpreter) { return interpreter.before(ctx, event); });
    if (status) return *std::move(status);
    log::write(LogLevel::Error, kSender, event.session_id, "no script could be asked",
               {{"action", event.action}, {"error", status.error().message()}});
    return Error{Errc::PermissionDenied, event.virtual_path.empty() ? event.username : event.virtual_path,
                 "internal error in script"};
  }

  Status run_after(const OpContext& ctx, const Event& event) {
    if (event.is_before() || !pool.program()->wants(event)) return ok();
    auto status = pool.with(ctx, [&](Interpreter& interpreter) {
      interpreter.after(ctx, event);
      return true;
    });
    if (!status) return std::move(status).error();
    return ok();
  }

  Status load() {
    SLIPWAY_ASSIGN(stamps, find_scripts(settings.scripts));
    std::vector<Script> scripts;
    for (const auto& [path, stamp] : stamps) {
      SLIPWAY_ASSIGN(Script script, read_script(path));
      scripts.push_back(std::move(script));
    }
    SLIPWAY_ASSIGN(auto program, pool.compile(std::move(scripts)));
    pool.replace(std::move(program));
    return ok();
  }

  void check() {
    std::lock_guard checking(check_mutex);
    auto found = find_scripts(settings.scripts);
    if (!found) {
      report(found.error());
      return;
    }
    last_report.clear();
    if (*found == stamps) return;
    const auto old = pool.program();
    std::vector<Script> scripts = next_scripts(*found, old->scripts);
    stamps = *std::move(found);
    auto program = pool.compile(std::move(scripts));
    if (!program) {
      log::error(kSender, "the changed scripts cannot be loaded together; those before stay",
                 {{"error", program.error().message()}});
      return;
    }
    // The wider of both meanwhile: a handler is never called for what it did not ask for, but none may be missed.
    const auto both = [](const std::string& a, const std::string& b) { return a + "," + b; };
    before->set_actions(both(old->before_actions, (*program)->before_actions));
    after->set_actions(both(old->after_actions, (*program)->after_actions));
    pool.replace(*program);
    before->set_actions((*program)->before_actions);
    after->set_actions((*program)->after_actions);
    log::info(kSender, "scripts reloaded",
              {{"scripts", (*program)->scripts.size()}, {"handlers", (*program)->handlers.size()}});
  }

  // What is to be loaded now: changed files as they are, unless they are broken.
  std::vector<Script> next_scripts(const std::map<std::string, FileStamp>& found,
                                   const std::vector<Script>& old) const {
    std::vector<Script> out;
    for (const auto& entry : found) {
      const std::string& path = entry.first;
      const auto previous = std::ranges::find(old, path, &Script::path);
      const bool known = previous != old.end();
      const auto seen = stamps.find(path);
      if (seen != stamps.end() && seen->second == entry.second) {
        if (known) out.push_back(*previous);  // else it is as broken as it was
        continue;
      }
      auto script = fresh(path);
      if (script) {
        out.push_back(*std::move(script));
        continue;
      }
      log::error(
          kSender,
          known ? "a changed script cannot be loaded; its version before stays" : "a new script cannot be loaded",
          {{"script", path}, {"error", script.error().message()}});
      if (known) out.push_back(*previous);
    }
    return out;
  }

  // Read, and known to load alone.
  Result<Script> fresh(const std::string& path) const {
    SLIPWAY_ASSIGN(Script script, read_script(path));
    SLIPWAY_TRY(pool.compile({script}));
    return script;
  }

  // Once as long as it stays the same.
  void report(const Error& error) {
    if (last_report == error.message()) return;
    last_report = error.message();
    log::error(kSender, "cannot look for scripts; those loaded stay", {{"error", last_report}});
  }

  void watch(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any timer;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      timer.wait_for(lock, stop, kWatchInterval, [] { return false; });
      if (!stop.stop_requested()) check();
    }
  }

  const LuaSettings settings;
  mutable StatePool pool;  // has its own lock
  std::unique_ptr<events::EventBus::Registration> before, after;
  std::mutex check_mutex;
  std::map<std::string, FileStamp> stamps;  // with check_mutex, as of the last look
  std::string last_report;                  // with check_mutex
  std::jthread watcher;
};

LuaHooks::LuaHooks(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LuaHooks::~LuaHooks() = default;

Result<std::unique_ptr<LuaHooks>> LuaHooks::make(LuaSettings settings, events::EventBus& bus) {
  auto impl = std::make_unique<Impl>(std::move(settings));
  SLIPWAY_TRY(impl->load());
  Impl* const self = impl.get();
  const auto program = self->pool.program();
  impl->before = bus.on_before("lua", program->before_actions, [self](const OpContext& ctx, const Event& event) {
    return self->run_before(ctx, event);
  });
  impl->after = bus.on_after("lua", program->after_actions, kQueueSize,
                             [self](const OpContext& ctx, const Event& event) { return self->run_after(ctx, event); });
  for (const Script& script : program->scripts) log::info(kSender, "script loaded", {{"script", script.path}});
  if (!self->settings.scripts.empty())
    impl->watcher = std::jthread([self](const std::stop_token& stop) { self->watch(stop); });
  return std::unique_ptr<LuaHooks>(new LuaHooks(std::move(impl)));
}

void LuaHooks::check_files() { impl_->check(); }

}  // namespace slipway::lua
