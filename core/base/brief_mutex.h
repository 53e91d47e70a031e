// A mutex for sections of a few microseconds that many threads enter: who finds it taken looks again before it sleeps.
#pragma once

#include <mutex>

namespace slipway {

// Going to sleep and being woken costs several times what such a section takes. Lockable (for std::lock_guard).
class BriefMutex {
 public:
  void lock() {
    for (int tries = 0; tries < kTries; ++tries) {
      if (mutex_.try_lock()) return;
      for (int i = 0; i < kPauses; ++i) pause();
    }
    mutex_.lock();
  }
  bool try_lock() { return mutex_.try_lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  static constexpr int kTries = 20, kPauses = 10;  // some microseconds in all

  // Tells the processor that this is a wait.
  static void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  std::mutex mutex_;
};

}  // namespace slipway
