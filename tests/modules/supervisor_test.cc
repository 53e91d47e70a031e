// Modules of a running server: started in order, changed while others work, stopped when nobody uses them.
#include "core/module/supervisor.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <thread>

#include "test_modules.h"

namespace slipway::test {
namespace {

using module::InstanceState;
using module::ModuleRef;
using module::Supervisor;
using Strings = std::vector<std::string>;

Supervisor::Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::milliseconds(50); }
Supervisor::Deadline late() { return std::chrono::steady_clock::now() + std::chrono::seconds(60); }

class SupervisorTest : public ::testing::Test {
 protected:
  SupervisorTest() {
    services_->add<Recorder>(notes_);
    for (const char* fixture : {"fixture-storage", "fixture-auth", "fixture-action", "fixture-protocol"})
      folder_.add(fixture);
    restart();
  }
  void restart() {
    supervisor_.reset();
    supervisor_ = std::make_unique<Supervisor>(Supervisor::Setup{pool_, services_, {}});
  }
  Status start(const std::string& modules, const std::string& rest = "{}") {
    return supervisor_->start(configuration(folder_, modules, rest));
  }
  void expect_start(const std::string& modules, const std::string& rest = "{}") {
    auto started = start(modules, rest);
    ASSERT_TRUE(started) << started.error().message();
  }
  // The one error of a start in which nothing is left running.
  std::string start_error(const std::string& modules, const std::string& rest = "{}") {
    auto started = start(modules, rest);
    EXPECT_FALSE(started);
    for (const auto& info : supervisor_->instances()) EXPECT_NE(info.state, InstanceState::Running) << info.name;
    return started ? "" : started.error().message();
  }
  module::InstanceInfo info(const std::string& name) {
    for (auto& info : supervisor_->instances())
      if (info.name == name) return info;
    ADD_FAILURE() << "no instance " << name;
    return {};
  }
  InstanceState state(const std::string& name) { return info(name).state; }

  Notes notes_;
  std::shared_ptr<module::Services> services_ = std::make_shared<module::Services>();
  ThreadPool pool_{4};
  ModuleFolder folder_;
  std::unique_ptr<Supervisor> supervisor_;
};

constexpr const char* kAll =
    R"({"load": {"fixture-protocol": {}, "fixture-action": {}, "fixture-auth": {}, "fixture-storage": {}}})";

// ---- life

TEST_F(SupervisorTest, KindsStartInOrderAndStopInReverse) {
  expect_start(kAll);
  Strings notes = notes_.take();
  std::erase_if(notes, [](const std::string& note) { return note.find(": start") == std::string::npos; });
  EXPECT_EQ(notes, (Strings{"fixture-storage: start plain", "fixture-auth: start plain", "fixture-action: start plain",
                            "fixture-protocol: start plain"}));
  ASSERT_TRUE(supervisor_->shutdown(late()));
  EXPECT_EQ(notes_.take(), (Strings{"fixture-protocol: drain", "fixture-protocol: stop", "fixture-protocol: destroy",
                                    "fixture-action: drain", "fixture-action: stop", "fixture-action: destroy",
                                    "fixture-auth: drain", "fixture-auth: stop", "fixture-auth: destroy",
                                    "fixture-storage: drain", "fixture-storage: stop", "fixture-storage: destroy"}));
}

TEST_F(SupervisorTest, EveryModuleIsConfiguredBeforeOneStarts) {
  expect_start(R"({"load": {"fixture-auth": {}, "fixture-storage": {}}})");
  EXPECT_EQ(notes_.take(),
            (Strings{"fixture-auth: create", "fixture-auth: configure plain", "fixture-storage: create",
                     "fixture-storage: configure plain", "fixture-storage: start plain", "fixture-auth: start plain"}));
}

TEST_F(SupervisorTest, TheDestructorStopsEverything) {
  expect_start(kAll);
  notes_.take();
  supervisor_.reset();
  EXPECT_EQ(notes_.take().size(), 12u);
}

TEST_F(SupervisorTest, WithoutAListAutoloadManifestsAreLoaded) {
  folder_.add("fixture-auth", {{"autoload", true}});
  expect_start("{}");
  ASSERT_EQ(supervisor_->instances().size(), 1u);
  EXPECT_EQ(state("fixture-auth"), InstanceState::Running);
}

TEST_F(SupervisorTest, AutoloadAddsToAListWhenAsked) {
  folder_.add("fixture-auth", {{"autoload", true}});
  expect_start(R"({"load": {"fixture-storage": {}}})");
  EXPECT_EQ(supervisor_->instances().size(), 1u);
  restart();
  expect_start(R"({"autoload": true, "load": {"fixture-storage": {}}})");
  EXPECT_EQ(supervisor_->instances().size(), 2u);
}

TEST_F(SupervisorTest, ABrokenManifestIsAnErrorWhereItMightAutoload) {
  folder_.write("auth-broken.json", "{");
  EXPECT_NE(start_error("{}").find("module auth-broken: " + (folder_.path() / "auth-broken.json").string() +
                                   ": the manifest is not JSON"),
            std::string::npos);
  restart();
  expect_start(R"({"load": {"fixture-storage": {}}})");
}

TEST_F(SupervisorTest, OneModuleRunsAsSeveralInstances) {
  expect_start(R"({"load": {"first": {"module": "fixture-storage", "options": {"label": "one"}},
                            "second": {"module": "fixture-storage", "options": {"label": "two"}}}})");
  EXPECT_TRUE(supervisor_->storage("first"));
  EXPECT_TRUE(supervisor_->storage("second"));
  EXPECT_FALSE(supervisor_->storage("fixture-storage"));
  const OpContext context;
  const config::OptionValues none;
  EXPECT_EQ(supervisor_->storage("second")->mount(context, {.options = none}).error().subject(), "two");
  EXPECT_EQ(info("first").module, "fixture-storage");
  EXPECT_EQ(info("first").version, "1.2.3");
}

