// How many passwords are hashed at once in this process.
#pragma once

#include <semaphore>

namespace slipway::crypto {

// Hashing is meant to cost time and, with argon2, memory (64 MiB by default): a flood of logins must not take all of
// the machine from those who are logged in. All processors but one hash at most, one where there is only one; who comes
// when all are taken waits. Thread-safe.
class HashingSlots {
 public:
  explicit HashingSlots(unsigned count) : free_(static_cast<std::ptrdiff_t>(count)) {}
  HashingSlots(const HashingSlots&) = delete;
  HashingSlots& operator=(const HashingSlots&) = delete;

  // Those of this process.
  static HashingSlots& of_process();
  // By the number of processors; 0: unknown.
  static unsigned count_for(unsigned processors) noexcept { return processors > 1 ? processors - 1 : 1; }

  // Waits for a free slot and holds it for as long as it lives.
  class Hold {
   public:
    explicit Hold(HashingSlots& slots) : slots_(slots) { slots_.free_.acquire(); }
    ~Hold() { slots_.free_.release(); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    HashingSlots& slots_;
  };

 private:
  std::counting_semaphore<> free_;
};

}  // namespace slipway::crypto
