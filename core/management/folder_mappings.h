// Documents of users and groups as the contract has them: a mapped folder is written with what it is itself.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <type_traits>
#include <vector>

#include "core/accounts/entity_json.h"
#include "core/management/operation.h"

namespace slipway::management {

// Of one operation, so that a folder of many users is read once. Who uses a folder is not told: it may be somebody of
// another role.
class FolderMappings {
 public:
  FolderMappings(const Call& call, accounts::Rendering rendering);
  ~FolderMappings();

  template <class Entity>
  boost::json::object document(const Entity& entity) {
    boost::json::object made;
    write(entity, made);
    return made;
  }
  // Many documents, in the call's storage.
  template <class Entity>
  boost::json::array documents(const std::vector<Entity>& entities) {
    boost::json::array items(call_.storage);
    items.reserve(entities.size());
    for (const Entity& entity : entities) write(entity, items.emplace_back(boost::json::object_kind).get_object());
    return items;
  }

 private:
  struct Folders;

  template <class Entity>
  void write(const Entity& entity, boost::json::object& into) {
    accounts::to_json(entity, rendering_, into);
    if constexpr (std::is_same_v<Entity, accounts::User> || std::is_same_v<Entity, accounts::Group>) complete(into);
  }
  void complete(boost::json::object& document);

  const Call& call_;
  const accounts::Rendering rendering_;
  const std::unique_ptr<Folders> folders_;
};

}  // namespace slipway::management
