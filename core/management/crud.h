// List, get, add, update and remove of one kind of entity, as operations.
#pragma once

#include <boost/json.hpp>

#include "core/accounts/entity_json.h"
#include "core/management/folder_mappings.h"
#include "core/management/operation.h"

namespace slipway::management {

// confidential_data is for superusers; others get what everybody gets.
inline accounts::Rendering rendering_of(const Call& call) {
  return call.flag("confidential_data") && call.is_superuser() ? accounts::Rendering::Confidential
                                                               : accounts::Rendering::Api;
}

// The entity is the input document. Members that it does not have are ignored: what a dump brought stays.
template <class Entity>
Result<Entity> entity_of(const Call& call) {
  return accounts::from_json<Entity>(boost::json::value(call.input), accounts::Unknown::Ignore);
}

// `Family` says which catalog, and by which member an entity is named: {static auto& catalog(Accounts&); kKey}.
template <class Entity, class Family>
struct Crud {
  static accounts::Catalog<Entity>& catalog(const Call& call) { return Family::catalog(call.rooms.accounts); }

  static Result<boost::json::value> list(const Call& call) {
    SLIPWAY_ASSIGN(const accounts::ListRequest request, list_request(call));
    SLIPWAY_ASSIGN(auto entities, catalog(call).list(request));
    for (Entity& entity : entities) SLIPWAY_TRY(catalog(call).describe_uses(entity));
    return page(FolderMappings(call, accounts::Rendering::Api).documents(entities), request);
  }
  static Result<boost::json::value> get(const Call& call) {
    SLIPWAY_ASSIGN(const std::string name, call.text(Family::kKey));
    SLIPWAY_ASSIGN(Entity entity, catalog(call).get(name));
    SLIPWAY_TRY(catalog(call).describe_uses(entity));
    return boost::json::value(FolderMappings(call, rendering_of(call)).document(entity));
  }
  static Result<boost::json::value> add(const Call& call) {
    SLIPWAY_ASSIGN(Entity entity, entity_of<Entity>(call));
    SLIPWAY_ASSIGN(const Entity stored, catalog(call).add(std::move(entity), call.actor));
    return boost::json::value(FolderMappings(call, rendering_of(call)).document(stored));
  }
  static Result<boost::json::value> update(const Call& call) {
    SLIPWAY_ASSIGN(Entity entity, entity_of<Entity>(call));
    SLIPWAY_ASSIGN(const Entity stored, catalog(call).update(std::move(entity), call.actor));
    return boost::json::value(FolderMappings(call, accounts::Rendering::Api).document(stored));
  }
  static Result<boost::json::value> remove(const Call& call) {
    SLIPWAY_ASSIGN(const std::string name, call.text(Family::kKey));
    SLIPWAY_TRY(catalog(call).remove(name, call.actor));
    return boost::json::value(boost::json::object());
  }
};

}  // namespace slipway::management
