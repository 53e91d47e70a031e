// Documents of users and groups as the contract has them: a mapped folder is written with what it is itself.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>

#include "core/accounts/entity_json.h"
#include "core/management/operation.h"

namespace slipway::management {

// Of one operation, so that a folder of many users is read once. Who uses a folder is not told: it may be somebody of
// another role.
class FolderMappings {
 public:
  FolderMappings(const Call& call, accounts::Rendering rendering) : call_(call), rendering_(rendering) {}

  template <class Entity>
  boost::json::object document(const Entity& entity) {
    boost::json::object object = accounts::to_json(entity, rendering_);
    if constexpr (requires { entity.virtual_folders; }) complete(object);
    return object;
  }

 private:
  void complete(boost::json::object& document);

  const Call& call_;
  const accounts::Rendering rendering_;
  std::map<std::string, boost::json::object, std::less<>> folders_;
};

}  // namespace slipway::management