TEST_F(SupervisorTest, TasksEndBeforeStopAndLaterOnesAreDropped) {
  expect_start(R"({"load": {"fixture-storage": {"options": {"task": true}}}})");
  notes_.take();
  ASSERT_TRUE(supervisor_->shutdown(late()));
  EXPECT_EQ(notes_.take(), (Strings{"fixture-storage: drain", "fixture-storage: task ends", "fixture-storage: stop",
                                    "fixture-storage: destroy"}));
}

TEST_F(SupervisorTest, ADeniedServiceIsNull) {
  expect_start(R"({"load": {"fixture-storage": {"deny_services": ["test.*"]}, "fixture-auth": {}}})");
  for (const std::string& note : notes_.take()) EXPECT_TRUE(note.starts_with("fixture-auth")) << note;
}

// ---- the registry

TEST_F(SupervisorTest, ModulesAreFoundByWhatTheyAre) {
  expect_start(R"({"load": {"b-auth": {"module": "fixture-auth"}, "a-auth": {"module": "fixture-auth"},
                            "fixture-storage": {}, "fixture-action": {}, "fixture-protocol": {}}})");
  EXPECT_EQ(supervisor_->storage_for_provider(42).instance(), "fixture-storage");
  EXPECT_FALSE(supervisor_->storage_for_provider(0));
  EXPECT_FALSE(supervisor_->storage_for_provider(-1));
  const auto chain = supervisor_->auth_chain();
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_EQ(chain[0].instance(), "b-auth");
  EXPECT_EQ(chain[1].instance(), "a-auth");
  EXPECT_TRUE(supervisor_->action("act"));
  EXPECT_TRUE(supervisor_->action("perform"));
  EXPECT_FALSE(supervisor_->action("act,perform"));
  EXPECT_FALSE(supervisor_->action(""));
  EXPECT_FALSE(supervisor_->storage("fixture-auth"));
  EXPECT_EQ(supervisor_->listening(), (std::vector<Endpoint>{{"127.0.0.1", 7}}));
  EXPECT_EQ(supervisor_->sections(), (Strings{"fixtured"}));
}

