// A thread with the small stack of this module's threads.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <functional>

namespace slipway::sftp {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::size_t kThreadStack = 4u << 20;
#else
// Only what is touched counts: about 20 KiB for an idle connection. The deepest known use is libssh's recursion over
// small packets of one read, 30 KiB; hooks and storage come on top.
inline constexpr std::size_t kThreadStack = 512u << 10;
#endif

// One piece of work at a time. Owned and called by one thread.
class WorkerThread {
 public:
  WorkerThread() = default;
  ~WorkerThread() { join(); }
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  // `work` must not throw. False when the system has no thread left. Not while one runs.
  bool start(std::function<void()> work);
  bool started() const noexcept { return started_; }
  // Waits for the work's end; nothing when none was started.
  void join() noexcept;

 private:
  std::function<void()> work_;
  pthread_t thread_{};
  bool started_ = false;
};

}  // namespace slipway::sftp
