// Where codes for forgotten passwords are kept while they are valid: in this process, or in the database for every
// server that shares it.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "core/accounts/store/store.h"

namespace slipway::session {

// Thread-safe. Codes are known by their digests. Errors are the store's unless a method says otherwise.
class ResetCodes {
 public:
  using Code = accounts::ResetCode;
  using Account = accounts::ResetAccount;
  static constexpr accounts::ResetCodeLimits kLimits{.of_account = 3, .altogether = 10'000};

  virtual ~ResetCodes() = default;
  // False: the account has as many as it may have, or there are too many altogether.
  virtual Result<bool> keep(const Code& code) = 0;
  // For one caller alone; it is kept no longer. NotFound, also for an expired one; Conflict for one of the other kind
  // of account, which stays.
  virtual Result<Code> take(const std::string& digest, Account account) = 0;
  virtual Status forget(const std::string& digest) = 0;
  virtual Status forget_all_of(Account account, const std::string& name) = 0;
  virtual Status forget_expired() = 0;
};

using ClockOfCodes = std::function<std::int64_t()>;  // Unix ms

class ResetCodesInMemory final : public ResetCodes {
 public:
  explicit ResetCodesInMemory(ClockOfCodes clock) : clock_(std::move(clock)) {}
  Result<bool> keep(const Code& code) override;
  Result<Code> take(const std::string& digest, Account account) override;
  Status forget(const std::string& digest) override;
  Status forget_all_of(Account account, const std::string& name) override;
  Status forget_expired() override;

 private:
  void drop_expired(std::int64_t now);

  const ClockOfCodes clock_;
  std::mutex mutex_;
  std::map<std::string, Code> codes_;  // by digest; guarded by mutex_
};

class ResetCodesInStore final : public ResetCodes {
 public:
  // The store outlives it.
  ResetCodesInStore(accounts::AccountStore& store, ClockOfCodes clock) : store_(store), clock_(std::move(clock)) {}
  Result<bool> keep(const Code& code) override { return store_.add_reset_code(code, clock_(), kLimits); }
  Result<Code> take(const std::string& digest, Account account) override {
    return store_.take_reset_code(digest, account, clock_());
  }
  Status forget(const std::string& digest) override { return store_.remove_reset_code(digest); }
  Status forget_all_of(Account account, const std::string& name) override {
    return store_.remove_reset_codes_of(account, name);
  }
  Status forget_expired() override { return store_.remove_expired_reset_codes(clock_()); }

 private:
  accounts::AccountStore& store_;
  const ClockOfCodes clock_;
};

}  // namespace slipway::session
