// Interpreters of the current version of the scripts, made when they are needed, never more than a fixed number.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/lua/handler.h"
#include "core/lua/interpreter.h"
#include "core/lua/store.h"

namespace slipway::lua {

// Immutable: a version of all scripts, known to load, and what they registered.
struct Program {
  std::vector<Script> scripts;
  std::vector<Handler> handlers;
  std::string before_actions, after_actions;  // as the bus wants them

  // Whether any handler wants the event; without a state, for the hot path.
  bool wants(const Event& event) const {
    for (const Handler& handler : handlers)
      if (handler.wants(event)) return true;
    return false;
  }
};

// Thread-safe.
class StatePool {
 public:
  StatePool(const Limits& limits, std::size_t max_states, std::shared_ptr<const Program> program);

  std::shared_ptr<const Program> program() const;
  // Calls that run go on with what they have.
  void replace(std::shared_ptr<const Program> program);
  // Loads `scripts` once. The error is the script's.
  Result<std::shared_ptr<const Program>> compile(std::vector<Script> scripts);

  // Runs `use(Interpreter&)`, waiting for a state at most until the context's deadline.
  template <class Use>
  auto with(const OpContext& ctx, Use&& use) -> Result<std::decay_t<decltype(use(std::declval<Interpreter&>()))>> {
    SLIPWAY_ASSIGN(Lease lease, take(ctx));
    const Return back{*this, lease};
    return use(*lease.interpreter);
  }

 private:
  struct Lease {
    std::shared_ptr<const Program> program;  // outlives the interpreter, which looks at its scripts
    std::unique_ptr<Interpreter> interpreter;
  };
  struct Return {
    StatePool& pool;
    Lease& lease;
    ~Return() { pool.give_back(std::move(lease)); }
  };
  Result<Lease> take(const OpContext& ctx);
  void give_back(Lease lease);
  void leave();

  const Limits limits_;
  const std::size_t max_states_;
  Store store_;
  mutable std::mutex mutex_;
  std::condition_variable_any returned_;
  std::shared_ptr<const Program> program_;
  std::vector<Lease> idle_;  // of program_
  std::size_t taken_ = 0;
};

}  // namespace slipway::lua
