#include "test_modules.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

namespace slipway::test {

namespace fs = std::filesystem;
namespace json = boost::json;

ModuleFolder::ModuleFolder() {
  std::string pattern = (fs::temp_directory_path() / "slipway-modules-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}

ModuleFolder::~ModuleFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void ModuleFolder::add(const std::string& fixture) { put(fixture, fixture, {}); }

void ModuleFolder::add(const std::string& fixture, const json::object& changes) { put(fixture, fixture, changes); }

void ModuleFolder::add_as(const std::string& fixture, const std::string& name) { put(fixture, name, {}); }

void ModuleFolder::put(const std::string& fixture, const std::string& name, const json::object& changes) {
  const fs::path built = fs::path(SLIPWAY_TEST_MODULES) / (fixture + ".so");
  fs::copy_file(built, library(name), fs::copy_options::overwrite_existing);
  fs::permissions(library(name), fs::perms(0755));
  json::object manifest = json::parse(read_file(fs::path(SLIPWAY_TEST_MODULES) / (fixture + ".json"))).as_object();
  manifest["name"] = name;
  manifest["library"] = name + ".so";
  for (const auto& [key, value] : changes) manifest[key] = value;
  write(name + ".json", json::serialize(manifest));
}

module::Manifest ModuleFolder::manifest(const std::string& name) const {
  auto manifest = module::read_manifest(path_ / (name + ".json"));
  if (!manifest) throw std::runtime_error(manifest.error().message());
  return *std::move(manifest);
}

void ModuleFolder::write(const std::string& file, const std::string& text) const {
  std::ofstream(path_ / file, std::ios::binary) << text;
  fs::permissions(path_ / file, fs::perms(0644));
}

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void Notes::note(std::string_view instance, std::string_view what) {
  std::lock_guard lock(mutex_);
  notes_.push_back(std::string(instance) + ": " + std::string(what));
}

std::vector<std::string> Notes::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(notes_, {});
}

std::shared_ptr<const config::Configuration> configuration(const ModuleFolder& folder, const std::string& modules,
                                                           const std::string& rest) {
  json::object document = json::parse(rest).as_object();
  json::object section = json::parse(modules).as_object();
  section["search_path"] = json::array{json::string(folder.path().string())};
  document["modules"] = std::move(section);
  return config::Configuration::from_document(std::move(document), folder.path().string());
}

}  // namespace slipway::test