// ---- what goes wrong at start

TEST_F(SupervisorTest, AMissingModuleNamesWhereWasLookedAndTheNearest) {
  EXPECT_EQ(start_error(R"({"load": {"fixture-storag": {}}})"),
            "module fixture-storag: no manifest fixture-storag.json in " + folder_.path().string() +
                "; did you mean 'fixture-storage'?");
}

TEST_F(SupervisorTest, AnOptionalModuleMayBeMissing) {
  expect_start(R"({"load": {"absent": {"optional": true}, "fixture-storage": {}}})");
  EXPECT_EQ(state("absent"), InstanceState::Failed);
  EXPECT_NE(info("absent").error.find("no manifest absent.json"), std::string::npos);
  EXPECT_EQ(state("fixture-storage"), InstanceState::Running);
}

TEST_F(SupervisorTest, EveryFailureIsNamedAtOnce) {
  const std::string error = start_error(R"({"load": {"absent": {}, "fixture-storage": {"options": {"labl": "x"}}}})");
  EXPECT_NE(error.find("module absent: "), std::string::npos) << error;
  EXPECT_NE(error.find("module fixture-storage: "), std::string::npos) << error;
}

TEST_F(SupervisorTest, AnUnknownOptionNamesModuleKeyAndNearestKey) {
  const std::string error = start_error(R"({"load": {"fixture-storage": {"options": {"labl": "x"}}}})");
  EXPECT_NE(error.find("module fixture-storage: modules.load.fixture-storage.options.labl: "), std::string::npos)
      << error;
  EXPECT_NE(error.find("label"), std::string::npos) << error;
}

TEST_F(SupervisorTest, AMissingRequiredOptionIsNamed) {
  folder_.add("fixture-required");
  const std::string error = start_error(R"({"load": {"fixture-required": {}}})");
  EXPECT_NE(error.find("module fixture-required: "), std::string::npos) << error;
  EXPECT_NE(error.find("endpoint"), std::string::npos) << error;
  restart();
  expect_start(R"({"load": {"fixture-required": {"options": {"endpoint": "https://there"}}}})");
}

TEST_F(SupervisorTest, OptionsOfASectionAreReadThere) {
  expect_start(R"({"load": {"fixture-protocol": {}}})", R"({"fixtured": {"label": "from the section"}})");
  EXPECT_EQ(notes_.take().back(), "fixture-protocol: start from the section");
  restart();
  const std::string error = start_error(R"({"load": {"fixture-protocol": {"options": {"label": "x"}}}})");
  EXPECT_NE(error.find("stand in the section \"fixtured\""), std::string::npos) << error;
  restart();
  notes_.take();
  expect_start(R"({"load": {"inner": {"module": "fixture-protocol", "options": {"label": "inner"}}}})",
               R"({"fixtured": {"label": "outer"}})");
  EXPECT_EQ(notes_.take().back(), "inner: start inner");
}

TEST_F(SupervisorTest, WrongSettingsOfAnInstanceAreErrors) {
  for (const char* load : {R"({"fixture-storage": {"enabld": true}})", R"({"fixture-storage": {"enabled": "perhaps"}})",
                           R"({"fixture-storage": true})", R"({"Fixture": {}})", R"({"x": {"module": "../x"}})",
                           R"({"fixture-storage": {"deny_services": ["[a"]}})", R"([])"}) {
    const std::string error = start_error(std::string(R"({"load": )") + load + "}");
    EXPECT_NE(error.find("modules.load"), std::string::npos) << load << " -> " << error;
    restart();
  }
}

TEST_F(SupervisorTest, TheEnvironmentOverlaysInstancesAndTheirOptions) {
  const ModuleFolder config_dir;
  config_dir.write("slipway.json", R"({"modules": {"search_path": [")" + folder_.path().string() +
                                       R"("], "load": {"fixture-storage": {}, "fixture-auth": {}}}})");
  ::setenv("SLIPWAY_MODULES__LOAD__FIXTURE_AUTH__ENABLED", "false", 1);
  ::setenv("SLIPWAY_MODULES__LOAD__FIXTURE_STORAGE__OPTIONS__LABEL", "from the environment", 1);
  const auto loaded = config::Configuration::load({.config_dir = config_dir.path().string(), .config_file = {}});
  ::unsetenv("SLIPWAY_MODULES__LOAD__FIXTURE_AUTH__ENABLED");
  ::unsetenv("SLIPWAY_MODULES__LOAD__FIXTURE_STORAGE__OPTIONS__LABEL");
  ASSERT_TRUE(loaded) << loaded.error().message();
  auto started = supervisor_->start(*loaded);
  ASSERT_TRUE(started) << started.error().message();
  EXPECT_EQ(state("fixture-auth"), InstanceState::Disabled);
  EXPECT_EQ(notes_.take().back(), "fixture-storage: start from the environment");
}

