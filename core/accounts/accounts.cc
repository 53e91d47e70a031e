#include "core/accounts/accounts.h"

#include <algorithm>

#include "core/accounts/account_patch.h"
#include "core/accounts/account_rooms.h"
#include "core/accounts/credentials.h"
#include "core/accounts/entity_json.h"
#include "core/accounts/json_secrets.h"
#include "core/accounts/recent_times.h"
#include "core/base/ids.h"
#include "core/log/log.h"

namespace slipway::accounts {

namespace {

constexpr std::int64_t kLoginInterval = 10 * 60 * 1000;  // ms between two writes of a last login
constexpr std::string_view kSender = "dataprovider";

void report(const Status& status, std::string_view what, std::string_view subject) {
  if (!status) log::warn(kSender, what, {{"subject", subject}, {"error", status.error().message()}});
}

// What is remembered belongs to this very account, not to one that had its name before.
std::string first_transfer_key(const User& account, bool upload) {
  return std::string(upload ? "up/" : "down/") + std::to_string(account.id) + "/" + account.username;
}

}  // namespace

struct Accounts::Impl {
  Impl(AccountStore& store, const crypto::SecretKeeper& secrets, events::EventBus* bus, AccountsSettings initial)
      : rooms(store, secrets, bus, initial.validation),
        settings(std::make_shared<const AccountsSettings>(std::move(initial))),
        credentials(rooms),
        second_factors(rooms) {}

  std::shared_ptr<const AccountsSettings> current() const {
    return settings.with([](const auto& value) { return value; });
  }

  Status check_tracking() const {
    if (current()->track_quota != 0) return ok();
    return Error(Errc::NotSupported, "quota", "counters are not kept, see data_provider.track_quota");
  }

  AccountRooms rooms;
  LockGuarded<std::shared_ptr<const AccountsSettings>> settings;
  accounts::Credentials credentials;
  SecondFactors second_factors;
  RecentTimes logins, first_transfers;

  Catalog<User> users{rooms};
  Catalog<Group> groups{rooms};
  Catalog<Folder> folders{rooms};
  Catalog<Role> roles{rooms};
  Catalog<Admin> admins{rooms};
  Catalog<ApiKey> api_keys{rooms};
  Catalog<Share> shares{rooms};
  Catalog<EventAction> event_actions{rooms};
  Catalog<EventRule> event_rules{rooms};
  Catalog<IpListEntry> ip_lists{rooms};
  FoundUsers found_users{rooms, users};

