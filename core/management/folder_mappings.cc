#include "core/management/folder_mappings.h"

#include <map>
#include <string>

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

}  // namespace slipway::management
