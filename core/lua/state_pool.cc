#include "core/lua/state_pool.h"

#include <utility>

#include "core/base/text.h"

namespace slipway::lua {
namespace {

void add(std::vector<std::string>& list, const std::string& name) {
  if (std::ranges::find(list, name) == list.end()) list.push_back(name);
}

}  // namespace

StatePool::StatePool(const Limits& limits, std::size_t max_states, std::shared_ptr<const Program> program)
    : limits_(limits), max_states_(max_states), program_(std::move(program)) {}

std::shared_ptr<const Program> StatePool::program() const {
  std::lock_guard lock(mutex_);
  return program_;
}

void StatePool::replace(std::shared_ptr<const Program> program) {
  std::vector<Lease> old;  // destroyed without the lock
  std::lock_guard lock(mutex_);
  program_ = std::move(program);
  old.swap(idle_);
}

Result<std::shared_ptr<const Program>> StatePool::compile(std::vector<Script> scripts) {
  auto program = std::make_shared<Program>();
  program->scripts = std::move(scripts);
  SLIPWAY_ASSIGN(const auto probe, Interpreter::make(limits_, store_, program->scripts));
  program->handlers = probe->handlers();
  std::vector<std::string> before, after;
  for (const Handler& handler : program->handlers)
    for (const std::string& name : handler.names) {
      if (name.starts_with("pre-") || name == "*") add(before, name);
      if (!name.starts_with("pre-")) add(after, name);
    }
  program->before_actions = join(before, ",");
  program->after_actions = join(after, ",");
  return std::shared_ptr<const Program>(std::move(program));
}

Result<StatePool::Lease> StatePool::take(const OpContext& ctx) {
  Lease lease;
  {
    std::unique_lock lock(mutex_);
    const auto free = [this] { return taken_ < max_states_; };
    if (!free()) {
      const bool found = ctx.deadline == std::chrono::steady_clock::time_point::max()
                             ? returned_.wait(lock, ctx.stop, free)
                             : returned_.wait_until(lock, ctx.stop, ctx.deadline, free);
      if (!found)
        return Error{ctx.stop.stop_requested() ? Errc::Cancelled : Errc::TimedOut, "lua",
                     "no state became free in time"};
    }
    ++taken_;
    if (!idle_.empty()) {
      lease = std::move(idle_.back());
      idle_.pop_back();
      return lease;
    }
    lease.program = program_;
  }
  auto made = Interpreter::make(limits_, store_, lease.program->scripts);
  if (!made) {
    leave();
    return std::move(made).error();
  }
  lease.interpreter = *std::move(made);
  return lease;
}

void StatePool::give_back(Lease lease) {
  {
    std::lock_guard lock(mutex_);
    --taken_;
    if (!lease.interpreter->worn_out() && lease.program == program_) idle_.push_back(std::move(lease));
  }
  returned_.notify_one();
  // What was not kept ends here, without the lock.
}

void StatePool::leave() {
  {
    std::lock_guard lock(mutex_);
    --taken_;
  }
  returned_.notify_one();
}

}  // namespace slipway::lua