TEST_F(SupervisorTest, ARelativeFolderStartsAtTheConfigurationDirectory) {
  boost::json::object document{
      {"modules", {{"search_path", {folder_.path().filename().string()}}, {"load", boost::json::object{}}}}};
  EXPECT_TRUE(
      supervisor_->start(config::Configuration::from_document(document, folder_.path().parent_path().string())));
  EXPECT_TRUE(supervisor_->enable("fixture-auth"));
}

TEST_F(SupervisorTest, WithoutASearchPathModulesLieBesideTheProgramOrInItsPrefix) {
  namespace fs = std::filesystem;
  const ModuleFolder prefix;
  for (const char* place : {"bin/modules", "lib/slipway/modules"}) {
    fs::create_directories(prefix.path() / place);
    fs::permissions(prefix.path() / place, fs::perms(0755));
    const std::string name = place[0] == 'b' ? "fixture-auth" : "fixture-storage";
    for (const char* suffix : {".so", ".json"})
      fs::copy_file(folder_.path() / (name + suffix), prefix.path() / place / (name + suffix));
  }
  Supervisor supervisor({pool_, services_, prefix.path() / "bin" / "slipway"});
  auto started = supervisor.start(config::Configuration::from_document(
      boost::json::parse(R"({"modules": {"load": {"fixture-auth": {}, "fixture-storage": {}}}})").as_object(), "/"));
  EXPECT_TRUE(started) << started.error().message();
}

TEST_F(SupervisorTest, AConfiguredFolderThatDoesNotExistIsAnError) {
  boost::json::object document{{"modules", {{"search_path", {"/no/such/folder"}}}}};
  auto started = supervisor_->start(config::Configuration::from_document(document, "/"));
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message().find("modules.search_path: /no/such/folder does not exist"), std::string::npos)
      << started.error().message();
}

TEST_F(SupervisorTest, AThrowingConstructorIsAnError) {
  folder_.add("broken-constructor");
  EXPECT_EQ(start_error(R"({"load": {"broken-constructor": {}}})"), "module broken-constructor: its constructor threw");
}

TEST_F(SupervisorTest, AThrowingConfigureIsAnError) {
  EXPECT_EQ(start_error(R"({"load": {"x": {"module": "fixture-auth", "options": {"fail": "configure-throws"}}}})"),
            "module fixture-auth (instance x): its configure threw: no wish to be configured");
  restart();
  EXPECT_EQ(start_error(R"({"load": {"fixture-auth": {"options": {"fail": "configure-throws-an-int"}}}})"),
            "module fixture-auth: its configure threw something that is not a std::exception");
  restart();
  EXPECT_EQ(start_error(R"({"load": {"fixture-auth": {"options": {"fail": "configure-refuses"}}}})"),
            "module fixture-auth: it refuses its options: label: it is not to my taste");
}

