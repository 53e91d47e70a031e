// The accounts of a server: who there is, what they may do, and whether a password is theirs. Everybody goes through
// here.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/accounts/catalog.h"
#include "core/accounts/effective_user.h"
#include "core/accounts/found_users.h"
#include "core/accounts/second_factors.h"
#include "core/accounts/validate.h"
#include "core/events/bus.h"
#include "slipway/auth.h"

namespace slipway::accounts {

struct AccountsSettings {
  ValidationSettings validation;
  bool password_caching = true;
  int track_quota = 2;  // 0: counters cannot be read or changed
};

enum class QuotaUpdate { Reset, Add };

// A new key: its text is shown once, only its hash is stored.
struct NewApiKey {
  ApiKey key;
  std::string secret;  // "<id>.<22 characters>"
};

// Thread-safe. `store`, `secrets` and `bus` outlive it; `bus` may be null.
class Accounts final : public AccountService {
 public:
  Accounts(AccountStore& store, const crypto::SecretKeeper& secrets, events::EventBus* bus, AccountsSettings settings);
  ~Accounts();

  Catalog<User>& users() noexcept;
  Catalog<Group>& groups() noexcept;
  Catalog<Folder>& folders() noexcept;
  Catalog<Role>& roles() noexcept;
  Catalog<Admin>& admins() noexcept;
  Catalog<ApiKey>& api_keys() noexcept;  // add: `key` is a hash (a restore); see make_api_key
  Catalog<Share>& shares() noexcept;
  Catalog<EventAction>& event_actions() noexcept;
  Catalog<EventRule>& event_rules() noexcept;
  Catalog<IpListEntry>& ip_lists() noexcept;
  Result<ServerConfigs> configs() const;
  Result<ServerConfigs> update_configs(ServerConfigs, const Actor&, SaveOptions = {});

  // For settings that changed; logins and saves from now on.
  void configure(AccountsSettings settings);
  AccountStore& store() noexcept;
  const crypto::SecretKeeper& secrets() const noexcept;
  std::string convert_name(std::string_view name) const;

  // ---- logins
  // The user with its groups merged and its folders resolved; kept in memory until a user, group or folder changes.
  // `patch` (AuthVerdict::account_patch) replaces members for this call only: those of the user's object, and within
  // "filters" one by one; username, id, password, counters and timestamps are not among them. NotFound; InvalidArgument
  // for a patch that is no valid user.
  Result<std::shared_ptr<const EffectiveUser>> effective_user(std::string_view username, std::string_view patch = {});
  // The same, without a patch, for those who must not wait: null if the store had to be asked.
  std::shared_ptr<const EffectiveUser> known_user(std::string_view username);
  // Stores the time of a login when the stored one is older than ten minutes (or the user's external_auth_cache_time,
  // pre_login_cache_time), or older than the account's last change.
  void record_login(std::string_view username);
  FoundUsers& found_users() noexcept;
  void record_admin_login(std::string_view username);
  void record_api_key_use(std::string_view id);
  // True for the first successful upload or download of an account.
  bool mark_first_transfer(std::string_view username, bool upload);
  // That mark_first_transfer has nothing to store for this account; false also when it is not known.
  bool had_first_transfer(const User& account, bool upload);

  // slipway::AccountService; anonymous users have any password.
  Result<Credentials> credentials(std::string_view user) override;
  Result<bool> verify_password(std::string_view user, std::string_view password) override;
  Result<HookView> hook_view(std::string_view user) override;
  Result<bool> verify_passcode(std::string_view user, std::string_view protocol, std::string_view passcode) override;
  // The same for administrators; false when password logins are disabled for them.
  Result<bool> verify_admin_password(std::string_view admin, std::string_view password);
  // The caller has the share, as it is stored now.
  bool verify_share_password(const Share& share, std::string_view password);
  // The key behind "<id>.<secret>". InvalidArgument for another form, NotFound for an unknown id, AuthFailed for a
  // wrong secret or an expired key.
  Result<ApiKey> verify_api_key(std::string_view text);

  // ---- credentials; `password` is plain and must meet the account's rules
  Status change_user_password(std::string_view username, std::string_view password, const Actor&);
  Status change_admin_password(std::string_view username, std::string_view password, const Actor&);
  // One-time passcodes and recovery codes, which update() leaves alone.
  SecondFactors& second_factors() noexcept;
  Result<NewApiKey> make_api_key(ApiKey, const Actor&);

  // ---- counters. NotSupported when track_quota is 0.
  Status update_user_quota(std::string_view username, QuotaCounters, QuotaUpdate);
  Status update_user_transfer(std::string_view username, TransferCounters, QuotaUpdate);
  Status update_folder_quota(std::string_view name, QuotaCounters, QuotaUpdate);

  // ---- first run
  // Whether there is no administrator yet.
  Result<bool> needs_setup() const;
  // Conflict when there is an administrator already.
  Result<Admin> create_first_admin(std::string_view username, std::string_view password);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::accounts
