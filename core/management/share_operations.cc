// Shares of users: each one's own, and those that a group gives a hand in.
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <set>
#include <utility>

#include "core/accounts/entity_json.h"
#include "core/accounts/share_rules.h"
#include "core/management/operation.h"

namespace slipway::management {
namespace {

namespace json = boost::json;
using accounts::Rendering;
using accounts::Share;

constexpr const char* kRedacted = "[**redacted**]";

using Mode = accounts::SharePolicyMode;
using EffectiveUser = std::shared_ptr<const accounts::EffectiveUser>;

Result<EffectiveUser> caller(const Call& call) {
  if (call.actor.kind != Actor::Kind::User)
    return Error(Errc::PermissionDenied, call.actor.name, "shares are their owner's");
  return call.rooms.accounts.effective_user(call.actor.name);
}

std::int64_t unix_now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

bool is_given(const Call& call, std::string_view member) {
  const json::value* value = call.input.if_contains(member);
  return value != nullptr && !value->is_null();
}

bool has_option(const accounts::EffectiveUser& user, std::string_view option) {
  const auto& options = user.user.filters.web_client;
  return std::ranges::find(options, option) != options.end();
}

// As who asks sees it.
json::value rendered(const Share& share, const accounts::EffectiveUser& who) {
  json::object document = accounts::to_json(share, Rendering::Api);
  document["user_permissions"] = accounts::share_rights(who.user, share);
  return json::value(std::move(document));
}

// A share that `who` may do `needed` with. Who may not even see it does not learn that it is there.
Result<Share> share_for(const Call& call, const accounts::EffectiveUser& who, int needed) {
  SLIPWAY_ASSIGN(const std::string id, call.text("id"));
  SLIPWAY_ASSIGN(Share share, call.rooms.accounts.shares().get(id));
  const int rights = accounts::share_rights(who.user, share);
  if ((rights & needed) != 0) return share;
  if ((rights & accounts::kShareRead) == 0) return Error(Errc::NotFound, "share \"" + id + "\"", "does not exist");
  return Error(Errc::PermissionDenied, call.actor.name,
               needed == accounts::kShareWrite ? "you may see this share, not change it"
                                               : "you may see this share, not delete it");
}

Result<json::value> list(const Call& call) {
  SLIPWAY_ASSIGN(const auto who, caller(call));
  SLIPWAY_ASSIGN(const accounts::ListRequest request, list_request(call));
  SLIPWAY_ASSIGN(const auto shares, call.rooms.accounts.store().shares_seen_by(who->user.username, request));
  json::array items;
  for (const Share& share : shares) items.push_back(rendered(share, *who));
  return page(std::move(items), request);
}

Result<json::value> get(const Call& call) {
  SLIPWAY_ASSIGN(const auto who, caller(call));
  SLIPWAY_ASSIGN(const Share share, share_for(call, *who, accounts::kShareRead));
  return rendered(share, *who);
}

// What the owner's options, and the rules for paths and scopes, allow.
Status check(const accounts::EffectiveUser& owner, const Share& share, bool has_password) {
  const auto forbids = [&](std::string_view option) { return has_option(owner, option); };
  if (forbids("shares-disabled")) return Error(Errc::PermissionDenied, owner.user.username, "you cannot make shares");
  if (!has_password && forbids("shares-without-password-disabled"))
    return Error(Errc::PermissionDenied, owner.user.username,
                 "You are not authorized to share files/folders without a password");
  if (share.options.auth_mode != 1 && forbids("shares-require-email-auth"))
    return Error(Errc::PermissionDenied, owner.user.username, "your shares must ask for a code sent by mail");
  return accounts::check_share_rules(owner.user.filters, share);
}

// Shares are delegated to groups of their owner. What was stored before stays possible.
Status check_groups(const accounts::EffectiveUser& owner, const Share& share, const Share* old) {
  const auto is_kept = [&](const accounts::ShareGroup& group) {
    return old != nullptr &&
           std::ranges::find(old->groups, group.group_name, &accounts::ShareGroup::group_name) != old->groups.end();
  };
  for (std::size_t i = 0; i < share.groups.size(); ++i)
    if (const auto& group = share.groups[i]; !accounts::is_member(owner.user, group.group_name) && !is_kept(group))
      return Error(Errc::InvalidArgument, "/groups/" + std::to_string(i) + "/group_name",
                   "you are not a member of this group");
  return ok();
}

std::set<std::pair<std::string, int>> bindings(const Share& share) {
  std::set<std::pair<std::string, int>> pairs;
  for (const accounts::ShareGroup& group : share.groups) pairs.emplace(group.group_name, group.permissions);
  return pairs;
}

// The groups of an owner's share, as the owner and the policies of the owner's groups want them; `old` is null for a
// new one.
Status settle_groups(const Call& call, const accounts::EffectiveUser& owner, Share& share, const Share* old) {
  const bool is_said = is_given(call, "groups");
  const auto& policies = owner.share_policies;
  if (has_option(owner, "shares-policy-change-disabled")) {
    // Clients send back what they have read, so that only another wish is refused.
    Share settled;
    if (old != nullptr) settled.groups = old->groups;
    accounts::attach_policies(policies, Mode::Enforced, settled);
    accounts::attach_policies(policies, Mode::Enforced, share);
    if (is_said && bindings(share) != bindings(settled))
      return Error(Errc::PermissionDenied, owner.user.username, "you cannot change the groups of shares");
    share.groups = std::move(settled.groups);
    return ok();
  }
  SLIPWAY_TRY(check_groups(owner, share, old));
  if (old == nullptr && !is_said) accounts::attach_policies(policies, Mode::Suggested, share);
  accounts::attach_policies(policies, Mode::Enforced, share);
  return ok();
}

Result<Share> share_of(const Call& call) {
  SLIPWAY_ASSIGN(Share share, accounts::from_json<Share>(json::value(call.input), accounts::Unknown::Ignore));
  for (accounts::ShareGroup& group : share.groups)
    group.group_name = call.rooms.accounts.convert_name(group.group_name);
  return share;
}

Result<json::value> add(const Call& call) {
  SLIPWAY_ASSIGN(const auto owner, caller(call));
  SLIPWAY_ASSIGN(Share share, share_of(call));
  share.username = owner->user.username;
  share.id.clear();
  SLIPWAY_TRY(settle_groups(call, *owner, share, nullptr));
  if (!is_given(call, "expires_at"))
    share.expires_at = accounts::default_share_expiration(owner->user.filters, unix_now_ms());
  SLIPWAY_TRY(check(*owner, share, !share.password.empty()));
  SLIPWAY_ASSIGN(const Share stored, call.rooms.accounts.shares().add(std::move(share), call.actor));
  return rendered(stored, *owner);
}

// What only the owner changes: left out it stays, and said it must be what is stored.
Status check_delegate(const Call& call, const accounts::EffectiveUser& who, const Share& old, Share& share) {
  if (has_option(who, "shares-disabled"))
    return Error(Errc::PermissionDenied, who.user.username, "you cannot make shares");
  if (!is_given(call, "paths")) share.paths = old.paths;
  if (!is_given(call, "scope")) share.scope = old.scope;
  if (!is_given(call, "groups")) share.groups = old.groups;
  if (accounts::has_same_reach(share, old)) return ok();
  return Error(Errc::PermissionDenied, who.user.username,
               "only the owner of a share changes its paths, its scope and its groups");
}

Result<json::value> update(const Call& call) {
  SLIPWAY_ASSIGN(const auto who, caller(call));
  SLIPWAY_ASSIGN(const Share old, share_for(call, *who, accounts::kShareWrite));
  SLIPWAY_ASSIGN(Share share, share_of(call));
  share.username = old.username;
  share.id = old.id;
  const bool by_delegate = old.username != who->user.username;
  // A delegate works within the owner's limits.
  EffectiveUser owner = who;
  if (by_delegate) {
    SLIPWAY_TRY(check_delegate(call, *who, old, share));
    SLIPWAY_ASSIGN(owner, call.rooms.accounts.effective_user(old.username));
  } else {
    SLIPWAY_TRY(settle_groups(call, *owner, share, &old));
  }
  const bool keeps = share.password == kRedacted;
  SLIPWAY_TRY(check(*owner, share, keeps ? !old.password.empty() : !share.password.empty()));
  SLIPWAY_ASSIGN(const Share stored,
                 call.rooms.accounts.shares().update(std::move(share), call.actor, {.by_delegate = by_delegate}));
  return rendered(stored, *who);
}

Result<json::value> remove(const Call& call) {
  SLIPWAY_ASSIGN(const auto who, caller(call));
  SLIPWAY_ASSIGN(const Share share, share_for(call, *who, accounts::kShareDelete));
  SLIPWAY_TRY(call.rooms.accounts.shares().remove(share.id, call.actor));
  return json::value(json::object());
}

constexpr Operation kOperations[] = {
    {{"shares.list", "self", "", "Share[]", "Lists the user's own shares, and those that a group of the user may see."},
     list},
    {{"shares.get", "self", "", "Share", "One of those shares, by id."}, get},
    {{"shares.add", "self", "Share", "Share", "Makes a share."}, add},
    {{"shares.update", "self", "Share", "Share",
      "Replaces a share; its id, owner and uses stay, and for others than the owner its paths, scope and groups."},
     update},
    {{"shares.delete", "self", "", "", "Deletes a share."}, remove},
};

}  // namespace

std::span<const Operation> share_operations() { return kOperations; }

}  // namespace slipway::management
