// storage-local loaded from its .so over a directory of the test's own.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "fake_host.h"
#include "loaded_module.h"
#include "option_texts.h"
#include "slipway/storage.h"

namespace slipway::local {

class LocalFixture : public ::testing::Test {
 protected:
  LocalFixture() {
    std::string name = (std::filesystem::temp_directory_path() / "slipway-local-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory for the test");
    base_ = name;
    std::filesystem::permissions(base_, std::filesystem::perms(0755));
    std::filesystem::create_directory(root());
    if (const Status started = module_->start(); !started) throw std::runtime_error(started.error().message());
    fs_ = must_mount(root().string());
  }
  ~LocalFixture() override {
    fs_.reset();
    module_->stop();
    std::error_code ignored;
    std::filesystem::remove_all(base_, ignored);
  }

  static const kit::LoadedModule& library() {
    static const kit::LoadedModule loaded(SLIPWAY_LOCAL_MODULE);
    return loaded;
  }
  std::filesystem::path base() const { return base_; }
  std::filesystem::path root() const { return base_ / "root"; }

  Result<std::unique_ptr<Filesystem>> mount(const std::string& root, bool create_root = true, std::uint32_t uid = 0,
                                            std::uint32_t gid = 0) {
    const ModuleDescriptor& descriptor = library().descriptor();
    const kit::OptionTexts options({descriptor.use_options, descriptor.use_option_count}, {});
    return static_cast<StorageModule&>(*module_).mount(
        context_, {.root = root, .create_root = create_root, .uid = uid, .gid = gid, .options = options});
  }
  std::unique_ptr<Filesystem> must_mount(const std::string& root, std::uint32_t uid = 0, std::uint32_t gid = 0) {
    auto mounted = mount(root, true, uid, gid);
    if (!mounted) throw std::runtime_error(mounted.error().message());
    return *std::move(mounted);
  }

  // On the disk, beside the module.
  static void write_file(const std::filesystem::path& path, std::string_view content) {
    std::ofstream(path, std::ios::binary) << content;
  }
  static std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  static std::vector<std::string> entries(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }
  static struct stat status_of(const std::filesystem::path& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status;
  }
  static std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

  // Through the module.
  Status put(const VPath& path, std::string_view content) {
    SLIPWAY_ASSIGN(const auto file, fs_->open(context_, path, OpenOptions::replacing()));
    SLIPWAY_TRY(file->write_at(context_, 0, bytes(content)));
    return file->finish(context_);
  }

  std::filesystem::path base_;
  const OpContext context_;
  kit::FakeHost host_{"storage-local"};
  const kit::LoadedModule::Object module_ = library().create(host_);
  std::unique_ptr<Filesystem> fs_;
};

#define EXPECT_ERRC(expected, call) \
  EXPECT_EQ(::slipway::to_string(::slipway::Errc::expected), ::slipway::to_string((call).code())) << #call
#define EXPECT_FINE(call) EXPECT_ERRC(Ok, call)

}  // namespace slipway::local