TEST_F(SupervisorTest, AStartThatFailsStopsWhatHasStarted) {
  EXPECT_EQ(start_error(R"({"load": {"fixture-storage": {}, "fixture-auth": {"options": {"fail": "start-fails"}}}})"),
            "module fixture-auth: it does not start: the sea: it is too rough");
  const Strings notes = notes_.take();
  for (const char* note : {"fixture-storage: stop", "fixture-storage: destroy", "fixture-auth: destroy"}) {
    EXPECT_NE(std::find(notes.begin(), notes.end(), note), notes.end()) << note;
  }
  EXPECT_EQ(std::find(notes.begin(), notes.end(), "fixture-auth: stop"), notes.end());
  restart();
  EXPECT_EQ(start_error(R"({"load": {"fixture-auth": {"options": {"fail": "start-throws"}}}})"),
            "module fixture-auth: its start threw: no wish to start");
}

TEST_F(SupervisorTest, OptionalModulesMayFailInAnyWay) {
  folder_.add("broken-constructor");
  folder_.add("broken-wrong-mark");
  expect_start(R"({"load": {"broken-constructor": {"optional": true}, "broken-wrong-mark": {"optional": true},
      "c": {"module": "fixture-auth", "optional": true, "options": {"fail": "configure-throws"}},
      "s": {"module": "fixture-auth", "optional": true, "options": {"fail": "start-fails"}},
      "o": {"module": "fixture-auth", "optional": true, "options": {"unknown": 1}},
      "d": {"module": "fixture-auth", "optional": true, "sha256": "00"},
      "fixture-auth": {}}})");
  for (const auto& info : supervisor_->instances()) {
    EXPECT_EQ(info.state, info.name == "fixture-auth" ? InstanceState::Running : InstanceState::Failed) << info.name;
    EXPECT_EQ(info.error.empty(), info.name == "fixture-auth") << info.name;
  }
  EXPECT_EQ(supervisor_->auth_chain().size(), 1u);
}

TEST_F(SupervisorTest, AWrongDigestStopsTheStart) {
  const std::string error = start_error(R"({"load": {"fixture-auth": {"sha256": ")" + std::string(64, 'a') + R"("}}})");
  EXPECT_TRUE(error.starts_with("module fixture-auth: the digest of ")) << error;
}

// ---- changes in a running server

TEST_F(SupervisorTest, ADisabledInstanceIsNotLoadedAndCanBeEnabled) {
  expect_start(R"({"load": {"fixture-storage": {"enabled": false}, "fixture-auth": {}}})");
  EXPECT_EQ(state("fixture-storage"), InstanceState::Disabled);
  EXPECT_FALSE(supervisor_->storage("fixture-storage"));
  auto enabled = supervisor_->enable("fixture-storage");
  ASSERT_TRUE(enabled) << enabled.error().message();
  EXPECT_TRUE(supervisor_->storage("fixture-storage"));
  EXPECT_EQ(supervisor_->enable("fixture-storage").code(), Errc::Exists);
  EXPECT_EQ(supervisor_->enable("nothing").code(), Errc::NotFound);
}

TEST_F(SupervisorTest, AModuleOfTheSearchPathCanBeEnabledWithoutBeingConfigured) {
  expect_start(R"({"load": {"fixture-auth": {}}})");
  ASSERT_TRUE(supervisor_->enable("fixture-action"));
  EXPECT_TRUE(supervisor_->action("act"));
}

TEST_F(SupervisorTest, DisableStopsAnUnusedModuleAndLeavesTheOthersAlone) {
  expect_start(kAll);
  const auto storage = supervisor_->storage("fixture-storage");
  notes_.take();
  auto disabled = supervisor_->disable("fixture-auth", late());
  ASSERT_TRUE(disabled) << disabled.error().message();
  EXPECT_EQ(notes_.take(), (Strings{"fixture-auth: drain", "fixture-auth: stop", "fixture-auth: destroy"}));
  EXPECT_EQ(state("fixture-auth"), InstanceState::Disabled);
  EXPECT_TRUE(supervisor_->auth_chain().empty());
  EXPECT_EQ(supervisor_->disable("fixture-auth", late()).code(), Errc::Conflict);
  EXPECT_EQ(supervisor_->disable("nothing", late()).code(), Errc::NotFound);
  ASSERT_TRUE(supervisor_->enable("fixture-auth"));
  EXPECT_EQ(supervisor_->auth_chain().size(), 1u);
}

