// Groups, folders, roles, administrators, API keys.
#include <algorithm>

#include "core/management/crud.h"

namespace slipway::management {
namespace {

namespace json = boost::json;
using namespace accounts;

struct Groups {
  static constexpr const char* kKey = "name";
  static auto& catalog(Accounts& accounts) { return accounts.groups(); }
};
struct Folders {
  static constexpr const char* kKey = "name";
  static auto& catalog(Accounts& accounts) { return accounts.folders(); }
};
struct Roles {
  static constexpr const char* kKey = "name";
  static auto& catalog(Accounts& accounts) { return accounts.roles(); }
};
struct Admins {
  static constexpr const char* kKey = "username";
  static auto& catalog(Accounts& accounts) { return accounts.admins(); }
};
struct ApiKeys {
  static constexpr const char* kKey = "id";
  static auto& catalog(Accounts& accounts) { return accounts.api_keys(); }
};
// The key's text is in the answer this once.
Result<json::value> add_api_key(const Call& call) {
  SLIPWAY_ASSIGN(ApiKey key, entity_of<ApiKey>(call));
  SLIPWAY_ASSIGN(const NewApiKey made, call.rooms.accounts.make_api_key(std::move(key), call.actor));
  json::object result = to_json(made.key, Rendering::Api);
  result["key"] = made.secret;
  return json::value(std::move(result));
}

Result<json::value> remove_admin(const Call& call) {
  SLIPWAY_ASSIGN(const std::string name, call.name("username"));
  if (call.actor.kind == Actor::Kind::Admin && name == call.actor.name)
    return Error(Errc::InvalidArgument, name, "you cannot delete yourself");
  return Crud<Admin, Admins>::remove(call);
}

Result<json::value> update_admin(const Call& call) {
  SLIPWAY_ASSIGN(Admin admin, entity_of<Admin>(call));
  admin.username = call.rooms.accounts.convert_name(admin.username);
  if (call.actor.kind == Actor::Kind::Admin && admin.username == call.actor.name) {
    if (admin.status != 1) return Error(Errc::InvalidArgument, admin.username, "you cannot disable yourself");
    if (admin.role != call.actor.role)
      return Error(Errc::InvalidArgument, admin.username, "you cannot add/change your role");
    auto wanted = admin.permissions, held = call.actor.permissions;
    std::ranges::sort(wanted);
    std::ranges::sort(held);
    if (wanted != held) return Error(Errc::InvalidArgument, admin.username, "you cannot change your permissions");
  }
  return Crud<Admin, Admins>::update(call);
}

Result<json::value> disable_admin_mfa(const Call& call) {
  SLIPWAY_ASSIGN(const std::string name, call.name("username"));
  SLIPWAY_ASSIGN(const Admin admin, call.rooms.accounts.admins().get(name));
  if (!admin.filters.totp_config.enabled)
    return Error(Errc::InvalidArgument, admin.username, "two-factor authentication is not enabled");
  if (admin.filters.require_two_factor && call.actor.kind == Actor::Kind::Admin && admin.username == call.actor.name)
    return Error(Errc::InvalidArgument, admin.username, "two-factor authentication must be enabled");
  SLIPWAY_TRY(call.rooms.accounts.second_factors().set(accounts::AccountKind::Admin, admin.username, {}, call.actor));
  return json::value(json::object());
}

using G = Crud<Group, Groups>;
using F = Crud<Folder, Folders>;
using R = Crud<Role, Roles>;
using A = Crud<Admin, Admins>;
using K = Crud<ApiKey, ApiKeys>;

constexpr Operation kOperations[] = {
    {{"groups.list", "view_groups|manage_groups", "", "Group[]", "Lists groups."}, G::list},
    {{"groups.get", "view_groups|manage_groups", "", "Group", "One group, by name."}, G::get},
    {{"groups.add", "manage_groups", "Group", "Group", "Adds a group."}, G::add},
    {{"groups.update", "manage_groups", "Group", "Group", "Replaces a group."}, G::update},
    {{"groups.delete", "del_groups|manage_groups", "", "", "Deletes a group that nobody is in."}, G::remove},

    {{"folders.list", "view_folders|manage_folders", "", "BaseVirtualFolder[]", "Lists virtual folders."}, F::list},
    {{"folders.get", "view_folders|manage_folders", "", "BaseVirtualFolder", "One virtual folder, by name."}, F::get},
    {{"folders.add", "manage_folders", "BaseVirtualFolder", "BaseVirtualFolder", "Adds a virtual folder."}, F::add},
    {{"folders.update", "manage_folders", "BaseVirtualFolder", "BaseVirtualFolder", "Replaces a virtual folder."},
     F::update},
    {{"folders.delete", "del_folders|manage_folders", "", "",
      "Deletes a virtual folder that nobody mounts; files stay."},
     F::remove},

    {{"roles.list", "*", "", "Role[]", "Lists roles."}, R::list},
    {{"roles.get", "*", "", "Role", "One role, by name."}, R::get},
    {{"roles.add", "*", "Role", "Role", "Adds a role."}, R::add},
    {{"roles.update", "*", "Role", "Role", "Replaces a role."}, R::update},
    {{"roles.delete", "*", "", "", "Deletes a role that nobody has."}, R::remove},

    {{"admins.list", "*", "", "Admin[]", "Lists administrators."}, A::list},
    {{"admins.get", "*", "", "Admin", "One administrator, by username."}, A::get},
    {{"admins.add", "*", "Admin", "Admin", "Adds an administrator."}, A::add},
    {{"admins.update", "*", "Admin", "Admin", "Replaces an administrator."}, update_admin},
    {{"admins.mfa.disable", "*", "", "", "Turns an administrator's second factor off."}, disable_admin_mfa},
    {{"admins.delete", "*", "", "", "Deletes an administrator."}, remove_admin},

    {{"api_keys.list", "*", "", "APIKey[]", "Lists API keys, without the keys themselves."}, K::list},
    {{"api_keys.get", "*", "", "APIKey", "One API key, by id."}, K::get},
    {{"api_keys.add", "*", "APIKey", "APIKey", "Makes an API key; the answer shows it this once."}, add_api_key},
    {{"api_keys.update", "*", "APIKey", "APIKey", "Replaces an API key's settings."}, K::update},
    {{"api_keys.delete", "*", "", "", "Deletes an API key."}, K::remove},
};

}  // namespace

std::span<const Operation> entity_operations() { return kOperations; }

}  // namespace slipway::management
