// Codes by mail for visitors of shares: who may have one, and what comes back with it.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "core/accounts/share.h"
#include "core/base/thread_pool.h"
#include "core/module/registry.h"
#include "core/session/mailed_codes.h"
#include "core/session/recent_counts.h"
#include "slipway/session.h"

namespace slipway::session {

// The address of a share's list that `email` is; null: none. Letters of ASCII count as equal in both cases.
const std::string* address_of_share(const accounts::Share& share, std::string_view email);

// Codes are kept as digests. Thread-safe; `modules`, `pool` and `codes` outlive it.
class ShareCodes {
 public:
  using Clock = std::chrono::steady_clock;
  struct Settings {
    std::string subject;  // empty: "One-time access code"
    std::function<Clock::time_point()> now = Clock::now;
  };

  ShareCodes(const module::Registry& modules, ThreadPool& pool, MailedCodes& codes, Settings settings);
  // Waits for what runs in the background.
  ~ShareCodes();

  // Waits until nothing that was asked for is left to do.
  void wait_idle();
  // Whether this server can send mail.
  bool is_available() const;

  // Sends a code to `email` in the background, if it is an address of the share that has not had too many. The answer
  // and its time do not depend on that. PermissionDenied, retryable: too many requests of the visitor's address;
  // Unavailable: too many wait.
  Status request(const ConnectionRequest& visitor, const accounts::Share& share, std::string_view email);
  // The address that the code was sent to, as the share has it. A code works once; a few wrong ones end those that the
  // address has. AuthFailed, for whatever reason; PermissionDenied, retryable: too many wrong codes of the visitor;
  // otherwise the error of where codes are kept.
  Result<std::string> take(const ConnectionRequest& visitor, const accounts::Share& share, std::string_view email,
                           std::string_view code);

 private:
  void send_code(const ConnectionRequest& visitor, const accounts::Share& share, const std::string& email);

  const module::Registry& modules_;
  ThreadPool& pool_;
  MailedCodes& codes_;
  const Settings settings_;
  RecentCounts requests_, wrong_codes_;    // by the visitor's address
  RecentCounts mails_, mails_of_address_;  // by share and mail address, by mail address

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t running_ = 0;  // in the background
};

}  // namespace slipway::session