  // In milliseconds; the store may know an older one.
  std::int64_t last_login(const User& user) const {
    return std::max(user.last_login, logins.get("user/" + user.username));
  }
};

Accounts::Accounts(AccountStore& store, const crypto::SecretKeeper& secrets, events::EventBus* bus,
                   AccountsSettings settings)
    : impl_(std::make_unique<Impl>(store, secrets, bus, std::move(settings))) {
  impl_->credentials.set_caching(impl_->current()->password_caching);
}
Accounts::~Accounts() = default;

Catalog<User>& Accounts::users() noexcept { return impl_->users; }
Catalog<Group>& Accounts::groups() noexcept { return impl_->groups; }
Catalog<Folder>& Accounts::folders() noexcept { return impl_->folders; }
Catalog<Role>& Accounts::roles() noexcept { return impl_->roles; }
Catalog<Admin>& Accounts::admins() noexcept { return impl_->admins; }
Catalog<ApiKey>& Accounts::api_keys() noexcept { return impl_->api_keys; }
Catalog<Share>& Accounts::shares() noexcept { return impl_->shares; }
Catalog<EventAction>& Accounts::event_actions() noexcept { return impl_->event_actions; }
Catalog<EventRule>& Accounts::event_rules() noexcept { return impl_->event_rules; }
Catalog<IpListEntry>& Accounts::ip_lists() noexcept { return impl_->ip_lists; }

FoundUsers& Accounts::found_users() noexcept { return impl_->found_users; }
SecondFactors& Accounts::second_factors() noexcept { return impl_->second_factors; }

AccountStore& Accounts::store() noexcept { return impl_->rooms.store; }
const crypto::SecretKeeper& Accounts::secrets() const noexcept { return impl_->rooms.secrets; }
std::string Accounts::convert_name(std::string_view name) const { return impl_->rooms.convert_name(name); }

void Accounts::configure(AccountsSettings settings) {
  impl_->credentials.set_caching(settings.password_caching);
  impl_->rooms.validation.with(
      [&](auto& value) { value = std::make_shared<const ValidationSettings>(settings.validation); });
  impl_->settings.with([&](auto& value) { value = std::make_shared<const AccountsSettings>(std::move(settings)); });
}

Result<ServerConfigs> Accounts::configs() const { return impl_->rooms.store.configs(); }

Result<ServerConfigs> Accounts::update_configs(ServerConfigs configs, const Actor& actor, SaveOptions options) {
  auto& rooms = impl_->rooms;
  if (!options.restoring) {
    SLIPWAY_ASSIGN(const auto old, rooms.store.configs());
    keep_stored_secrets(configs.smtp, old.smtp);
    if (configs.extra.empty()) configs.extra = old.extra;
  }
  configs.updated_at = now_ms();
  const auto validation = rooms.validation_settings();
  SLIPWAY_TRY(validate(configs, {.settings = *validation, .secrets = rooms.secrets, .now_ms = configs.updated_at}));
  SLIPWAY_TRY(rooms.store.update_configs(configs));
  rooms.publish({"update", "configs", "configs", {}}, actor, [&] { return to_json_text(configs, Rendering::Event); });
  return configs;
}

// ---- logins

Result<std::shared_ptr<const EffectiveUser>> Accounts::effective_user(std::string_view username,
                                                                      std::string_view patch) {
  auto& rooms = impl_->rooms;
  const auto name = rooms.convert_name(username);
  if (patch.empty()) return rooms.effective_users.get(name);
  SLIPWAY_ASSIGN(const auto stored, rooms.store.user(name));
  SLIPWAY_ASSIGN(auto patched, apply_patch(stored, patch));
  const auto validation = rooms.validation_settings();
  SLIPWAY_TRY(validate(patched, {.settings = *validation, .secrets = rooms.secrets, .now_ms = now_ms()}));
  SLIPWAY_ASSIGN(auto merged, rooms.effective_users.merge(std::move(patched)));
  return std::make_shared<const EffectiveUser>(std::move(merged));
}

std::shared_ptr<const EffectiveUser> Accounts::known_user(std::string_view username) {
  return impl_->rooms.effective_users.known(impl_->rooms.convert_name(username));
}

void Accounts::record_login(std::string_view username) {
  auto& rooms = impl_->rooms;
  const auto user = rooms.effective_users.get(rooms.convert_name(username));
  if (!user) return report(user.error(), "unable to record a login", username);
  const auto& account = (*user)->user;
  // Written no sooner than the caches of login hooks end: each login would prolong them.
  const auto& filters = account.filters;
  const auto cached =
      filters.external_auth_cache_time > 0 ? filters.external_auth_cache_time : filters.pre_login_cache_time;
  const auto interval = cached > 0 ? cached * 1000 : kLoginInterval;
  const auto now = now_ms();
  const auto last = impl_->last_login(account);
  if (last > account.updated_at && now - last < interval) return;
  impl_->logins.set("user/" + account.username, now);
  report(rooms.store.set_user_last_login(account.username, now), "unable to record a login", account.username);
}

void Accounts::record_admin_login(std::string_view username) {
  auto& rooms = impl_->rooms;
  const auto name = rooms.convert_name(username);
  const auto now = now_ms();
  if (now - impl_->logins.get("admin/" + name) < kLoginInterval) return;
  impl_->logins.set("admin/" + name, now);
  report(rooms.store.set_admin_last_login(name, now), "unable to record a login", name);
}

void Accounts::record_api_key_use(std::string_view id) {
  const auto key = "key/" + std::string(id);
  const auto now = now_ms();
  if (now - impl_->logins.get(key) < kLoginInterval) return;
  impl_->logins.set(key, now);
  report(impl_->rooms.store.set_api_key_last_use(id, now), "unable to record the use of an API key", id);
}

bool Accounts::mark_first_transfer(std::string_view username, bool upload) {
  auto& rooms = impl_->rooms;
  const auto name = rooms.convert_name(username);
  const auto user = rooms.effective_users.get(name);
  if (!user) return false;
  if (had_first_transfer((*user)->user, upload)) return false;
  const auto now = now_ms();
  const auto marked = upload ? rooms.store.mark_first_upload(name, now) : rooms.store.mark_first_download(name, now);
  if (!marked) {
    report(marked.error(), "unable to record a first transfer", name);
    return false;
  }
  impl_->first_transfers.set(first_transfer_key((*user)->user, upload), now);
  return *marked;
}

bool Accounts::had_first_transfer(const User& account, bool upload) {
  return (upload ? account.first_upload : account.first_download) != 0 ||
         impl_->first_transfers.get(first_transfer_key(account, upload)) != 0;
}

// ---- credentials

Result<AccountService::Credentials> Accounts::credentials(std::string_view username) {
  return impl_->credentials.of_user(username);
}
Result<bool> Accounts::verify_password(std::string_view user, std::string_view password) {
  return impl_->credentials.verify_user(user, password);
}
Result<bool> Accounts::verify_passcode(std::string_view user, std::string_view protocol, std::string_view passcode) {
  return impl_->second_factors.verify_user(user, protocol, passcode);
}
Result<AccountService::HookView> Accounts::hook_view(std::string_view username) {
  auto& rooms = impl_->rooms;
  const auto name = rooms.convert_name(username);
  SLIPWAY_ASSIGN(const auto effective, rooms.effective_users.get(name));
  SLIPWAY_ASSIGN(const auto stored, rooms.store.user(name));
  const auto& filters = effective->user.filters;
  const auto age = now_ms() - std::max(stored.last_login, impl_->last_login(effective->user));
  const auto recent = [&](std::int64_t seconds) { return seconds > 0 && age < seconds * 1000; };
  HookView view;
  view.document = to_json_text(stored, Rendering::Confidential);
  view.external_auth = !filters.hooks.external_auth_disabled && !recent(filters.external_auth_cache_time);
  view.pre_login = !filters.hooks.pre_login_disabled && !recent(filters.pre_login_cache_time);
  view.check_password = !filters.hooks.check_password_disabled && !filters.is_anonymous;
  return view;
}
Result<bool> Accounts::verify_admin_password(std::string_view admin, std::string_view password) {
  return impl_->credentials.verify_admin(admin, password);
}
bool Accounts::verify_share_password(const Share& share, std::string_view password) {
  return impl_->credentials.verify_share(share, password);
}
Result<ApiKey> Accounts::verify_api_key(std::string_view text) { return impl_->credentials.verify_api_key(text); }

Status Accounts::change_user_password(std::string_view username, std::string_view password, const Actor& actor) {
  return impl_->credentials.change_user(username, password, actor);
}
Status Accounts::change_admin_password(std::string_view username, std::string_view password, const Actor& actor) {
  return impl_->credentials.change_admin(username, password, actor);
}
Result<NewApiKey> Accounts::make_api_key(ApiKey key, const Actor& actor) {
  const auto secret = make_unique_id();
  const auto validation = impl_->rooms.validation_settings();
  SLIPWAY_ASSIGN(key.key, crypto::hash_password(secret, validation->hashing));
  key.id = make_unique_id();
  SLIPWAY_ASSIGN(auto stored, impl_->api_keys.add(std::move(key), actor));
  const auto text = stored.id + "." + secret;
  return NewApiKey{std::move(stored), text};
}

// ---- counters

Status Accounts::update_user_quota(std::string_view username, QuotaCounters counters, QuotaUpdate mode) {
  SLIPWAY_TRY(impl_->check_tracking());
  auto& store = impl_->rooms.store;
  const auto name = convert_name(username);
  if (mode == QuotaUpdate::Add) return store.add_user_quota(name, counters, now_ms());
  return store.set_user_quota(name, counters, now_ms());
}

Status Accounts::update_user_transfer(std::string_view username, TransferCounters counters, QuotaUpdate mode) {
  SLIPWAY_TRY(impl_->check_tracking());
  auto& store = impl_->rooms.store;
  const auto name = convert_name(username);
  if (mode == QuotaUpdate::Add) return store.add_user_transfer(name, counters, now_ms());
  return store.set_user_transfer(name, counters, now_ms());
}

Status Accounts::update_folder_quota(std::string_view folder, QuotaCounters counters, QuotaUpdate mode) {
  SLIPWAY_TRY(impl_->check_tracking());
  auto& store = impl_->rooms.store;
  const auto name = convert_name(folder);
  if (mode == QuotaUpdate::Add) return store.add_folder_quota(name, counters, now_ms());
  return store.set_folder_quota(name, counters, now_ms());
}

// ---- first run

Result<bool> Accounts::needs_setup() const {
  SLIPWAY_ASSIGN(const bool any, impl_->rooms.store.has_admins());
  return !any;
}

Result<Admin> Accounts::create_first_admin(std::string_view username, std::string_view password) {
  auto& rooms = impl_->rooms;
  Admin admin;
  admin.username = username;
  admin.password = password;
  admin.status = 1;
  admin.permissions = {"*"};
  admin.created_at = admin.updated_at = now_ms();
  const auto validation = rooms.validation_settings();
  SLIPWAY_TRY(validate(admin, {.settings = *validation, .secrets = rooms.secrets, .now_ms = admin.created_at}));
  SLIPWAY_TRY(rooms.store.in_transaction([&]() -> Status {
    SLIPWAY_ASSIGN(const bool any, rooms.store.has_admins());
    if (any) return Error(Errc::Conflict, "setup", "there is an administrator already");
    return rooms.store.add_admin(admin);
  }));
  SLIPWAY_ASSIGN(auto stored, rooms.store.admin(admin.username));
  rooms.publish({"add", "admin", stored.username, {}}, {}, [&] { return to_json_text(stored, Rendering::Event); });
  return stored;
}

}  // namespace slipway::accounts