TEST_F(SupervisorTest, AModuleInUseIsRefusedToOthersAndStopsWhenItsLastUserGoes) {
  expect_start(R"({"load": {"fixture-storage": {}}})");
  auto lease = supervisor_->storage("fixture-storage");
  auto second_lease = lease;
  notes_.take();
  auto disabled = supervisor_->disable("fixture-storage", soon());
  ASSERT_FALSE(disabled);
  EXPECT_EQ(disabled.code(), Errc::TimedOut);
  EXPECT_TRUE(disabled.error().message().starts_with("module fixture-storage: it is still in use"));
  EXPECT_EQ(state("fixture-storage"), InstanceState::Stopping);
  EXPECT_FALSE(supervisor_->storage("fixture-storage"));
  EXPECT_EQ(supervisor_->enable("fixture-storage").code(), Errc::Conflict);
  EXPECT_EQ(supervisor_->disable("fixture-storage", soon()).code(), Errc::Conflict);
  const OpContext context;
  const config::OptionValues none;
  EXPECT_EQ(lease->mount(context, {.options = none}).code(), Errc::NotSupported);  // it still works
  EXPECT_EQ(notes_.take(), (Strings{"fixture-storage: drain"}));
  lease = {};
  EXPECT_EQ(state("fixture-storage"), InstanceState::Stopping);
  second_lease = {};
  while (state("fixture-storage") != InstanceState::Disabled) std::this_thread::yield();
  EXPECT_EQ(notes_.take(), (Strings{"fixture-storage: stop", "fixture-storage: destroy"}));
  EXPECT_TRUE(supervisor_->enable("fixture-storage"));
}

TEST_F(SupervisorTest, DisableWaitsForAUserThatLeavesInTime) {
  expect_start(R"({"load": {"fixture-storage": {}}})");
  auto lease = supervisor_->storage("fixture-storage");
  std::thread user([&] {
    while (supervisor_->storage("fixture-storage")) std::this_thread::yield();
    lease = {};
  });
  EXPECT_TRUE(supervisor_->disable("fixture-storage", late()));
  user.join();
  EXPECT_EQ(state("fixture-storage"), InstanceState::Disabled);
}

TEST_F(SupervisorTest, ShutdownNamesWhatIsInUseAndTheDestructorWaitsForIt) {
  expect_start(kAll);
  auto lease = supervisor_->storage("fixture-storage");
  auto ended = supervisor_->shutdown(soon());
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message(), "modules: still in use: fixture-storage");
  EXPECT_EQ(state("fixture-protocol"), InstanceState::Disabled);
  notes_.take();
  std::thread user([&] { lease = {}; });
  supervisor_.reset();
  user.join();
  EXPECT_EQ(notes_.take(), (Strings{"fixture-storage: stop", "fixture-storage: destroy"}));
}

TEST_F(SupervisorTest, ReconfigureChangesOneInstance) {
  expect_start(R"({"load": {"fixture-storage": {}, "fixture-auth": {}}})");
  notes_.take();
  const auto changed = configuration(
      folder_,
      R"({"load": {"fixture-storage": {"options": {"label": "new"}}, "fixture-auth": {"options": {"label": "new"}}}})");
  ASSERT_TRUE(supervisor_->reconfigure("fixture-storage", changed));
  EXPECT_EQ(notes_.take(), (Strings{"fixture-storage: configure new"}));
  ASSERT_TRUE(supervisor_->disable("fixture-storage", late()));
  ASSERT_TRUE(supervisor_->enable("fixture-storage"));
  EXPECT_EQ(notes_.take().back(), "fixture-storage: start new");
  const auto wrong = configuration(folder_, R"({"load": {"fixture-storage": {"options": {"size": "many"}}}})");
  auto refused = supervisor_->reconfigure("fixture-storage", wrong);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("module fixture-storage: modules.load.fixture-storage.options.size"),
            std::string::npos)
      << refused.error().message();
  EXPECT_TRUE(notes_.take().empty());
}

