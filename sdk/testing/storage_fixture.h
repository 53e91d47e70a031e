// What the suites of the storage kit share: the module under test, and a fresh, empty filesystem for each test.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "fake_host.h"
#include "loaded_module.h"
#include "option_texts.h"
#include "slipway/storage.h"

namespace slipway::kit {

// What the command line said; set by main() before any test runs.
struct StorageRun {
  std::string module_path;
  // "{unique}" in a value becomes a text that no other test has, "{root}" the test's own directory.
  Texts module_options, use_options;
  // Where tests keep their directories.
  std::filesystem::path directory;

  static StorageRun& get();
};

using Bytes = std::vector<std::byte>;
// Bytes that differ from place to place, and with the seed.
Bytes pattern(std::size_t size, unsigned seed = 1);
Bytes bytes_of(std::string_view text);

// The module under test, started; destroyed in the right order.
class StartedModule {
 public:
  explicit StartedModule(const Texts& options);
  ~StartedModule();
  StartedModule(const StartedModule&) = delete;
  StartedModule& operator=(const StartedModule&) = delete;

  static const LoadedModule& library();
  // A reload.
  Status reconfigure(const Texts& options);
  StorageModule& object() noexcept { return static_cast<StorageModule&>(*object_); }
  FakeHost& host() noexcept { return host_; }

 private:
  FakeHost host_;
  std::vector<std::unique_ptr<OptionTexts>> options_;  // a module may keep looking at what configure() got
  LoadedModule::Object object_;
};

class StorageFixture : public ::testing::Test {
 protected:
  StorageFixture();
  ~StorageFixture() override;

  // Whether directories can be made at all: a store may do without, and then says so to every make_dir.
  bool folders();
  bool can(Capability ability) const { return has(fs_->capabilities(), ability); }
  // Another filesystem over the same place.
  std::unique_ptr<Filesystem> mount_again();
  // The place on this machine's disk, for modules that have one.
  std::filesystem::path root() const { return directory_ / "root"; }
  // Beside the root: what no path and no link may reach.
  std::filesystem::path outside() const { return directory_ / "outside"; }

  // Each fails the test when the module does.
  void put(const VPath& path, std::span<const std::byte> content);
  void put(const VPath& path, std::string_view content) { put(path, bytes_of(content)); }
  Bytes get(const VPath& path) { return get(*fs_, path); }
  static Bytes get(Filesystem& fs, const VPath& path);
  std::string get_text(const VPath& path);
  void make_dir(const VPath& path);
  std::unique_ptr<File> open(const VPath& path, const OpenOptions& options);
  FileInfo stat(const VPath& path, Follow follow = Follow::No);
  // Whether anything is there, a link itself included.
  bool exists(const VPath& path);
  std::vector<FileInfo> list(const VPath& path, std::size_t page = 100);
  std::vector<std::string> names(const VPath& path);  // sorted

  StartedModule module_;
  const OpContext context_;

 private:
  std::filesystem::path directory_;
  std::string unique_;

 protected:
  std::unique_ptr<Filesystem> fs_;
};

// Whether a Status or Result has one of the expected codes.
template <class R>
::testing::AssertionResult answers(const R& result, const char* call, std::initializer_list<Errc> expected) {
  for (const Errc code : expected) {
    if (result.code() == code) return ::testing::AssertionSuccess();
  }
  auto failure = ::testing::AssertionFailure() << call << " answered " << to_string(result.code());
  if (!result) failure << " (" << result.error().message() << ")";
  failure << " instead of";
  for (const Errc code : expected) failure << " " << to_string(code);
  return failure;
}

#define EXPECT_CODE(expected, call) EXPECT_TRUE(::slipway::kit::answers((call), #call, {expected}))
#define EXPECT_OK(call) EXPECT_TRUE(::slipway::kit::answers((call), #call, {::slipway::Errc::Ok}))
#define ASSERT_OK(call) ASSERT_TRUE(::slipway::kit::answers((call), #call, {::slipway::Errc::Ok}))
// Where the contract leaves a choice.
#define EXPECT_ONE_OF(call, ...) EXPECT_TRUE(::slipway::kit::answers((call), #call, {__VA_ARGS__}))

}  // namespace slipway::kit
