#include "core/lua/interpreter.h"

#include <lua.hpp>
#include <utility>

#include "core/log/log.h"
#include "core/lua/handler.h"
#include "core/lua/state_data.h"

namespace slipway::lua {
namespace {

constexpr std::string_view kSender = "lua";
constexpr std::size_t kMaxMessage = 4096;  // bytes of an error, with its traceback

}  // namespace

// What a protected call does.
struct Call {
  const Handler* handler = nullptr;
  const Event* event = nullptr;
  const Script* script = nullptr;  // to be loaded
  bool no_trace = false;
};

namespace {

Call& argument(lua_State* L) { return *data_of(L).call; }

int prepare(lua_State* L) {
  open_standard(L);
  return 0;
}

int load_script(lua_State* L) {
  Call& call = argument(L);
  const std::string name = "@" + call.script->name;
  // "t": text only. Precompiled code is not verified and could break out.
  if (luaL_loadbufferx(L, call.script->text.data(), call.script->text.size(), name.c_str(), "t") != LUA_OK) {
    call.no_trace = true;  // the message says where; the stack is ours
    return lua_error(L);
  }
  push_environment(L);
  lua_setupvalue(L, -2, 1);  // _ENV
  lua_call(L, 0, 0);
  return 0;
}

int call_handler(lua_State* L) {
  Call& call = argument(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, call.handler->function);
  push_event(L, *call.event);
  lua_call(L, 1, 2);
  StateData& data = data_of(L);
  if (data.phase != StateData::Phase::Before || data.denied) return 0;
  if (lua_isnil(L, -2) || (lua_isboolean(L, -2) && lua_toboolean(L, -2))) return 0;
  if (!lua_isboolean(L, -2))
    return luaL_error(L, "a handler returns true, false or nothing, not a %s", luaL_typename(L, -2));
  data.denied = true;
  if (lua_type(L, -1) == LUA_TSTRING) data.reason = lua_tostring(L, -1);
  return 0;
}

int traceback(lua_State* L) {
  if (data_of(L).call->no_trace) return 1;
  const char* message = lua_tostring(L, 1);
  luaL_traceback(L, L, message != nullptr ? message : "an error that is not a text", 1);
  return 1;
}

// Runs `function` with all its errors caught, those of memory, too.
int protect(lua_State* L, lua_CFunction function, Call& call) {
  data_of(L).call = &call;
  lua_settop(L, 0);
  lua_pushcfunction(L, &guarded<traceback>);
  lua_pushcfunction(L, function);
  return lua_pcall(L, 0, 0, 1);
}

}  // namespace

struct Interpreter::Outcome {
  bool failed = false;
  std::string trace;
};

Interpreter::Interpreter(std::unique_ptr<StateData> data) : data_(std::move(data)) {}

Interpreter::~Interpreter() {
  if (data_->state != nullptr) lua_close(data_->state);
}

const std::vector<Handler>& Interpreter::handlers() const noexcept { return data_->handlers; }

std::size_t Interpreter::memory() const noexcept { return data_->memory; }

Result<std::unique_ptr<Interpreter>> Interpreter::make(const Limits& limits, Store& store,
                                                       std::span<const Script> scripts) {
  auto data = std::make_unique<StateData>(limits, store);
  lua_State* const L = lua_newstate(&allocate, data.get());
  if (L == nullptr) return Error{Errc::TooLarge, "lua", "lua.memory_limit is too low for a state"};
  data->state = L;
  *static_cast<StateData**>(lua_getextraspace(L)) = data.get();
  std::unique_ptr<Interpreter> out(new Interpreter(std::move(data)));

  Call call;
  begin_call(*out->data_, StateData::Phase::Loading, std::chrono::steady_clock::time_point::max());
  if (const int status = protect(L, &guarded<prepare>, call); status != LUA_OK)
    return Error{Errc::TooLarge, "lua", out->failure(status)};
  for (std::size_t i = 0; i < scripts.size(); ++i) SLIPWAY_TRY(out->load(i, scripts[i]));
  out->data_->phase = StateData::Phase::Idle;
  return out;
}

Status Interpreter::load(std::size_t index, const Script& script) {
  data_->scripts.push_back(&script);
  data_->script = index;
  begin_call(*data_, StateData::Phase::Loading, std::chrono::steady_clock::time_point::max());
  Call call{.script = &script};
  if (const int status = protect(data_->state, &guarded<load_script>, call); status != LUA_OK) {
    const std::string message = failure(status);
    return Error{Errc::InvalidArgument, message.starts_with(script.name) ? "" : script.name, message};
  }
  return ok();
}

// The message of a call that failed, taken from the stack.
std::string Interpreter::failure(int status) {
  lua_State* const L = data_->state;
  std::string text;
  if (status == LUA_ERRMEM) {
    worn_out_ = true;
    text = "memory limit of " + std::to_string(data_->limits.memory) + " bytes reached";
  } else if (lua_type(L, -1) == LUA_TSTRING) {
    text = lua_tostring(L, -1);
    if (text.size() > kMaxMessage) text.resize(kMaxMessage);
  } else {
    text = "unknown error";
  }
  lua_settop(L, 0);
  return text;
}

Interpreter::Outcome Interpreter::call(const OpContext& ctx, const Handler& handler, const Event& event, bool before) {
  data_->script = handler.script;
  begin_call(*data_, before ? StateData::Phase::Before : StateData::Phase::After, ctx.deadline);
  Call call{.handler = &handler, .event = &event};
  const int status = protect(data_->state, &guarded<call_handler>, call);
  data_->phase = StateData::Phase::Idle;
  if (status == LUA_OK || data_->denied) {
    lua_settop(data_->state, 0);
    return {};
  }
  Outcome outcome{true, failure(status)};
  log::write(LogLevel::Error, kSender, event.session_id, "a script failed",
             {{"script", data_->scripts[handler.script]->path},
              {"action", event.action},
              {"username", event.username},
              {"virtual_path", event.virtual_path},
              {"error", outcome.trace}});
  return outcome;
}

Status Interpreter::before(const OpContext& ctx, const Event& event) {
  const std::string& subject = event.virtual_path.empty() ? event.username : event.virtual_path;
  for (const Handler& handler : data_->handlers) {
    if (!handler.wants(event)) continue;
    const Outcome outcome = call(ctx, handler, event, true);
    if (outcome.failed) return Error{Errc::PermissionDenied, subject, "internal error in script"};
    if (!data_->denied) continue;
    const std::string reason = data_->reason.empty() ? "denied by a script" : data_->reason;
    log::write(LogLevel::Info, kSender, event.session_id, "denied",
               {{"script", data_->scripts[handler.script]->path},
                {"action", event.action},
                {"username", event.username},
                {"virtual_path", event.virtual_path},
                {"reason", reason}});
    return Error{Errc::PermissionDenied, subject, reason};
  }
  return ok();
}

void Interpreter::after(const OpContext& ctx, const Event& event) {
  for (const Handler& handler : data_->handlers)
    if (handler.wants(event)) (void)call(ctx, handler, event, false);
}

}  // namespace slipway::lua
