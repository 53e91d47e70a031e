// Forgotten passwords: codes by mail, and what comes back with them.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/thread_pool.h"
#include "core/session/recent_counts.h"
#include "core/session/session_manager.h"
#include "slipway/mail.h"
#include "slipway/password_reset.h"

namespace slipway::session {

// Codes live in the memory of this process, as digests: a restart ends them. Thread-safe; `manager` and `pool` outlive
// it.
class PasswordResets final : public PasswordResetService {
 public:
  using Clock = std::chrono::steady_clock;
  struct Settings {
    std::string subject;  // empty: "Email Verification Code for <kind> "<name>""
    std::function<Clock::time_point()> now = Clock::now;
  };

  PasswordResets(SessionManager& manager, ThreadPool& pool, Settings settings);
  // Waits for what runs in the background.
  ~PasswordResets();

  // Waits until nothing that was asked for is left to do.
  void wait_idle();

  bool is_available() const override;
  Status request(const OpContext&, const ConnectionRequest&, Account, std::string_view name) override;
  Status reset(const OpContext&, const ConnectionRequest&, Account, std::string_view code,
               std::string_view password) override;

 private:
  struct Code {
    Account account = Account::User;
    std::int64_t id = 0;  // of the account, not of one that has its name later
    std::string name;
    Clock::time_point until{};
    int tries = 0;  // with passwords that were refused
  };
  // Who a code would be sent to, and the name as it is stored.
  struct Recipient {
    std::int64_t id = 0;
    std::string name, role;
    std::vector<std::string> addresses;
  };

  void send_code(const ConnectionRequest& connection, Account account, const std::string& name);
  Result<Recipient> recipient(const ConnectionRequest& connection, Account account, std::string_view name) const;
  Result<Recipient> admin_recipient(const ConnectionRequest& connection, std::string_view name) const;
  Result<Recipient> user_recipient(const ConnectionRequest& connection, std::string_view name) const;
  Status post(Mailer& mailer, Account account, const Recipient& to, const std::string& code) const;
  // False: the account has as many codes as it may have, or there are too many altogether.
  bool keep(const std::string& digest, Code code);
  // The code, which is out of the map then. InvalidArgument.
  Result<Code> take(const ConnectionRequest& connection, Account account, const std::string& digest);
  void put_back(const std::string& digest, Code code);
  void forget_codes_of(Account account, const std::string& name);
  void report(const ConnectionRequest& connection, admission::Violation violation) const;

  SessionManager& manager_;
  ThreadPool& pool_;
  const Settings settings_;
  RecentCounts requests_, wrong_codes_;  // by address

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t running_ = 0;            // in the background
  std::map<std::string, Code> codes_;  // by the digest of the code
};

}  // namespace slipway::session