// ---- reload

TEST_F(SupervisorTest, DescribesWhatRunsWhatCouldRunAndNothingElse) {
  expect_start(R"({"load": {"second": {"module": "fixture-storage", "options": {"label": "two"}},
                            "off": {"module": "fixture-auth", "enabled": false, "options": {"labl": "x"}}}})");
  const auto described = [&](const char* name) {
    const auto text = supervisor_->describe(name);
    return text ? boost::json::parse(*text).as_object() : boost::json::object{{"error", text.error().message()}};
  };
  const auto running = described("second");
  EXPECT_EQ(running.at("name").as_string(), "second");
  EXPECT_EQ(running.at("module").as_string(), "fixture-storage");
  EXPECT_EQ(running.at("state").as_string(), "running");
  EXPECT_EQ(running.at("values").at("label").as_string(), "two");
  const auto& options = running.at("options").as_array();
  EXPECT_TRUE(std::ranges::any_of(options, [](const auto& row) { return row.at("name").as_string() == "label"; }));

  const auto off = described("off");
  EXPECT_EQ(off.at("state").as_string(), "disabled");
  EXPECT_NE(std::string(off.at("error").as_string()).find("labl"), std::string::npos);
  const auto unused = described("fixture-action");
  EXPECT_EQ(unused.at("kind").as_string(), "action");
  EXPECT_EQ(unused.at("values").at("label").as_string(), "plain");
  EXPECT_EQ(supervisor_->describe("nothing").code(), Errc::NotFound);

  Strings available;
  for (const auto& info : supervisor_->available()) available.push_back(info.name);
  EXPECT_EQ(available, (Strings{"fixture-action", "fixture-protocol"}));
}

TEST_F(SupervisorTest, ReloadAddsChangesAndRemoves) {
  expect_start(R"({"load": {"fixture-storage": {}, "fixture-auth": {}}})");
  notes_.take();
  auto reloaded = supervisor_->reload(
      configuration(folder_, R"({"load": {"fixture-action": {}, "fixture-storage": {"options": {"label": "new"}}}})"),
      late());
  ASSERT_TRUE(reloaded) << reloaded.error().message();
  EXPECT_EQ(notes_.take(), (Strings{"fixture-action: create", "fixture-action: configure plain",
                                    "fixture-storage: configure new", "fixture-action: start plain",
                                    "fixture-auth: drain", "fixture-auth: stop", "fixture-auth: destroy"}));
  ASSERT_EQ(supervisor_->instances().size(), 2u);
  EXPECT_EQ(supervisor_->instances()[0].name, "fixture-action");
}

TEST_F(SupervisorTest, AReloadWithOneWrongOptionTouchesNoModule) {
  expect_start(R"({"load": {"fixture-storage": {}, "fixture-auth": {}}})");
  notes_.take();
  auto reloaded =
      supervisor_->reload(configuration(folder_, R"({"load": {"fixture-storage": {"options": {"label": "new"}},
      "fixture-auth": {"options": {"nonsense": 1}}, "fixture-action": {}}})"),
                          late());
  ASSERT_FALSE(reloaded);
  EXPECT_NE(reloaded.error().message().find("module fixture-auth: "), std::string::npos);
  EXPECT_TRUE(notes_.take().empty());
  EXPECT_EQ(supervisor_->instances().size(), 2u);
}

TEST_F(SupervisorTest, AModuleThatRefusesAReloadTurnsTheOthersBack) {
  expect_start(R"({"load": {"fixture-storage": {"options": {"label": "old"}}, "fixture-auth": {}}})");
  notes_.take();
  auto reloaded =
      supervisor_->reload(configuration(folder_, R"({"load": {"fixture-storage": {"options": {"label": "new"}},
      "fixture-auth": {"options": {"fail": "configure-refuses"}}}})"),
                          late());
  ASSERT_FALSE(reloaded);
  EXPECT_EQ(notes_.take(), (Strings{"fixture-storage: configure new", "fixture-auth: configure plain",
                                    "fixture-storage: configure old"}));
  const OpContext context;
  const config::OptionValues none;
  EXPECT_EQ(supervisor_->storage("fixture-storage")->mount(context, {.options = none}).error().subject(), "old");
}

