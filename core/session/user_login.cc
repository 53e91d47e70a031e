#include "core/session/user_login.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "core/log/log.h"
#include "core/session/policy_builder.h"
#include "core/vfs/guard.h"
#include "core/vfs/path.h"

namespace slipway::session {
namespace {

class UserSession final : public Session {
 public:
  UserSession(SessionManager& manager, std::shared_ptr<const accounts::EffectiveUser> account, PolicyRequest request,
              SessionOptions options, std::shared_ptr<ConnectionRegistry::Entry> entry, std::unique_ptr<Filesystem> fs)
      : manager_(manager),
        account_(std::move(account)),
        request_(std::move(request)),
        external_user_(std::move(options.external_user)),
        start_(std::move(options.start)),
        entry_(std::move(entry)),
        fs_(std::move(fs)) {}

  ~UserSession() override {
    fs_.reset();  // transfers that are still open end, and say so, before the session does
    say_farewell();
    log::write(LogLevel::Debug, "sessions", id(), "session closed", {{"username", user()}});
  }

  Filesystem& fs() noexcept override {
    entry_->touch();
    return *fs_;
  }
  const std::string& id() const noexcept override { return request_.connection_id; }
  const std::string& user() const noexcept override { return account_->user.username; }
  const VPath& start_directory() const noexcept override { return start_; }
  std::stop_token stop_token() const noexcept override { return entry_->stop_token(); }
  OpContext context() const noexcept override {
    entry_->touch();
    return {.stop = entry_->stop_token(), .user = user(), .connection_id = id()};
  }
  void set_command(std::string_view command) override { entry_->set_command(command); }
  std::chrono::steady_clock::duration idle() const noexcept override { return entry_->idle(); }
  std::chrono::steady_clock::duration idle_limit() const noexcept override { return manager_.settings()->idle_timeout; }
  void set_parked(bool parked) noexcept override { entry_->set_parked(parked); }

 private:
  void say_farewell() noexcept {
    events::EventBus& bus = *manager_.rooms().bus;
    if (!bus.wanted("disconnect")) return;
    try {
      Event event;
      event.action = "disconnect";
      event.username = user();
      event.role = account_->user.role;
      event.external_username = external_user_;
      event.protocol = request_.protocol;
      event.ip = request_.remote.address;
      event.session_id = id();
      const auto open = std::chrono::steady_clock::now() - entry_->opened();
      event.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(open);
      event.at = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
      (void)bus.after(OpContext{}, std::move(event));
    } catch (const std::exception& e) {
      log::write(LogLevel::Error, "sessions", id(), "unable to publish the end of a session", {{"error", e.what()}});
    }
  }

  SessionManager& manager_;
  const std::shared_ptr<const accounts::EffectiveUser> account_;
  const PolicyRequest request_;
  const std::string external_user_;
  const VPath start_;
  std::shared_ptr<ConnectionRegistry::Entry> entry_;
  std::unique_ptr<Filesystem> fs_;
};

// Asks the accounts once for each direction: in one session only the first transfer can be the first of all.
class FirstTransfers {
 public:
  FirstTransfers(accounts::Accounts& accounts, std::shared_ptr<const accounts::EffectiveUser> user)
      : accounts_(accounts), user_(std::move(user)), asked_(std::make_shared<Asked>()) {}

  bool operator()(bool upload) const {
    if ((*asked_)[upload].exchange(true, std::memory_order_relaxed)) return false;
    const accounts::User& account = user_->user;
    return !accounts_.had_first_transfer(account, upload) && accounts_.mark_first_transfer(account.username, upload);
  }

 private:
  using Asked = std::array<std::atomic<bool>, 2>;
  accounts::Accounts& accounts_;
  std::shared_ptr<const accounts::EffectiveUser> user_;
  std::shared_ptr<Asked> asked_;
};

class UserLogin final : public Login {
 public:
  UserLogin(SessionManager& manager, std::shared_ptr<ConnectionRegistry::Connection> connection,
            std::shared_ptr<const accounts::EffectiveUser> user)
      : manager_(manager), connection_(std::move(connection)), user_(std::move(user)) {}

  const std::string& user() const noexcept override { return user_->user.username; }
  Result<std::unique_ptr<Session>> open(std::string_view protocol, std::string_view connection_id) override;

 private:
  SessionManager& manager_;
  std::shared_ptr<ConnectionRegistry::Connection> connection_;
  std::shared_ptr<const accounts::EffectiveUser> user_;
};

Result<std::unique_ptr<Session>> UserLogin::open(std::string_view protocol, std::string_view connection_id) {
  return open_session(manager_, connection_, user_, login_options(user_->user, protocol, connection_id));
}

// One session's way from the account to its tree.
class SessionMaker {
 public:
  SessionMaker(SessionManager& manager, const std::shared_ptr<ConnectionRegistry::Connection>& connection,
               const std::shared_ptr<const accounts::EffectiveUser>& user, SessionOptions options)
      : manager_(manager),
        connection_(connection),
        user_(user),
        options_(std::move(options)),
        settings_(manager.settings()),
        request_{options_.protocol, connection->request().remote, connection->request().local, options_.connection_id} {
  }

