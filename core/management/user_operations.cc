// Users, with what role administrators may see of them.
#include <algorithm>
#include <array>

#include "core/management/crud.h"

namespace slipway::management {
namespace {

namespace json = boost::json;
using accounts::Rendering;
using accounts::User;

// Another role's users do not exist for a role administrator.
Status within_scope(const Call& call, const User& user) {
  if (!call.is_scoped() || user.role == call.actor.role) return ok();
  return no_such_user(user.username);
}

Result<json::value> list(const Call& call) {
  SLIPWAY_ASSIGN(accounts::ListRequest request, list_request(call));
  if (call.is_scoped()) request.role = call.actor.role;
  SLIPWAY_ASSIGN(const auto users, call.rooms.accounts.users().list(request));
  return page(FolderMappings(call, Rendering::Api).documents(users), request);
}

Result<json::value> get(const Call& call) {
  SLIPWAY_ASSIGN(const std::string name, call.name("username"));
  SLIPWAY_ASSIGN(const User user, call.rooms.accounts.users().get(name));
  SLIPWAY_TRY(within_scope(call, user));
  return json::value(FolderMappings(call, rendering_of(call)).document(user));
}

// An administrator who does not see groups cannot choose them: those set for the administrator are given.
Status add_groups_of_admin(const Call& call, User& user) {
  const auto& held = call.actor.permissions;
  const auto sees = [&](std::string_view permission) { return std::ranges::find(held, permission) != held.end(); };
  if (call.actor.kind != Actor::Kind::Admin || sees("*") || sees("view_groups") || sees("manage_groups")) return ok();
  const auto admin = call.rooms.accounts.admins().get(call.actor.name);
  if (!admin) return admin.code() == Errc::NotFound ? ok() : Status(admin.error());
  for (const accounts::AdminGroupMapping& group : admin->groups) {
    if (std::ranges::find(user.groups, group.name, &accounts::GroupMapping::name) != user.groups.end()) continue;
    constexpr std::array kTypes{accounts::GroupType::Membership, accounts::GroupType::Primary,
                                accounts::GroupType::Secondary};
    user.groups.push_back({group.name, kTypes.at(static_cast<std::size_t>(group.options.add_to_users_as))});
  }
  return ok();
}

Result<json::value> add(const Call& call) {
  SLIPWAY_ASSIGN(User user, entity_of<User>(call));
  if (call.is_scoped()) user.role = call.actor.role;
  SLIPWAY_TRY(add_groups_of_admin(call, user));
  SLIPWAY_ASSIGN(const User stored, call.rooms.accounts.users().add(std::move(user), call.actor));
  return json::value(FolderMappings(call, rendering_of(call)).document(stored));
}

Result<json::value> update(const Call& call) {
  SLIPWAY_ASSIGN(User user, entity_of<User>(call));
  SLIPWAY_ASSIGN(const User old, call.rooms.accounts.users().get(user.username));
  SLIPWAY_TRY(within_scope(call, old));
  if (call.is_scoped()) user.role = call.actor.role;
  SLIPWAY_ASSIGN(const User stored, call.rooms.accounts.users().update(std::move(user), call.actor));
  if (call.rooms.sessions != nullptr && call.flag("disconnect"))
    call.rooms.sessions->connections().close_user(stored.username);
  return json::value(FolderMappings(call, Rendering::Api).document(stored));
}

Result<json::value> remove(const Call& call) {
  SLIPWAY_ASSIGN(const std::string name, call.name("username"));
  SLIPWAY_ASSIGN(const User user, call.rooms.accounts.users().get(name));
  SLIPWAY_TRY(within_scope(call, user));
  SLIPWAY_TRY(call.rooms.accounts.users().remove(name, call.actor));
  if (call.rooms.sessions != nullptr) call.rooms.sessions->connections().close_user(user.username);
  return json::value(json::object());
}

Result<json::value> disable_mfa(const Call& call) {
  SLIPWAY_ASSIGN(const std::string name, call.name("username"));
  SLIPWAY_ASSIGN(const User user, call.rooms.accounts.users().get(name));
  SLIPWAY_TRY(within_scope(call, user));
  if (!user.filters.totp_config.enabled)
    return Error(Errc::InvalidArgument, user.username, "two-factor authentication is not enabled");
  SLIPWAY_TRY(call.rooms.accounts.second_factors().set(accounts::AccountKind::User, user.username, {}, call.actor));
  return json::value(json::object());
}

constexpr Operation kOperations[] = {
    {{"users.list", "view_users", "", "User[]", "Lists users."}, list},
    {{"users.get", "view_users", "", "User", "One user, by username."}, get},
    {{"users.add", "add_users", "User", "User", "Adds a user."}, add},
    {{"users.update", "edit_users", "User", "User", "Replaces a user."}, update},
    {{"users.mfa.disable", "disable_mfa", "", "", "Turns a user's second factor off."}, disable_mfa},
    {{"users.delete", "del_users", "", "", "Deletes a user and ends its sessions; files stay."}, remove},
};

}  // namespace

std::span<const Operation> user_operations() { return kOperations; }

}  // namespace slipway::management
