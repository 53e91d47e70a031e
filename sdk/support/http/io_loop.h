// A thread that waits for descriptors and time: the only place that knows Asio.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace slipway::http {

class IoLoop {
 public:
  class Task {
   public:
    virtual void run() noexcept = 0;

   protected:
    ~Task() = default;
  };
  enum class Direction : bool { Read, Write };

  // A descriptor that the loop watches, and closes. Used by one thread at a time.
  class Descriptor {
   public:
    virtual ~Descriptor() = default;
    // Runs `task` once on the loop's thread when the descriptor is ready, or broken; never after close().
    virtual void wait(Direction direction, std::shared_ptr<Task> task) = 0;
    virtual void close() noexcept = 0;
  };

  static std::unique_ptr<IoLoop> make();
  virtual ~IoLoop() = default;  // stop() came before

  virtual std::unique_ptr<Descriptor> watch(int fd) = 0;
  // From any thread; in the order of the calls. What is still queued at stop() is dropped.
  virtual void post(std::shared_ptr<Task> task) = 0;
  virtual void post(std::function<void()> call) = 0;
  // Calls `tick` on the loop's thread every `DeadlineWheel::kTick`.
  virtual void start(std::function<void()> tick) = 0;
  virtual void stop() noexcept = 0;

  // Whether the calling thread belongs to a loop, and so must not wait.
  static bool on_loop_thread() noexcept;
};

}  // namespace slipway::http
