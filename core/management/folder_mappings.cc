#include "core/management/folder_mappings.h"

namespace slipway::management {

void FolderMappings::complete(boost::json::object& document) {
  auto* mappings = document.if_contains("virtual_folders");
  if (mappings == nullptr || !mappings->is_array()) return;
  for (auto& item : mappings->get_array()) {
    auto& mapping = item.as_object();
    const std::string name(mapping.at("name").as_string());
    auto known = folders_.find(name);
    if (known == folders_.end()) {
      boost::json::object folder;
      // One that has just gone is written as the mapping that it was.
      if (const auto stored = call_.rooms.accounts.folders().get(name)) folder = accounts::to_json(*stored, rendering_);
      known = folders_.emplace(name, std::move(folder)).first;
    }
    for (const auto& member : known->second) mapping.insert(member);  // the mapping's own stay
  }
}

}  // namespace slipway::management
