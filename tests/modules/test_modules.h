// A folder of modules for one test: real libraries with manifests as the test wants them, and who hears what they say.
#pragma once

#include <boost/json/fwd.hpp>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/config/configuration.h"
#include "core/module/manifest.h"
#include "core/module/services.h"
#include "fixtures/recorder.h"

namespace slipway::test {

class ModuleFolder {
 public:
  ModuleFolder();
  ~ModuleFolder();
  ModuleFolder(const ModuleFolder&) = delete;
  ModuleFolder& operator=(const ModuleFolder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  // Copies a fixture's library; writes its manifest, with `changes` over the members that it was built with.
  void add(const std::string& fixture);
  void add(const std::string& fixture, const boost::json::object& changes);
  // The same as `name`, whatever the library says.
  void add_as(const std::string& fixture, const std::string& name);
  std::filesystem::path library(const std::string& name) const { return path_ / (name + ".so"); }
  module::Manifest manifest(const std::string& name) const;
  void write(const std::string& file, const std::string& text) const;

 private:
  void put(const std::string& fixture, const std::string& name, const boost::json::object& changes);

  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& file);

class Notes final : public Recorder {
 public:
  void note(std::string_view instance, std::string_view what) override;
  // "instance: what", in order; taken away.
  std::vector<std::string> take();

 private:
  std::mutex mutex_;
  std::vector<std::string> notes_;
};

// `modules` is the section; `rest` other sections.
std::shared_ptr<const config::Configuration> configuration(const ModuleFolder& folder, const std::string& modules,
                                                           const std::string& rest = "{}");

}  // namespace slipway::test
