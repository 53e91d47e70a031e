// What is remembered of one-time passcodes: which were used, and how often an account was sent wrong ones.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/lock_guarded.h"

namespace slipway::accounts {

// In memory, of this process. Six digits can be guessed: after ten wrong passcodes an account's are refused until ten
// minutes have passed since the first of them. Thread-safe.
class PasscodeGuard {
 public:
  using Time = std::chrono::system_clock::time_point;
  static constexpr int kMaxWrong = 10;
  static constexpr std::chrono::minutes kWrongWindow{10};

  // True the first time within two minutes, which is longer than any passcode is good for. `key` is the secret decoded;
  // only a digest of it is kept.
  bool use(std::string_view key, std::int64_t step, Time now);

  // Whether `subject` ("user/ann") may try a passcode.
  bool may_try(const std::string& subject, Time now) const;
  void note_wrong(const std::string& subject, Time now);
  void note_right(const std::string& subject);

 private:
  struct Wrong {
    Time first;
    int count = 0;
  };
  LockGuarded<std::unordered_map<std::string, Time>> used_;  // with the time from which it is forgotten
  LockGuarded<std::unordered_map<std::string, Wrong>> wrong_;
};

}  // namespace slipway::accounts