TEST_F(SupervisorTest, ANewModuleThatDoesNotStartTurnsTheReloadBack) {
  expect_start(R"({"load": {"fixture-storage": {"options": {"label": "old"}}, "fixture-auth": {}}})");
  notes_.take();
  auto reloaded =
      supervisor_->reload(configuration(folder_, R"({"load": {"fixture-storage": {"options": {"label": "new"}},
      "fixture-action": {}, "fixture-protocol": {}}})",
                                        R"({"fixtured": {"fail": "start-fails"}})"),
                          late());
  ASSERT_FALSE(reloaded);
  EXPECT_EQ(reloaded.error().message(), "module fixture-protocol: it does not start: the sea: it is too rough");
  ASSERT_EQ(supervisor_->instances().size(), 2u);
  EXPECT_EQ(state("fixture-auth"), InstanceState::Running);
  EXPECT_FALSE(supervisor_->action("act"));
  const Strings notes = notes_.take();
  EXPECT_NE(std::find(notes.begin(), notes.end(), "fixture-storage: configure old"), notes.end());
}

TEST_F(SupervisorTest, AReloadThatRemovesAModuleInUseDoesNotFail) {
  expect_start(R"({"load": {"fixture-storage": {}, "fixture-auth": {}}})");
  auto lease = supervisor_->storage("fixture-storage");
  ASSERT_TRUE(supervisor_->reload(configuration(folder_, R"({"load": {"fixture-auth": {}}})"), soon()));
  EXPECT_EQ(state("fixture-storage"), InstanceState::Stopping);
  lease = {};
  while (supervisor_->instances().size() != 1) std::this_thread::yield();
  EXPECT_EQ(supervisor_->instances()[0].name, "fixture-auth");
}

TEST_F(SupervisorTest, WhatAnInstanceIsCannotChangeWhileItRuns) {
  expect_start(R"({"load": {"x": {"module": "fixture-storage"}}})");
  for (const char* entry :
       {R"({"module": "fixture-auth"})", R"({"module": "fixture-storage", "deny_services": ["a"]})"}) {
    auto reloaded =
        supervisor_->reload(configuration(folder_, std::string(R"({"load": {"x": )") + entry + "}}"), late());
    ASSERT_FALSE(reloaded);
    EXPECT_EQ(reloaded.code(), Errc::Conflict);
    EXPECT_NE(reloaded.error().message().find("disable it first"), std::string::npos);
  }
  ASSERT_TRUE(supervisor_->disable("x", late()));
  EXPECT_TRUE(supervisor_->reload(configuration(folder_, R"({"load": {"x": {"module": "fixture-auth"}}})"), late()));
  EXPECT_EQ(supervisor_->auth_chain().size(), 1u);
}

TEST_F(SupervisorTest, ModulesComeAndGoWhileManyThreadsUseThem) {
  expect_start(R"({"load": {"fixture-storage": {}, "fixture-auth": {}}})");
  std::atomic<bool> ends = false;
  std::vector<std::thread> users;
  for (int i = 0; i < 4; ++i) {
    users.emplace_back([&] {
      const OpContext context;
      const config::OptionValues none;
      while (!ends) {
        if (const auto storage = supervisor_->storage("fixture-storage")) {
          EXPECT_EQ(storage->mount(context, {.options = none}).code(), Errc::NotSupported);
        }
        for (const auto& auth : supervisor_->auth_chain()) EXPECT_EQ(auth.instance(), "fixture-auth");
        supervisor_->instances();
      }
    });
  }
  for (int round = 0; round < 20; ++round) {
    EXPECT_TRUE(supervisor_->disable("fixture-storage", late()));
    EXPECT_TRUE(supervisor_->enable("fixture-storage"));
  }
  ends = true;
  for (std::thread& user : users) user.join();
}

}  // namespace
}  // namespace slipway::test
