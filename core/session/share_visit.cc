#include "core/session/share_visit.h"

#include <algorithm>

#include "core/accounts/share_rules.h"
#include "core/base/ip_network.h"
#include "core/base/text.h"
#include "core/log/log.h"
#include "core/session/account_checks.h"
#include "core/session/pause.h"
#include "core/session/share_filesystem.h"
#include "core/session/user_login.h"
#include "core/vfs/path.h"

namespace slipway::session {
namespace {

using accounts::Share;
using Need = ShareRequest::Need;

constexpr const char* kProtocol = "HTTPShare";
constexpr std::size_t kMaxId = 64, kMaxPassword = 4096;  // bytes

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

std::int64_t unix_ms(std::chrono::system_clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

// Nobody learns whether it was there.
Error not_there() { return {Errc::NotFound, "share", "does not exist"}; }

class Visit final : public ShareVisit {
 public:
  Visit(SessionManager& manager, std::shared_ptr<ConnectionRegistry::Connection> connection, Share share,
        std::vector<VPath> paths, std::shared_ptr<const accounts::EffectiveUser> owner, Need need)
      : manager_(manager),
        connection_(std::move(connection)),
        share_(std::move(share)),
        paths_(std::move(paths)),
        owner_(std::move(owner)),
        need_(need) {}

  const std::string& name() const noexcept override { return share_.name; }
  const std::vector<VPath>& paths() const noexcept override { return paths_; }
  Status use(std::int64_t uses) override {
    return manager_.rooms().accounts.store().use_share(share_.id, uses, unix_ms(std::chrono::system_clock::now()));
  }
  // Visitors do not take the owner's own sessions away.
  Result<std::unique_ptr<Session>> open(std::string_view connection_id) override {
    return open_session(manager_, connection_, *owner_,
                        {.protocol = kProtocol,
                         .connection_id = std::string(connection_id),
                         .start = paths_.front(),
                         .confine = [this](std::unique_ptr<Filesystem> fs) {
                           return make_share_filesystem(std::move(fs), paths_, need_);
                         }});
  }

 private:
  SessionManager& manager_;
  const std::shared_ptr<ConnectionRegistry::Connection> connection_;
  const Share share_;
  const std::vector<VPath> paths_;
  const std::shared_ptr<const accounts::EffectiveUser> owner_;
  const Need need_;
};

// What the share itself says, before anybody's password.
Status check_share(const Share& share, const ShareRequest& request, std::string_view address,
                   std::chrono::system_clock::time_point now) {
  const bool fits = share.scope == 3 || share.scope == (request.need == Need::Read ? 1 : 2);
  if (!fits) return Error(Errc::PermissionDenied, share.id, "invalid share scope");
  if (!request.is_counted && share.max_tokens > 0 && share.used_tokens >= share.max_tokens) return not_there();
  if (share.expires_at > 0 && share.expires_at < unix_ms(now)) return not_there();
  if (!share.allow_from.empty() && !in_any_network(address, share.allow_from))
    return Error(Errc::PermissionDenied, share.id, "login is not allowed from this IP");
  if (share.options.auth_mode != 0)
    return Error(Errc::PermissionDenied, share.id, "this share asks for a code by mail, which this server cannot send");
  return ok();
}

// What the owner is allowed now.
Status check_owner(const accounts::User& owner, const Share& share, Need need,
                   std::chrono::system_clock::time_point now, bool local_time) {
  if (!check_still_valid(owner, now, local_time)) return not_there();
  const auto& filters = owner.filters;
  if (contains(filters.web_client, "shares-disabled")) return not_there();
  if (!accounts::check_share_rules(filters, share)) return not_there();
  if (contains(filters.denied_protocols, "HTTP"))
    return Error(Errc::PermissionDenied, share.id, "protocol HTTP is not allowed");
  if (share.password.empty() && contains(filters.web_client, "shares-without-password-disabled"))
    return Error(Errc::PermissionDenied, share.id, "sharing without a password was disabled");
  // Else a user who may not write by HTTP would only need a share to do so.
  if (need == Need::Write && contains(filters.web_client, "write-disabled"))
    return Error(Errc::PermissionDenied, share.id, "writing was disabled");
  if (contains(missing_second_factors(owner), "HTTP"))
    return Error(Errc::PermissionDenied, share.id, "two-factor authentication requirements not met");
  return ok();
}

}  // namespace

Result<std::unique_ptr<ShareVisit>> visit_share(SessionManager& manager, const OpContext& context,
                                                std::shared_ptr<ConnectionRegistry::Connection> connection,
                                                const ShareRequest& request) {
  auto& accounts = manager.rooms().accounts;
  const ConnectionRequest& from = connection->request();
  const auto report = [&](admission::Violation violation, std::string_view reason) {
    log::write(LogLevel::Debug, "connection_failed", from.connection_id, "login failed",
               {{"username", printable(request.id.substr(0, kMaxId))},
                {"client_ip", from.remote.address},
                {"protocol", kProtocol},
                {"login_type", "password"},
                {"error", reason}});
    if (auto* admission = manager.rooms().admission) admission->report({from.protocol, from.remote.address}, violation);
    pause(manager.settings()->failed_delay, context.stop);
  };

  if (request.id.size() > kMaxId) return not_there();
  auto share = accounts.shares().get(request.id);
  if (share.code() == Errc::NotFound) {
    // Whoever guesses links finds none soon.
    report(admission::Violation::UnknownUser, "unknown share");
    return not_there();
  }
  if (!share) return share.error();
  const auto now = std::chrono::system_clock::now();
  SLIPWAY_TRY(check_share(*share, request, from.remote.address, now));
  if (!share->password.empty()) {
    const Error refused(Errc::AuthFailed, "share", "invalid credentials");
    if (!request.password) return refused;
    const bool fits = request.password->size() <= kMaxPassword;
    const auto right = fits ? accounts.verify_share_password(share->id, *request.password) : Result<bool>(false);
    if (!right) return right.error();
    if (!*right) {
      report(admission::Violation::WrongCredential, "invalid credentials");
      return refused;
    }
  }
  const auto owner = accounts.effective_user(share->username);
  if (owner.code() == Errc::NotFound) return not_there();
  if (!owner) return owner.error();
  SLIPWAY_TRY(check_owner((*owner)->user, *share, request.need, now, manager.settings()->local_time));
  std::vector<VPath> paths;
  for (const std::string& path : share->paths) {
    SLIPWAY_ASSIGN(VPath clean, vfs::absolute_path(path));
    paths.push_back(std::move(clean));
  }
  if (paths.empty()) return not_there();
  return std::make_unique<Visit>(manager, std::move(connection), *std::move(share), std::move(paths), *owner,
                                 request.need);
}

}  // namespace slipway::session
