// Documents of users and groups as the contract has them: a mapped folder is written with what it is itself.
#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
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

  // For the accounts that operations write: see the end of folder_mappings.cc.
  template <class Entity>
  boost::json::object document(const Entity& entity);
  // Many documents, in the call's storage.
  template <class Entity>
  boost::json::array documents(const std::vector<Entity>& entities);

 private:
  struct Folders;

  template <class Entity>
  void write(const Entity& entity, boost::json::object& into);
  void complete(boost::json::object& document);

  const Call& call_;
  const accounts::Rendering rendering_;
  const std::unique_ptr<Folders> folders_;
};

}  // namespace slipway::management
