// One sandboxed Lua state with the handlers its scripts registered. Used by one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "slipway/event.h"

namespace slipway::lua {

class Store;
struct Handler;
struct StateData;

struct Limits {
  std::uint64_t instructions = 5'000'000;  // of one call
  std::size_t memory = 16 * 1024 * 1024;   // bytes of one state
  std::chrono::milliseconds time{1000};    // of one call
};

struct Script {
  std::string path;  // absolute
  std::string name;  // of the file; how messages call it: "deny.lua:12: ..."
  std::string text;
};

class Interpreter {
 public:
  // Runs the scripts in order. The error's text starts with "name:line:" where it is known. `scripts` and `store`
  // outlive the object.
  static Result<std::unique_ptr<Interpreter>> make(const Limits& limits, Store& store, std::span<const Script> scripts);
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  const std::vector<Handler>& handlers() const noexcept;

  // Runs the handlers that want `event` in order. PermissionDenied with the script's reason ends the run; a handler
  // that fails is logged and denies with "internal error in script".
  Status before(const OpContext& ctx, const Event& event);
  // The same without a veto: all of them run, failures are logged.
  void after(const OpContext& ctx, const Event& event);

  // It ran out of memory: what its scripts keep may fill it. To be thrown away.
  bool worn_out() const noexcept { return worn_out_; }
  std::size_t memory() const noexcept;  // bytes in use

 private:
  explicit Interpreter(std::unique_ptr<StateData> data);
  struct Outcome;
  Status load(std::size_t index, const Script& script);
  Outcome call(const OpContext& ctx, const Handler& handler, const Event& event, bool before);
  std::string failure(int status);

  std::unique_ptr<StateData> data_;
  bool worn_out_ = false;
};

}  // namespace slipway::lua
