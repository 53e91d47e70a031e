// The modules that lie in the search path, by their manifests; no library is opened.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/module/manifest.h"

namespace slipway::module {

struct SearchFolder {
  std::filesystem::path path;
  bool must_exist = false;
};

class Catalog {
 public:
  struct Entry {
    std::string name;  // of the manifest's file, without ".json"
    std::filesystem::path folder;
    Result<Manifest> manifest;
  };

  // Every *.json of every folder. A name in an earlier folder hides the same name in a later one, readable or not.
  // Fails when a folder that must exist cannot be listed; the others may be absent.
  static Result<Catalog> scan(std::vector<SearchFolder> folders);

  // NotFound says where was looked; a manifest that is wrong is its own error. Both have the subject "module <name>".
  Result<const Entry*> find(std::string_view name) const;
  const std::vector<Entry>& entries() const noexcept { return entries_; }  // by name

 private:
  std::vector<SearchFolder> folders_;
  std::vector<Entry> entries_;
};

}  // namespace slipway::module
