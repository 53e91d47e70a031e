// A user's own shares.
#include <algorithm>
#include <boost/json.hpp>

#include "core/accounts/entity_json.h"
#include "core/accounts/share_rules.h"
#include "core/management/operation.h"

namespace slipway::management {
namespace {

namespace json = boost::json;
using accounts::Rendering;
using accounts::Share;

constexpr const char* kRedacted = "[**redacted**]";

Result<std::shared_ptr<const accounts::EffectiveUser>> owner_of(const Call& call) {
  if (call.actor.kind != Actor::Kind::User)
    return Error(Errc::PermissionDenied, call.actor.name, "shares are their owner's");
  return call.rooms.accounts.effective_user(call.actor.name);
}

json::value rendered(const Share& share) { return json::value(accounts::to_json(share, Rendering::Api)); }

// Somebody else's share does not exist.
Result<Share> own_share(const Call& call) {
  SLIPWAY_ASSIGN(const std::string id, call.text("id"));
  SLIPWAY_ASSIGN(Share share, call.rooms.accounts.shares().get(id));
  if (share.username != call.actor.name) return Error(Errc::NotFound, "share \"" + id + "\"", "does not exist");
  return share;
}

Result<json::value> list(const Call& call) {
  SLIPWAY_TRY(owner_of(call));
  SLIPWAY_ASSIGN(const accounts::ListRequest request, list_request(call));
  SLIPWAY_ASSIGN(const auto shares, call.rooms.accounts.store().shares_of(call.actor.name, request));
  json::array items;
  for (const Share& share : shares) items.push_back(rendered(share));
  return page(std::move(items), request);
}

Result<json::value> get(const Call& call) {
  SLIPWAY_TRY(owner_of(call));
  SLIPWAY_ASSIGN(const Share share, own_share(call));
  return rendered(share);
}

// What the owner's options, and the rules for paths and scopes, allow.
Status check(const accounts::EffectiveUser& owner, const Share& share, bool has_password) {
  const auto& options = owner.user.filters.web_client;
  const auto forbids = [&](std::string_view option) { return std::ranges::find(options, option) != options.end(); };
  if (forbids("shares-disabled")) return Error(Errc::PermissionDenied, owner.user.username, "you cannot make shares");
  if (!has_password && forbids("shares-without-password-disabled"))
    return Error(Errc::PermissionDenied, owner.user.username,
                 "You are not authorized to share files/folders without a password");
  if (share.options.auth_mode != 1 && forbids("shares-require-email-auth"))
    return Error(Errc::PermissionDenied, owner.user.username, "your shares must ask for a code sent by mail");
  return accounts::check_share_rules(owner.user.filters, share);
}

Result<json::value> add(const Call& call) {
  SLIPWAY_ASSIGN(const auto owner, owner_of(call));
  SLIPWAY_ASSIGN(Share share, accounts::from_json<Share>(json::value(call.input), accounts::Unknown::Ignore));
  share.username = call.actor.name;
  share.id.clear();
  SLIPWAY_TRY(check(*owner, share, !share.password.empty()));
  SLIPWAY_ASSIGN(const Share stored, call.rooms.accounts.shares().add(std::move(share), call.actor));
  return rendered(stored);
}

Result<json::value> update(const Call& call) {
  SLIPWAY_ASSIGN(const auto owner, owner_of(call));
  SLIPWAY_ASSIGN(const Share old, own_share(call));
  SLIPWAY_ASSIGN(Share share, accounts::from_json<Share>(json::value(call.input), accounts::Unknown::Ignore));
  share.username = old.username;
  share.id = old.id;
  const bool keeps = share.password == kRedacted;
  SLIPWAY_TRY(check(*owner, share, keeps ? !old.password.empty() : !share.password.empty()));
  SLIPWAY_ASSIGN(const Share stored, call.rooms.accounts.shares().update(std::move(share), call.actor));
  return rendered(stored);
}

Result<json::value> remove(const Call& call) {
  SLIPWAY_TRY(owner_of(call));
  SLIPWAY_ASSIGN(const Share share, own_share(call));
  SLIPWAY_TRY(call.rooms.accounts.shares().remove(share.id, call.actor));
  return json::value(json::object());
}

constexpr Operation kOperations[] = {
    {{"shares.list", "self", "", "Share[]", "Lists the user's own shares."}, list},
    {{"shares.get", "self", "", "Share", "One of the user's own shares, by id."}, get},
    {{"shares.add", "self", "Share", "Share", "Makes a share."}, add},
    {{"shares.update", "self", "Share", "Share", "Replaces a share; its id, owner and uses stay."}, update},
    {{"shares.delete", "self", "", "", "Deletes a share."}, remove},
};

}  // namespace

std::span<const Operation> share_operations() { return kOperations; }

}  // namespace slipway::management
