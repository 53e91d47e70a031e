// Remembers which password was right for which hash, so that not every request pays for an expensive one.
#pragma once

#include <chrono>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/lock_guarded.h"

namespace slipway::accounts {

// Keeps no password: a digest keyed with random bytes of this process. An entry counts for the very hash it was made
// with, and for an hour after its last use. Thread-safe.
class VerifiedPasswords {
 public:
  explicit VerifiedPasswords(std::size_t capacity = 10'000);

  // `subject` says whose password it is ("user/ann").
  bool contains(std::string_view subject, std::string_view hash, std::string_view password);
  void add(std::string_view subject, std::string_view hash, std::string_view password);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    std::string subject, digest;
    Clock::time_point used;
  };
  struct Entries {
    std::list<Entry> by_use;  // the last used one first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_subject;
  };

  // Empty when the digest cannot be made; such an entry is never right.
  std::string digest(std::string_view hash, std::string_view password) const;

  const std::string key_;
  const std::size_t capacity_;
  LockGuarded<Entries> entries_;
};

}  // namespace slipway::accounts
