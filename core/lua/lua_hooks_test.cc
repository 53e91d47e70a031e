#include "core/lua/lua_hooks.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/config/core_options.h"
#include "core/config/options.h"

namespace slipway::lua {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

Event event_of(std::string action, std::string path = "/in/a.txt") {
  Event event;
  event.action = std::move(action);
  event.username = "ann";
  event.virtual_path = std::move(path);
  return event;
}

class LuaHooksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "slipway-lua-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { fs::remove_all(directory_); }

  // Replaces the file, as an editor does: another inode each time.
  void write(const std::string& name, const std::string& text) {
    const fs::path fresh = directory_ / (name + ".new");
    std::ofstream(fresh) << text;
    fs::rename(fresh, directory_ / name);
  }
  LuaSettings settings(std::vector<std::string> patterns = {"*.lua"}) {
    LuaSettings out;
    for (auto& pattern : patterns) out.scripts.push_back((directory_ / pattern).string());
    return out;
  }
  void start(LuaSettings given) {
    auto made = LuaHooks::make(std::move(given), bus_);
    ASSERT_TRUE(made) << made.error().message();
    hooks_ = *std::move(made);
  }
  std::string ask(const Event& event) {
    const Status status = bus_.before({}, event);
    return status ? "allowed" : status.error().cause();
  }

  fs::path directory_;
  events::EventBus bus_;
  std::unique_ptr<LuaHooks> hooks_;
};

TEST_F(LuaHooksTest, ScriptsRunInOrderOfTheirNames) {
  write("20.lua", "on('pre-upload', function() return false, 'second' end)");
  write("10.lua", "on('pre-upload', {path = '/in/**'}, function() return false, 'first' end)");
  start(settings());
  EXPECT_EQ(ask(event_of("pre-upload")), "first");
  EXPECT_EQ(ask(event_of("pre-upload", "/out/a")), "second");
  EXPECT_EQ(ask(event_of("pre-delete")), "allowed");
}

TEST_F(LuaHooksTest, OnlyWhatScriptsAskForIsWanted) {
  write("a.lua", "on('pre-upload', function() end) on('login, login-failed', function() end)");
  start(settings());
  for (const char* action : {"pre-upload", "login", "login-failed"}) EXPECT_TRUE(bus_.wanted(action)) << action;
  for (const char* action : {"upload", "pre-login", "download"}) EXPECT_FALSE(bus_.wanted(action)) << action;
  hooks_.reset();
  EXPECT_FALSE(bus_.wanted("pre-upload"));
}

TEST_F(LuaHooksTest, NoScriptsAreFine) {
  start({});
  EXPECT_FALSE(bus_.wanted("pre-upload"));
  hooks_.reset();
  start(settings());  // a pattern that matches nothing yet
}

TEST_F(LuaHooksTest, AfterEventsComeInOrder) {
  write("a.lua",
        "on('upload', function(ev) state.set('seen', (state.get('seen') or '') .. ev.virtual_path) end)\n"
        "on('pre-download', function(ev) deny(state.get('seen')) end)");
  start(settings());
  for (const char* path : {"/1", "/2", "/3"}) EXPECT_TRUE(bus_.after({}, event_of("upload", path)));
  bus_.drain(std::chrono::steady_clock::now() + 60s);
  EXPECT_EQ(ask(event_of("pre-download")), "/1/2/3");
}

TEST_F(LuaHooksTest, APreLoginIsRefusedByUserName) {
  write("a.lua", "on('pre-login', {user = 'bob'}, function(ev) return false, 'not you, ' .. ev.username end)");
  start(settings());
  Event event = event_of("pre-login", "");
  EXPECT_EQ(ask(event), "allowed");
  event.username = "bob";
  const Status refused = bus_.before({}, event);
  EXPECT_EQ(refused.error().message(), "bob: not you, bob");
}

TEST_F(LuaHooksTest, ABrokenScriptAtStartIsAnErrorWithFileAndLine) {
  write("good.lua", "on('upload', function() end)");
  write("bad.lua", "\n\nnonsense(");
  auto made = LuaHooks::make(settings(), bus_);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message().substr(0, 10), "bad.lua:3:");
  EXPECT_EQ(LuaHooks::make(settings({"missing.lua"}), bus_).code(), Errc::NotFound);
}

