#include "core/session/user_login.h"

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
  UserSession(SessionManager& manager, std::string id, std::string user, VPath start,
              std::shared_ptr<ConnectionRegistry::Entry> entry, std::unique_ptr<Filesystem> fs, Event farewell)
      : manager_(manager),
        id_(std::move(id)),
        user_(std::move(user)),
        start_(std::move(start)),
        farewell_(std::move(farewell)),
        entry_(std::move(entry)),
        fs_(std::move(fs)) {}

  ~UserSession() override {
    fs_.reset();  // transfers that are still open end, and say so, before the session does
    const auto now = std::chrono::steady_clock::now();
    farewell_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - entry_->opened());
    farewell_.at = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
    (void)manager_.rooms().bus->after(OpContext{}, std::move(farewell_));
    log::write(LogLevel::Debug, "sessions", id_, "session closed", {{"username", user_}});
  }

  Filesystem& fs() noexcept override {
    entry_->touch();
    return *fs_;
  }
  const std::string& id() const noexcept override { return id_; }
  const std::string& user() const noexcept override { return user_; }
  const VPath& start_directory() const noexcept override { return start_; }
  std::stop_token stop_token() const noexcept override { return entry_->stop_token(); }
  OpContext context() const noexcept override {
    entry_->touch();
    return {.stop = entry_->stop_token(), .user = user_, .connection_id = id_};
  }
  void set_command(std::string_view command) override { entry_->set_command(command); }
  std::chrono::steady_clock::duration idle() const noexcept override { return entry_->idle(); }
  std::chrono::steady_clock::duration idle_limit() const noexcept override { return manager_.settings()->idle_timeout; }
  void set_parked(bool parked) noexcept override { entry_->set_parked(parked); }

 private:
  SessionManager& manager_;
  const std::string id_, user_;
  const VPath start_;
  Event farewell_;
  std::shared_ptr<ConnectionRegistry::Entry> entry_;
  std::unique_ptr<Filesystem> fs_;
};

// Asks the accounts once for each direction: in one session only the first transfer can be the first of all.
class FirstTransfers {
 public:
  FirstTransfers(accounts::Accounts& accounts, std::string user)
      : accounts_(accounts), user_(std::move(user)), asked_(std::make_shared<Asked>()) {}

  bool operator()(bool upload) const {
    return !(*asked_)[upload].exchange(true, std::memory_order_relaxed) && accounts_.mark_first_transfer(user_, upload);
  }

 private:
  using Asked = std::array<std::atomic<bool>, 2>;
  accounts::Accounts& accounts_;
  std::string user_;
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
  const accounts::User& account = user_->user;
  auto start = vfs::absolute_path(account.filters.start_directory.empty() ? "/" : account.filters.start_directory);
  return open_session(manager_, connection_, *user_,
                      {.protocol = std::string(protocol),
                       .connection_id = std::string(connection_id),
                       .max_sessions = static_cast<std::size_t>(std::max<std::int64_t>(0, account.max_sessions)),
                       .start = start ? *start : VPath()});
}

}  // namespace

std::unique_ptr<Login> make_login(SessionManager& manager, std::shared_ptr<ConnectionRegistry::Connection> connection,
                                  std::shared_ptr<const accounts::EffectiveUser> user) {
  return std::make_unique<UserLogin>(manager, std::move(connection), std::move(user));
}

Result<std::unique_ptr<Session>> open_session(SessionManager& manager,
                                              const std::shared_ptr<ConnectionRegistry::Connection>& connection,
                                              const accounts::EffectiveUser& user, SessionOptions options) {
  const accounts::User& account = user.user;
  const auto settings = manager.settings();
  const SessionRooms& rooms = manager.rooms();
  const std::string& id = options.connection_id;

  SLIPWAY_ASSIGN(auto entry,
                 manager.connections().open(account.username, options.max_sessions, options.protocol, id, connection));
  const PolicyRequest request{options.protocol, connection->request().remote, connection->request().local, id};
  const OpContext ctx{.stop = entry->stop_token(), .user = account.username, .connection_id = id};
  auto policy = build_policy(ctx, user, request, *settings, rooms.counters, rooms.modules, rooms.secrets);
  if (!policy) {
    log::write(LogLevel::Error, "sessions", id, "unable to mount the user's storage",
               {{"username", account.username}, {"error", policy.error().message()}});
    return policy.error();
  }
  policy->external_user = options.external_user;
  policy->admission = entry->transfers();
  policy->mark_activity = [entry] { entry->touch(); };
  policy->mark_first_transfer = FirstTransfers(rooms.accounts, account.username);

  Event farewell;
  farewell.action = "disconnect";
  farewell.username = account.username;
  farewell.role = account.role;
  farewell.external_username = options.external_user;
  farewell.protocol = options.protocol;
  farewell.ip = request.remote.address;
  farewell.session_id = id;
  std::unique_ptr<Filesystem> fs = vfs::make_guard(*std::move(policy), rooms.bus);
  if (options.confine) fs = options.confine(std::move(fs));
  return std::make_unique<UserSession>(manager, id, account.username, std::move(options.start), std::move(entry),
                                       std::move(fs), std::move(farewell));
}

}  // namespace slipway::session
