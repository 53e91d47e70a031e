#include "core/session/share_visit.h"

#include <algorithm>

#include "core/accounts/share_rules.h"
#include "core/base/ip_network.h"
#include "core/base/text.h"
#include "core/log/log.h"
#include "core/session/account_checks.h"
#include "core/session/pause.h"
#include "core/session/share_codes.h"
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

// What somebody wants of a share: to visit it, or a code first.
enum class Purpose : std::uint8_t { Visit, Code };

// What the share itself says, before anybody's password.
Status check_share(KnownShares& shares, const Share& share, const ShareRequest& request, Purpose purpose,
                   std::string_view address, std::chrono::system_clock::time_point now) {
  const bool fits = share.scope == 3 || share.scope == (request.need == Need::Read ? 1 : 2);
  if (purpose == Purpose::Visit && !fits) return Error(Errc::PermissionDenied, share.id, "invalid share scope");
  if (!request.is_counted && share.max_tokens > 0) {
    SLIPWAY_ASSIGN(const std::int64_t used, shares.used_tokens(share.id));
    if (used >= share.max_tokens) return not_there();
  }
  if (share.expires_at > 0 && share.expires_at < unix_ms(now)) return not_there();
  if (!share.allow_from.empty() && !in_any_network(address, share.allow_from))
    return Error(Errc::PermissionDenied, share.id, "login is not allowed from this IP");
  return ok();
}

// Whether the visitor of a share that asks for a code has shown it, and is still one of those whom it is for. It stands
// for the password, too; for one that the share was given later it does not.
bool is_proved(const Share& share, const std::optional<ShareVisitor>& visitor) {
  return visitor && address_of_share(share, visitor->email) != nullptr &&
         (share.password.empty() || visitor->knew_password);
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
  if (share.options.auth_mode != 1 && contains(filters.web_client, "shares-require-email-auth"))
    return Error(Errc::PermissionDenied, share.id, "sharing without codes by mail was disabled");
  // Else a user who may not write by HTTP would only need a share to do so.
  if (need == Need::Write && contains(filters.web_client, "write-disabled"))
    return Error(Errc::PermissionDenied, share.id, "writing was disabled");
  if (contains(missing_second_factors(owner), "HTTP"))
    return Error(Errc::PermissionDenied, share.id, "two-factor authentication requirements not met");
  return ok();
}

struct Examined {
  std::shared_ptr<const Share> share;
  std::shared_ptr<const accounts::EffectiveUser> owner;
};

class Visit final : public ShareVisit {
 public:
  Visit(SessionManager& manager, std::shared_ptr<ConnectionRegistry::Connection> connection, Examined found,
        std::vector<VPath> paths, const ShareRequest& request)
      : manager_(manager),
        connection_(std::move(connection)),
        share_(std::move(found.share)),
        paths_(std::move(paths)),
        owner_(std::move(found.owner)),
        need_(request.need),
        visitor_(share_->options.auth_mode == 1 && request.visitor ? request.visitor->email : std::string()) {}

  const std::string& name() const noexcept override { return share_->name; }
  const std::vector<VPath>& paths() const noexcept override { return paths_; }
  Status use(std::int64_t uses) override { return manager_.shares().use(share_->id, uses); }
  // Visitors do not take the owner's own sessions away.
  Result<std::unique_ptr<Session>> open(std::string_view connection_id) override {
    return open_session(manager_, connection_, owner_, options(connection_id));
  }
  std::unique_ptr<Session> open_at_once(std::string_view connection_id) override {
    return open_session_at_once(manager_, connection_, owner_, options(connection_id));
  }

 private:
  SessionOptions options(std::string_view connection_id) const {
    return {.protocol = kProtocol,
            .connection_id = std::string(connection_id),
            .external_user = visitor_,
            .start = paths_.front(),
            .confine = [this](std::unique_ptr<Filesystem> fs) {
              return make_share_filesystem(std::move(fs), paths_, need_);
            }};
  }

  SessionManager& manager_;
  const std::shared_ptr<ConnectionRegistry::Connection> connection_;
  const std::shared_ptr<const Share> share_;
  const std::vector<VPath> paths_;
  const std::shared_ptr<const accounts::EffectiveUser> owner_;
  const Need need_;
  const std::string visitor_;  // the mail address that was proved; empty: nobody knows
};

// One request that stands before a share.
class Caller {
 public:
  Caller(SessionManager& manager, const OpContext& context, const ConnectionRequest& from, const ShareRequest& request)
      : manager_(manager), context_(context), from_(from), request_(request) {}

  Result<Examined> examine(Purpose purpose) const {
    auto& accounts = manager_.rooms().accounts;
    if (request_.id.size() > kMaxId) return not_there();
    const auto found = manager_.shares().get(request_.id);
    if (found.code() == Errc::NotFound) {
      // Whoever guesses links finds none soon.
      report(admission::Violation::UnknownUser, "unknown share");
      return not_there();
    }
    if (!found) return found.error();
    const auto& share = found->share;
    const auto now = std::chrono::system_clock::now();
    SLIPWAY_TRY(check_share(manager_.shares(), *share, request_, purpose, from_.remote.address, now));
    SLIPWAY_TRY(authenticate(*share, purpose));
    const auto owner = accounts.effective_user(share->username);
    if (owner.code() == Errc::NotFound) return not_there();
    if (!owner) return owner.error();
    // Nothing is written for a code.
    const Need need = purpose == Purpose::Visit ? request_.need : Need::Read;
    SLIPWAY_TRY(check_owner((*owner)->user, *share, need, now, manager_.settings()->local_time));
    return Examined{share, *owner};
  }