  Result<std::unique_ptr<Session>> make() {
    SLIPWAY_ASSIGN(auto entry, take_place());
    auto kept = manager_.kept_policies().find(key());
    if (!kept) {
      SLIPWAY_ASSIGN(kept, build(*entry));
      manager_.kept_policies().keep(key(), kept);
    }
    return finish(*kept, std::move(entry));
  }

  std::unique_ptr<Session> make_at_once() {
    const auto kept = manager_.kept_policies().find(key());
    const events::EventBus& bus = *rooms().bus;
    if (!kept || vfs::may_wait(*kept, &bus) || bus.waits_for({"disconnect"})) return nullptr;
    const auto is_immediate = [](const vfs::Mount& m) { return has(m.fs->capabilities(), Capability::Immediate); };
    if (!std::ranges::all_of(kept->mounts, is_immediate)) return nullptr;
    auto entry = take_place();
    return entry ? finish(*kept, *std::move(entry)) : nullptr;
  }

 private:
  using EntryPtr = std::shared_ptr<ConnectionRegistry::Entry>;
  const SessionRooms& rooms() const { return manager_.rooms(); }
  const accounts::User& account() const { return user_->user; }
  KeptPolicies::Key key() const { return {user_, settings_, request_.remote.address}; }

  Result<EntryPtr> take_place() {
    return manager_.connections().open(account().username, options_.max_sessions, options_.protocol,
                                       options_.connection_id, connection_);
  }

  Result<std::shared_ptr<const vfs::Policy>> build(const ConnectionRegistry::Entry& entry) {
    const OpContext ctx{
        .stop = entry.stop_token(), .user = account().username, .connection_id = options_.connection_id};
    auto policy = build_policy(ctx, *user_, request_, *settings_, rooms().counters, rooms().modules, rooms().secrets);
    if (!policy) {
      log::write(LogLevel::Error, "sessions", options_.connection_id, "unable to mount the user's storage",
                 {{"username", account().username}, {"error", policy.error().message()}});
      return policy.error();
    }
    return std::make_shared<const vfs::Policy>(*std::move(policy));
  }

  std::unique_ptr<Session> finish(const vfs::Policy& kept, EntryPtr entry) {
    vfs::Policy policy = kept;
    set_request(policy, request_);
    policy.external_user = options_.external_user;
    policy.admission = entry->transfers();
    policy.mark_activity = [entry] { entry->touch(); };
    policy.mark_first_transfer = FirstTransfers(rooms().accounts, user_);

    std::unique_ptr<Filesystem> fs = vfs::make_guard(std::move(policy), rooms().bus);
    if (options_.confine) fs = options_.confine(std::move(fs));
    return std::make_unique<UserSession>(manager_, user_, std::move(request_), std::move(options_), std::move(entry),
                                         std::move(fs));
  }

  SessionManager& manager_;
  const std::shared_ptr<ConnectionRegistry::Connection>& connection_;
  const std::shared_ptr<const accounts::EffectiveUser>& user_;
  SessionOptions options_;
  const std::shared_ptr<const SessionSettings> settings_;
  PolicyRequest request_;
};

}  // namespace

std::unique_ptr<Login> make_login(SessionManager& manager, std::shared_ptr<ConnectionRegistry::Connection> connection,
                                  std::shared_ptr<const accounts::EffectiveUser> user) {
  return std::make_unique<UserLogin>(manager, std::move(connection), std::move(user));
}

SessionOptions login_options(const accounts::User& account, std::string_view protocol, std::string_view connection_id) {
  auto start = vfs::absolute_path(account.filters.start_directory.empty() ? "/" : account.filters.start_directory);
  return {.protocol = std::string(protocol),
          .connection_id = std::string(connection_id),
          .max_sessions = static_cast<std::size_t>(std::max<std::int64_t>(0, account.max_sessions)),
          .start = start ? *std::move(start) : VPath()};
}

Result<std::unique_ptr<Session>> open_session(SessionManager& manager,
                                              const std::shared_ptr<ConnectionRegistry::Connection>& connection,
                                              const std::shared_ptr<const accounts::EffectiveUser>& user,
                                              SessionOptions options) {
  return SessionMaker(manager, connection, user, std::move(options)).make();
}

std::unique_ptr<Session> open_session_at_once(SessionManager& manager,
                                              const std::shared_ptr<ConnectionRegistry::Connection>& connection,
                                              const std::shared_ptr<const accounts::EffectiveUser>& user,
                                              SessionOptions options) {
  return SessionMaker(manager, connection, user, std::move(options)).make_at_once();
}

}  // namespace slipway::session
