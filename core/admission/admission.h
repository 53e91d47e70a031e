// Who may connect: allow list, bans, connection caps and rate limits, asked in one place and in one order.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/admission/defender.h"
#include "core/admission/ip_lists.h"
#include "core/admission/rate_limiter.h"

namespace slipway::admission {

struct AdmissionSettings {
  bool allow_list = false;  // common.allowlist_status: only addresses of the allow list may connect
  DefenderSettings defender;
  std::vector<RateLimiterSettings> rate_limiters;
};

// Times are asked for, so that tests can tell them.
struct Clocks {
  WallClock wall = wall_now;
  std::function<SteadyTime()> steady = std::chrono::steady_clock::now;
};

struct Caller {
  std::string_view protocol;  // "SSH", "FTP", "DAV", "HTTP"
  std::string_view address;   // as text; one that is no IP address is in no list and breaks no rule
};

enum class HostCap : bool { Applies, Waived };

// Thread-safe; `store` outlives it. No decision waits for the database: a thread of its own reads the lists when they
// change and writes what the defender has to remember.
class Admission {
 public:
  Admission(accounts::AccountStore& store, AdmissionSettings settings, Clocks clocks = {});
  // Writes what is left to write.
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  // Reads lists and bans, and starts the thread. Once, before the first connection.
  Status start();
  // For connections from now on. Buckets of limiters that are as before go on; the defender's driver stays.
  void configure(AdmissionSettings settings);
  // An entry of a list or of the defender was changed in this process: the thread sees to it now, not at its next look.
  void changed();

  // Takes a connection's place among all; QuotaExceeded when it is one too many of its address.
  using TakePlace = std::function<Status(HostCap)>;
  // How long the connection has to wait before it goes on. PermissionDenied: a ban, a list or a cap; Unavailable and
  // retryable: a rate limit; else the error of `take_place`, whose caller gives the place back on any error.
  Result<std::chrono::nanoseconds> admit(const Caller& caller, const TakePlace& take_place);

  // Counts, unless the address is trusted or allowed by the defender's list.
  void report(const Caller& caller, Violation violation);
  // Whether more credentials of a client that is connected need no look. A ban gets no longer by it.
  bool is_banned(const Caller& caller);
  // Trusted addresses are spared the defender, its delays, and rate limits.
  bool is_trusted(const Caller& caller) const;

  Defender& defender() noexcept { return defender_; }
  AdmissionSettings settings() const;

 private:
  struct Who;
  using Limiters = std::vector<std::shared_ptr<RateLimiter>>;

  Who identify(const Caller& caller) const;
  Status check_ban(const Caller& caller, const Who& who);
  Status take(const Caller& caller, const Who& who, const TakePlace& take_place);
  Result<std::chrono::nanoseconds> wait_for_limits(const Caller& caller, const Who& who);
  void work(const std::stop_token& stop);
  void refresh_lists();
  void write_defender();

  const Clocks clocks_;
  IpLists lists_;
  Defender defender_;

  mutable std::mutex mutex_;
  AdmissionSettings settings_;
  std::shared_ptr<const Limiters> limiters_ = std::make_shared<const Limiters>();

  std::mutex work_mutex_;
  std::condition_variable_any wake_;
  bool work_waits_ = false;                           // under work_mutex_
  bool lists_failed_ = false, write_failed_ = false;  // of the thread: the failure is in the log
  std::jthread thread_;
};

}  // namespace slipway::admission