  void report(admission::Violation violation, std::string_view reason) const {
    log::write(LogLevel::Debug, "connection_failed", from_.connection_id, "login failed",
               {{"username", printable(request_.id.substr(0, kMaxId))},
                {"client_ip", from_.remote.address},
                {"protocol", kProtocol},
                {"login_type", "password"},
                {"error", reason}});
    if (auto* admission = manager_.rooms().admission)
      admission->report({from_.protocol, from_.remote.address}, violation);
    pause(manager_.settings()->failed_delay, context_.stop);
  }

 private:
  Status authenticate(const Share& share, Purpose purpose) const {
    if (purpose == Purpose::Visit && share.options.auth_mode == 1) {
      if (is_proved(share, request_.visitor)) return ok();
      return Error(Errc::AuthFailed, "visitor", "this share asks for a code sent by mail");
    }
    if (share.password.empty()) return ok();
    const Error refused(Errc::AuthFailed, "share", "invalid credentials");
    if (!request_.password) return refused;
    const bool fits = request_.password->size() <= kMaxPassword;
    if (fits && manager_.rooms().accounts.verify_share_password(share, *request_.password)) return ok();
    report(admission::Violation::WrongCredential, "invalid credentials");
    return refused;
  }

  SessionManager& manager_;
  const OpContext& context_;
  const ConnectionRequest& from_;
  const ShareRequest& request_;
};

Result<std::unique_ptr<ShareVisit>> make_visit(SessionManager& manager,
                                               std::shared_ptr<ConnectionRegistry::Connection> connection,
                                               Examined found, const ShareRequest& request) {
  std::vector<VPath> paths;
  for (const std::string& path : found.share->paths) {
    SLIPWAY_ASSIGN(VPath clean, vfs::absolute_path(path));
    paths.push_back(std::move(clean));
  }
  if (paths.empty()) return not_there();
  return std::make_unique<Visit>(manager, std::move(connection), std::move(found), std::move(paths), request);
}

// The share of a visitor who wants a code, or has one.
Result<std::shared_ptr<const Share>> share_with_codes(SessionManager& manager, const Caller& caller) {
  const ShareCodes* codes = manager.rooms().share_codes;
  if (codes == nullptr || !codes->is_available())
    return Error(Errc::NotSupported, "mail", "no mail server is configured");
  SLIPWAY_ASSIGN(Examined found, caller.examine(Purpose::Code));
  if (found.share->options.auth_mode != 1) return Error(Errc::InvalidArgument, "share", "this share asks for no code");
  return std::move(found.share);
}

}  // namespace

Result<std::unique_ptr<ShareVisit>> visit_share(SessionManager& manager, const OpContext& context,
                                                std::shared_ptr<ConnectionRegistry::Connection> connection,
                                                const ShareRequest& request) {
  SLIPWAY_ASSIGN(Examined found, Caller(manager, context, connection->request(), request).examine(Purpose::Visit));
  return make_visit(manager, std::move(connection), std::move(found), request);
}

std::unique_ptr<ShareVisit> visit_share_at_once(SessionManager& manager,
                                                const std::shared_ptr<ConnectionRegistry::Connection>& connection,
                                                const ShareRequest& request) {
  const auto share = manager.shares().known(request.id);
  if (!share) return nullptr;
  const bool is_open = share->options.auth_mode == 1 ? is_proved(*share, request.visitor) : share->password.empty();
  const auto now = std::chrono::system_clock::now();
  const std::string& address = connection->request().remote.address;
  if (!is_open || !check_share(manager.shares(), *share, request, Purpose::Visit, address, now)) return nullptr;
  auto& accounts = manager.rooms().accounts;
  auto owner = accounts.known_user(share->username);
  if (!owner || !check_owner(owner->user, *share, request.need, now, manager.settings()->local_time) ||
      !accounts.had_first_transfer(owner->user, request.need == Need::Write))
    return nullptr;
  auto visit = make_visit(manager, connection, {share, std::move(owner)}, request);
  return visit ? *std::move(visit) : nullptr;
}

Status request_share_code(SessionManager& manager, const OpContext& context,
                          const ConnectionRegistry::Connection& connection, const ShareRequest& request,
                          std::string_view email) {
  const Caller caller(manager, context, connection.request(), request);
  SLIPWAY_ASSIGN(const auto share, share_with_codes(manager, caller));
  return manager.rooms().share_codes->request(connection.request(), *share, email);
}

Result<ShareVisitor> prove_share_visitor(SessionManager& manager, const OpContext& context,
                                         const ConnectionRegistry::Connection& connection, const ShareRequest& request,
                                         std::string_view email, std::string_view code) {
  const Caller caller(manager, context, connection.request(), request);
  SLIPWAY_ASSIGN(const auto share, share_with_codes(manager, caller));
  auto address = manager.rooms().share_codes->take(connection.request(), *share, email, code);
  if (address.code() == Errc::AuthFailed) caller.report(admission::Violation::WrongCredential, "wrong code");
  if (!address) return address.error();
  log::write(LogLevel::Info, "login", connection.request().connection_id, "logged in",
             {{"username", share->username},
              {"ext_username", *address},
              {"share", share->id},
              {"ip", connection.request().remote.address},
              {"protocol", kProtocol},
              {"method", "code"}});
  return ShareVisitor{*std::move(address), !share->password.empty()};
}

}  // namespace slipway::session