TEST_F(LuaHooksTest, AScriptThatEverybodyMayWriteIsRefused) {
  write("a.lua", "on('upload', function() end)");
  fs::permissions(directory_ / "a.lua", fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(LuaHooks::make(settings(), bus_).code(), Errc::PermissionDenied);
}

TEST_F(LuaHooksTest, AHugeScriptIsRefused) {
  write("a.lua", "--" + std::string(1024 * 1024, 'x'));
  EXPECT_EQ(LuaHooks::make(settings(), bus_).code(), Errc::TooLarge);
}

TEST_F(LuaHooksTest, AChangedScriptIsReloadedAndABrokenVersionKeepsTheOneBefore) {
  write("a.lua", "on('pre-upload', function() return false, 'one' end)");
  start(settings());
  EXPECT_EQ(ask(event_of("pre-upload")), "one");
  write("a.lua", "on('pre-upload, pre-delete', function() return false, 'two' end)");
  hooks_->check_files();
  EXPECT_EQ(ask(event_of("pre-upload")), "two");
  EXPECT_EQ(ask(event_of("pre-delete")), "two");
  write("a.lua", "on('pre-upload', function(");
  hooks_->check_files();
  EXPECT_EQ(ask(event_of("pre-upload")), "two");
  hooks_->check_files();
  EXPECT_EQ(ask(event_of("pre-upload")), "two");
  write("a.lua", "on('pre-delete', function() return false, 'three' end)");
  hooks_->check_files();
  EXPECT_EQ(ask(event_of("pre-upload")), "allowed");
  EXPECT_FALSE(bus_.wanted("pre-upload"));
  EXPECT_EQ(ask(event_of("pre-delete")), "three");
}

TEST_F(LuaHooksTest, FilesThatComeAndGoAreNoticed) {
  write("a.lua", "on('pre-upload', {path = '/a'}, function() return false, 'a' end)");
  start(settings());
  write("b.lua", "on('pre-upload', {path = '/b'}, function() return false, 'b' end)");
  write("c.lua", "broken(");
  hooks_->check_files();
  EXPECT_EQ(ask(event_of("pre-upload", "/a")), "a");
  EXPECT_EQ(ask(event_of("pre-upload", "/b")), "b");
  fs::remove(directory_ / "a.lua");
  hooks_->check_files();
  EXPECT_EQ(ask(event_of("pre-upload", "/a")), "allowed");
  EXPECT_EQ(ask(event_of("pre-upload", "/b")), "b");
}

TEST_F(LuaHooksTest, AScriptThatIsNamedAndVanishesStays) {
  write("a.lua", "on('pre-upload', function() return false, 'still here' end)");
  start(settings({"a.lua"}));
  fs::remove(directory_ / "a.lua");
  hooks_->check_files();
  EXPECT_EQ(ask(event_of("pre-upload")), "still here");
}

TEST_F(LuaHooksTest, TheWatcherSeesChangesByItself) {
  write("a.lua", "on('pre-upload', function() return false, 'one' end)");
  start(settings());
  write("a.lua", "on('pre-upload', function() return false, 'two' end)");
  for (int i = 0; i < 6000 && ask(event_of("pre-upload")) == "one"; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(ask(event_of("pre-upload")), "two");
}

TEST_F(LuaHooksTest, AStateThatRanOutOfMemoryIsReplaced) {
  write("a.lua",
        "kept = {}\non('pre-upload', {path = '/fill'}, function() while true do kept[#kept + 1] = {} end end)\n"
        "on('pre-upload', {path = '/ask'}, function() deny(tostring(#kept)) end)");
  LuaSettings given = settings();
  given.limits.memory = 1024 * 1024;
  start(std::move(given));
  EXPECT_EQ(ask(event_of("pre-upload", "/ask")), "0");
  EXPECT_EQ(ask(event_of("pre-upload", "/fill")), "internal error in script");
  EXPECT_EQ(ask(event_of("pre-upload", "/ask")), "0");
}

TEST_F(LuaHooksTest, ManyThreadsShareFewStatesWhileScriptsChange) {
  const auto script = [](int version) {
    return "local n = 0\non('pre-upload', function(ev) n = n + 1 if ev.virtual_path:match('%.exe$') then return false, "
           "'v" +
           std::to_string(version) + "' end end)\non('upload', function(ev) state.set(ev.virtual_path, true) end)";
  };
  write("a.lua", script(0));
  LuaSettings given = settings();
  given.max_states = 3;
  start(std::move(given));
  std::atomic<int> left = 8;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        EXPECT_EQ(ask(event_of("pre-upload", "/x.exe"))[0], 'v');
        EXPECT_EQ(ask(event_of("pre-upload", "/x.txt")), "allowed");
        EXPECT_TRUE(bus_.after({}, event_of("upload", "/" + std::to_string(i))));
      }
      --left;
    });
  for (int version = 1; left > 0; ++version) {
    write("a.lua", script(version));
    hooks_->check_files();
  }
}

TEST_F(LuaHooksTest, ACallThatFindsNoFreeStateEndsWithItsDeadlineAndDenies) {
  write("a.lua",
        "on('pre-upload', {path = '/slow'}, function() while true do end end)\n"
        "on('pre-upload', {path = '/quick'}, function() end)");
  LuaSettings given = settings();
  given.max_states = 1;
  given.limits.instructions = 1'000'000'000'000;
  given.limits.time = 1h;
  start(std::move(given));
  std::stop_source stop;
  std::atomic<bool> entered = false;
  std::jthread slow([&] {
    const auto deadline = std::chrono::steady_clock::now() + 300ms;
    entered = true;
    EXPECT_FALSE(bus_.before({.deadline = deadline}, event_of("pre-upload", "/slow")));
  });
  while (!entered) std::this_thread::yield();
  // Either it waits for the state in vain, or it came first and is allowed; afterwards it must work again.
  (void)bus_.before({.deadline = std::chrono::steady_clock::now() + 1ms}, event_of("pre-upload", "/quick"));
  slow.join();
  EXPECT_EQ(ask(event_of("pre-upload", "/quick")), "allowed");
}

TEST(LuaSettings, AreReadFromTheSection) {
  const boost::json::object section{
      {"scripts", {"lua/*.lua", "/abs/x.lua"}}, {"instruction_limit", 5000}, {"memory_limit", "1M"}, {"time_limit", 7}};
  std::vector<config::Problem> problems;
  const auto settings =
      LuaSettings::from(config::read_options(config::kLuaOptions, {.document = &section}, problems), "/etc/slipway");
  for (const auto& problem : problems) ADD_FAILURE() << problem.where << ": " << problem.message;
  EXPECT_EQ(settings.scripts, (std::vector<std::string>{"/etc/slipway/lua/*.lua", "/abs/x.lua"}));
  EXPECT_EQ(settings.limits.instructions, 5000u);
  EXPECT_EQ(settings.limits.memory, 1024u * 1024);
  EXPECT_EQ(settings.limits.time, 7ms);
}

}  // namespace
}  // namespace slipway::lua
