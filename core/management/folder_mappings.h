// Documents of users and groups as the contract has them: a mapped folder is written with what it is itself.
#pragma once

#include <boost/json/fwd.hpp>
#include <memory>

#include "core/accounts/entity_json.h"
#include "core/management/operation.h"

namespace slipway::management {

// Of one operation, so that a folder of many users is read once. Who uses a folder is not told: it may be somebody of
// another role.
class FolderMappings {
 public:
  FolderMappings(const Call& call, accounts::Rendering rendering);
  ~FolderMappings();

  // An entity as a document. An overload a kind, so that this header needs no JSON.
  boost::json::object document(const accounts::User& user);
  boost::json::object document(const accounts::Group& group);
  template <class Entity>
  auto document(const Entity& entity) {
    return accounts::to_json(entity, rendering_);
  }

 private:
  struct Folders;

  void complete(boost::json::object& document);

  const Call& call_;
  const accounts::Rendering rendering_;
  const std::unique_ptr<Folders> folders_;
};

}  // namespace slipway::management
