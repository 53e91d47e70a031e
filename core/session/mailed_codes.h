// Where codes that were sent by mail are kept while they are valid: in this process, or in the database for every
// server that shares it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/accounts/store/store.h"

namespace slipway::session {

// Thread-safe. Codes are known by their digests. Errors are the store's unless a method says otherwise.
class MailedCodes {
 public:
  using Code = accounts::MailedCode;
  using Owner = accounts::CodeOwner;
  using Limits = accounts::MailedCodeLimits;

  virtual ~MailedCodes() = default;
  virtual std::int64_t now() const = 0;  // Unix ms
  // False: the owner has as many as it may have, or there are too many of its kind.
  virtual Result<bool> keep(const Code& code, Limits limits) = 0;
  // For one caller alone; it is kept no longer. NotFound, also for an expired one; Conflict for one of another kind of
  // owner, which stays.
  virtual Result<Code> take(const std::string& digest, Owner owner) = 0;
  // For codes short enough to be guessed. Whether the owner and name of `shown` have one with its digest, which is kept
  // no longer then. Otherwise all that they have count a try, and those with max_tries of them go.
  virtual Result<bool> try_code(const Code& shown, std::int64_t max_tries) = 0;
  virtual Status forget(const std::string& digest) = 0;
  virtual Status forget_all_of(Owner owner, const std::string& name) = 0;
  virtual Status forget_expired() = 0;
};

using ClockOfCodes = std::function<std::int64_t()>;  // Unix ms

class MailedCodesInMemory final : public MailedCodes {
 public:
  explicit MailedCodesInMemory(ClockOfCodes clock) : clock_(std::move(clock)) {}
  std::int64_t now() const override { return clock_(); }
  Result<bool> keep(const Code& code, Limits limits) override;
  Result<Code> take(const std::string& digest, Owner owner) override;
  Result<bool> try_code(const Code& shown, std::int64_t max_tries) override;
  Status forget(const std::string& digest) override;
  Status forget_all_of(Owner owner, const std::string& name) override;
  Status forget_expired() override;

 private:
  void drop_expired(std::int64_t now);

  const ClockOfCodes clock_;
  std::mutex mutex_;
  std::map<std::string, Code> codes_;  // by digest; guarded by mutex_
};

class MailedCodesInStore final : public MailedCodes {
 public:
  // The store outlives it.
  MailedCodesInStore(accounts::AccountStore& store, ClockOfCodes clock) : store_(store), clock_(std::move(clock)) {}
  std::int64_t now() const override { return clock_(); }
  Result<bool> keep(const Code& code, Limits limits) override { return store_.add_mailed_code(code, now(), limits); }
  Result<Code> take(const std::string& digest, Owner owner) override {
    return store_.take_mailed_code(digest, owner, now());
  }
  Result<bool> try_code(const Code& shown, std::int64_t max_tries) override {
    return store_.try_mailed_code(shown, now(), max_tries);
  }
  Status forget(const std::string& digest) override { return store_.remove_mailed_code(digest); }
  Status forget_all_of(Owner owner, const std::string& name) override {
    return store_.remove_mailed_codes_of(owner, name);
  }
  Status forget_expired() override { return store_.remove_expired_mailed_codes(now()); }

 private:
  accounts::AccountStore& store_;
  const ClockOfCodes clock_;
};

std::int64_t wall_clock_ms();

// is_shared: other servers use the database; codes are kept there then, and outlive this process.
std::unique_ptr<MailedCodes> make_mailed_codes(accounts::AccountStore& store, bool is_shared,
                                               ClockOfCodes clock = wall_clock_ms);

}  // namespace slipway::session
