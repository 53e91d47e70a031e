#include "core/module/catalog.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "core/base/text.h"

namespace slipway::module {
namespace {

constexpr std::size_t kMaxManifests = 1000;  // in one folder

Result<std::vector<std::filesystem::path>> manifests_in(const SearchFolder& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder.path, error);
  if (error) {
    if (!folder.must_exist && error == std::errc::no_such_file_or_directory) return files;
    const bool absent = error == std::errc::no_such_file_or_directory;
    return Error(absent ? Errc::NotFound : Errc::IoError, "modules.search_path",
                 folder.path.string() + (absent ? " does not exist" : " cannot be listed: " + error.message()));
  }
  for (; entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == ".json" && !entry->path().filename().string().starts_with('.')) {
      files.push_back(entry->path());
    }
    if (files.size() > kMaxManifests) {
      return Error(Errc::TooLarge, "modules.search_path",
                   folder.path.string() + " has more than " + std::to_string(kMaxManifests) + " manifests");
    }
  }
  if (error)
    return Error(Errc::IoError, "modules.search_path", folder.path.string() + " cannot be listed: " + error.message());
  return files;
}

}  // namespace

Result<Catalog> Catalog::scan(std::vector<SearchFolder> folders) {
  Catalog catalog;
  std::set<std::string> seen;
  for (const SearchFolder& folder : folders) {
    SLIPWAY_ASSIGN(const auto files, manifests_in(folder));
    for (const auto& file : files) {
      std::string name = file.stem().string();
      if (!seen.insert(name).second) continue;
      catalog.entries_.push_back({std::move(name), folder.path, read_manifest(file)});
    }
  }
  std::sort(catalog.entries_.begin(), catalog.entries_.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  catalog.folders_ = std::move(folders);
  return catalog;
}

Result<const Catalog::Entry*> Catalog::find(std::string_view name) const {
  const std::string subject = "module " + printable(name);
  std::vector<std::string_view> names;
  for (const Entry& entry : entries_) {
    if (entry.name != name) {
      names.push_back(entry.name);
      continue;
    }
    if (!entry.manifest) return Error(entry.manifest.error().code(), subject, entry.manifest.error().message());
    return &entry;
  }
  std::vector<std::string> places;
  for (const SearchFolder& folder : folders_) places.push_back(folder.path.string());
  std::string cause =
      "no manifest " + printable(name) + ".json in " + (places.empty() ? "any folder" : join(places, ", "));
  if (const auto near = nearest(name, names); !near.empty()) cause += "; did you mean '" + printable(near) + "'?";
  return Error(Errc::NotFound, subject, std::move(cause));
}

}  // namespace slipway::module
