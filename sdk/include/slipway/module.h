// What every module is, what the host gives it, and what every call that can block carries.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "slipway/abi.h"
#include "slipway/option.h"
#include "slipway/result.h"

namespace slipway {

// Carried by every call that can block. A call that sees `stop` requested or `deadline` passed returns Cancelled or
// TimedOut as soon as it can do so without leaving damage. The views live as long as the call.
struct OpContext {
  std::stop_token stop;  // the client is gone, an administrator closed the connection, the server drains
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::string_view user;           // empty: the server itself
  std::string_view connection_id;  // as logs and /connections show it
};

// What a call asks before it begins, and again between the steps of a long one: Cancelled or TimedOut when it should
// not go on.
inline Status check(const OpContext& context, std::string_view subject) {
  if (context.stop.stop_requested()) return Error(Errc::Cancelled, std::string(subject));
  if (context.deadline != std::chrono::steady_clock::time_point::max() &&
      std::chrono::steady_clock::now() >= context.deadline) {
    return Error(Errc::TimedOut, std::string(subject));
  }
  return ok();
}

enum class LogLevel : std::uint8_t { Trace, Debug, Info, Warn, Error };

// A key and its value in a log line.
struct LogField {
  constexpr LogField(std::string_view k, std::string_view v) : key(k), text(v) {}
  constexpr LogField(std::string_view k, const char* v) : key(k), text(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), text(v) {}
  constexpr LogField(std::string_view k, bool v) : key(k), number(v), type(Type::Boolean) {}
  template <class I>
  requires std::is_integral_v<I>
  constexpr LogField(std::string_view k, I v) : key(k), number(static_cast<std::int64_t>(v)), type(Type::Integer) {}

  enum class Type : std::uint8_t { Text, Integer, Boolean };
  std::string_view key;
  std::string_view text;
  std::int64_t number = 0;
  Type type = Type::Text;
};

// Writes lines that carry the module's name as sender. Thread-safe; never blocks on a full disk. No secrets.
class Logger {
 public:
  virtual bool enabled(LogLevel) const noexcept = 0;
  virtual void log(LogLevel, std::string_view message, std::span<const LogField> fields = {}) noexcept = 0;

  void debug(std::string_view m, std::initializer_list<LogField> f = {}) noexcept {
    log(LogLevel::Debug, m, {f.begin(), f.size()});
  }
  void info(std::string_view m, std::initializer_list<LogField> f = {}) noexcept {
    log(LogLevel::Info, m, {f.begin(), f.size()});
  }
  void warn(std::string_view m, std::initializer_list<LogField> f = {}) noexcept {
    log(LogLevel::Warn, m, {f.begin(), f.size()});
  }
  void error(std::string_view m, std::initializer_list<LogField> f = {}) noexcept {
    log(LogLevel::Error, m, {f.begin(), f.size()});
  }

 protected:
  ~Logger() = default;
};

// The host as one module instance sees it. Outlives the module object. Thread-safe.
class Host {
 public:
  virtual Logger& logger() noexcept = 0;
  // The name of this instance in the configuration; equal to the module's name unless several run.
  virtual std::string_view instance() const noexcept = 0;
  // Where relative paths of the configuration start. Absolute.
  virtual std::string_view config_dir() const noexcept = 0;
  // Runs `task` on the host's bounded pool for blocking work. The task must not throw. All tasks of a module have ended
  // before its stop() is called; after that, post() drops the task.
  virtual void post(std::function<void()> task) = 0;
  // Larger services are interfaces of their own, looked up by id; null when this host has none or denies it.
  virtual void* service(std::string_view interface_id) noexcept = 0;
  template <class S>
  S* service() noexcept {
    return static_cast<S*>(service(S::kInterfaceId));
  }

 protected:
  ~Host() = default;
};

// create -> configure -> start -> (configure)* -> drain -> stop -> destroy, called by one thread at a time, in this
// order. The other methods of a kind may be called from many threads, from the return of start() to the call of stop().
// No method throws; the host catches all the same and treats it as Errc::Internal.
class Module {
 public:
  virtual ~Module() = default;

  // Takes the validated options, or refuses them and keeps what it had. `options` lives until the next successful
  // configure() or the module's end. Called again on reload, while the module works.
  virtual Status configure(const OptionView& options) {
    (void)options;
    return ok();
  }
  // May listen and spawn threads. An error stops the server's start unless the module is optional.
  virtual Status start() { return ok(); }
  // Refuses new work and waits for running work, at most until the deadline.
  virtual void drain(std::chrono::steady_clock::time_point deadline) noexcept { (void)deadline; }
  // Ends everything that is left and joins its threads. The module makes no host call after it returned.
  virtual void stop() noexcept {}
  // Optional interfaces. New abilities are added here by id, never as new virtuals: this vtable is frozen.
  virtual void* query(std::string_view interface_id) noexcept {
    (void)interface_id;
    return nullptr;
  }
};

}  // namespace slipway
