#include "core/management/folder_mappings.h"

#include <boost/json.hpp>
#include <map>
#include <string>
#include <type_traits>

namespace slipway::management {

struct FolderMappings::Folders {
  std::map<std::string, boost::json::object, std::less<>> by_name;
};

FolderMappings::FolderMappings(const Call& call, accounts::Rendering rendering)
    : call_(call), rendering_(rendering), folders_(std::make_unique<Folders>()) {}

FolderMappings::~FolderMappings() = default;

void FolderMappings::complete(boost::json::object& document) {
  auto* mappings = document.if_contains("virtual_folders");
  if (mappings == nullptr || !mappings->is_array()) return;
  for (auto& item : mappings->get_array()) {
    auto& mapping = item.as_object();
    const std::string name(mapping.at("name").as_string());
    auto known = folders_->by_name.find(name);
    if (known == folders_->by_name.end()) {
      boost::json::object folder;
      // One that has just gone is written as the mapping that it was.
      if (const auto stored = call_.rooms.accounts.folders().get(name)) folder = accounts::to_json(*stored, rendering_);
      known = folders_->by_name.emplace(name, std::move(folder)).first;
    }
    for (const auto& member : known->second) mapping.insert(member);  // the mapping's own stay
  }
}

template <class Entity>
void FolderMappings::write(const Entity& entity, boost::json::object& into) {
  accounts::to_json(entity, rendering_, into);
  if constexpr (std::is_same_v<Entity, accounts::User> || std::is_same_v<Entity, accounts::Group>) complete(into);
}

template <class Entity>
boost::json::object FolderMappings::document(const Entity& entity) {
  boost::json::object made;
  write(entity, made);
  return made;
}

template <class Entity>
boost::json::array FolderMappings::documents(const std::vector<Entity>& entities) {
  boost::json::array items(call_.storage);
  items.reserve(entities.size());
  for (const Entity& entity : entities) write(entity, items.emplace_back(boost::json::object_kind).get_object());
  return items;
}

template boost::json::object FolderMappings::document(const accounts::User&);
template boost::json::array FolderMappings::documents(const std::vector<accounts::User>&);
template boost::json::object FolderMappings::document(const accounts::Group&);
template boost::json::array FolderMappings::documents(const std::vector<accounts::Group>&);
template boost::json::object FolderMappings::document(const accounts::Folder&);
template boost::json::array FolderMappings::documents(const std::vector<accounts::Folder>&);
template boost::json::object FolderMappings::document(const accounts::Role&);
template boost::json::array FolderMappings::documents(const std::vector<accounts::Role>&);
template boost::json::object FolderMappings::document(const accounts::Admin&);
template boost::json::array FolderMappings::documents(const std::vector<accounts::Admin>&);
template boost::json::object FolderMappings::document(const accounts::ApiKey&);
template boost::json::array FolderMappings::documents(const std::vector<accounts::ApiKey>&);
template boost::json::object FolderMappings::document(const accounts::EventAction&);
template boost::json::array FolderMappings::documents(const std::vector<accounts::EventAction>&);
template boost::json::object FolderMappings::document(const accounts::EventRule&);
template boost::json::array FolderMappings::documents(const std::vector<accounts::EventRule>&);
template boost::json::object FolderMappings::document(const accounts::IpListEntry&);
template boost::json::array FolderMappings::documents(const std::vector<accounts::IpListEntry>&);

}  // namespace slipway::management
