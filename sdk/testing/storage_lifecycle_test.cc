// The module itself: what it says of itself, and its way from create to destroy.
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "storage_fixture.h"

namespace slipway::kit {
namespace {

class StorageLifecycle : public ::testing::Test {
 protected:
  const LoadedModule& library_ = StartedModule::library();
  const ModuleDescriptor& descriptor_ = library_.descriptor();
  OptionTexts module_options() const {
    return {{descriptor_.options, descriptor_.option_count}, StorageRun::get().module_options};
  }
};

TEST_F(StorageLifecycle, DescriptorIsComplete) {
  EXPECT_EQ(descriptor_.kind, ModuleKind::Storage);
  for (const char* const text : {descriptor_.name, descriptor_.version, descriptor_.summary, descriptor_.provides}) {
    ASSERT_NE(text, nullptr);
    EXPECT_STRNE(text, "");
  }
  EXPECT_EQ(std::string_view(descriptor_.name).substr(0, 8), "storage-");
  EXPECT_EQ(std::filesystem::path(library_.path()).stem(), descriptor_.name);
  EXPECT_EQ(descriptor_.provider >= 0, descriptor_.provider_section != nullptr);
  ASSERT_NE(descriptor_.create, nullptr);
  ASSERT_NE(descriptor_.destroy, nullptr);
}

TEST_F(StorageLifecycle, OptionTablesAreDocumentedUniqueAndValidByDefault) {
  const std::span<const OptionSpec> tables[] = {{descriptor_.options, descriptor_.option_count},
                                                {descriptor_.use_options, descriptor_.use_option_count}};
  for (const auto table : tables) {
    std::set<std::string> names;
    Texts required;
    for (const OptionSpec& spec : table) {
      ASSERT_NE(spec.name, nullptr);
      EXPECT_TRUE(names.insert(spec.name).second) << spec.name << " stands twice";
      ASSERT_NE(spec.help, nullptr) << spec.name;
      EXPECT_STRNE(spec.help, "") << spec.name;
      EXPECT_LE(spec.minimum, spec.maximum) << spec.name;
      if (spec.default_value != nullptr) {
        EXPECT_NO_THROW(OptionTexts(std::span(&spec, 1), {})) << spec.name << ": its default";
      }
    }
  }
}

TEST_F(StorageLifecycle, ManifestBesideTheLibraryAgrees) {
  std::ifstream file(std::filesystem::path(library_.path()).replace_extension(".json"));
  ASSERT_TRUE(file.is_open()) << "no manifest beside " << library_.path();
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find("\"name\": \"" + std::string(descriptor_.name) + "\""), std::string::npos) << text.str();
  EXPECT_NE(text.str().find("\"kind\": \"storage\""), std::string::npos) << text.str();
}

TEST_F(StorageLifecycle, ObjectThatIsNeverConfiguredIsDestroyed) {
  FakeHost host(descriptor_.name);
  EXPECT_NE(library_.create(host).get(), nullptr);
}

TEST_F(StorageLifecycle, ConfiguredButNeverStartedIsDestroyed) {
  FakeHost host(descriptor_.name);
  const OptionTexts options = module_options();
  const auto object = library_.create(host);
  EXPECT_OK(object->configure(options));
}

TEST_F(StorageLifecycle, RunsItsWholeLife) {
  FakeHost host(descriptor_.name);
  const OptionTexts first = module_options();
  const OptionTexts second = module_options();
  const auto object = library_.create(host);
  ASSERT_OK(object->configure(first));
  ASSERT_OK(object->start());
  EXPECT_OK(object->configure(second)) << "a reload";
  object->drain(std::chrono::steady_clock::now());
  host.close_tasks();
  object->stop();
}

TEST_F(StorageLifecycle, StartsAgainAsANewObject) {
  for (int round = 0; round < 3; ++round) StartedModule module(StorageRun::get().module_options);
}

TEST_F(StorageLifecycle, TwoInstancesLiveSideBySide) {
  StartedModule first(StorageRun::get().module_options);
  { StartedModule second(StorageRun::get().module_options); }
  EXPECT_EQ(first.object().query("slipway.no-such-interface.v1"), nullptr);
}

TEST_F(StorageLifecycle, DrainReturnsByItsDeadlineWithNothingToDo) {
  StartedModule module(StorageRun::get().module_options);
  module.object().drain(std::chrono::steady_clock::now() - std::chrono::seconds(1));
  module.object().drain(std::chrono::steady_clock::now() + std::chrono::hours(1));
}

// Reconfigured while files are open, which is what a reload is.
class StorageReload : public StorageFixture {};

TEST_F(StorageReload, OpenFilesAndMountsGoOn) {
  put(VPath("/file"), "content");
  const auto file = open(VPath("/file"), OpenOptions::reading());
  ASSERT_NE(file, nullptr);
  ASSERT_OK(module_.reconfigure(StorageRun::get().module_options));
  Bytes out(7);
  ASSERT_OK(file->read_at(context_, 0, out));
  EXPECT_EQ(out, bytes_of("content"));
  put(VPath("/after"), "reload");
  EXPECT_EQ(get(*mount_again(), VPath("/after")), bytes_of("reload"));
}

TEST_F(StorageReload, DrainingModuleStillFinishesWhatRuns) {
  const auto file = open(VPath("/file"), OpenOptions::replacing());
  ASSERT_NE(file, nullptr);
  ASSERT_OK(file->write_at(context_, 0, bytes_of("content")));
  module_.object().drain(std::chrono::steady_clock::now());
  ASSERT_OK(file->finish(context_));
}

}  // namespace
}  // namespace slipway::kit
