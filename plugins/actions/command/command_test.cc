// The module as it ships, with real programs.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "tests/support/loaded_action.h"

namespace slipway::command {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::LoadedAction;

std::string read_file(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

bool appears(const fs::path& path) {
  for (int i = 0; i < 6000 && !fs::exists(path); ++i) std::this_thread::sleep_for(5ms);
  return fs::exists(path);
}

// Zombies and running processes alike; a zombie is reaped by its parent, which may not be us.
bool alive(pid_t pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto state = stat.rfind(") ");
  return state != std::string::npos && stat[state + 2] != 'Z';
}

bool vanishes(pid_t pid) {
  for (int i = 0; i < 6000 && alive(pid); ++i) std::this_thread::sleep_for(5ms);
  return !alive(pid);
}

class CommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "slipway-command-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override {
    fs::remove_all(directory_);
    errno = 0;
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was not reaped";
    EXPECT_EQ(errno, ECHILD);
  }
  std::string script(const std::string& name, const std::string& body) {
    const fs::path path = directory_ / name;
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    fs::permissions(path, fs::perms::owner_all);
    return path.string();
  }
  static std::string use(json::object options) { return json::serialize(options); }

  fs::path directory_;
};

TEST_F(CommandTest, ExitStatusZeroIsSuccessAndStandardOutputIsTheAnswer) {
  LoadedAction action(MODULE_FILE, "{}");
  const auto reply = action.run(use({{"cmd", script("ok", "echo hello; echo \"$1-$2\"")}, {"args", {"a b", "c"}}}));
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(reply->code, 0);
  EXPECT_EQ(reply->body, "hello\na b-c\n");
}

TEST_F(CommandTest, AnotherExitStatusIsARefusalThatCarriesStatusAndAnswer) {
  LoadedAction action(MODULE_FILE, "{}");
  const auto reply = action.run(use({{"cmd", script("no", "echo not on sundays; exit 3")}}));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.code(), Errc::PermissionDenied);
  EXPECT_EQ(reply.error().cause(), "exit status 3: not on sundays");
}

TEST_F(CommandTest, AProgramKilledByASignalIsARefusal) {
  LoadedAction action(MODULE_FILE, "{}");
  const auto reply = action.run(use({{"cmd", script("dies", "kill -9 $$")}}));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.code(), Errc::PermissionDenied);
  EXPECT_EQ(reply.error().cause(), "killed by signal 9");
}

TEST_F(CommandTest, AMissingProgramAndARelativePathAreSaidSo) {
  LoadedAction action(MODULE_FILE, "{}");
  const auto missing = action.run(use({{"cmd", (directory_ / "missing").string()}}));
  EXPECT_EQ(missing.code(), Errc::Unavailable);
  EXPECT_NE(missing.error().message().find("No such file"), std::string::npos);
  EXPECT_EQ(action.run(use({{"cmd", "bin/true"}})).code(), Errc::InvalidArgument);
}

TEST_F(CommandTest, AHooksEnvironmentIsWhatIsConfiguredAndGivenAndNothingElse) {
  ::setenv("SLIPWAY_TEST_LEAK", "leaked", 1);
  const std::string path = script("env", "/usr/bin/env | /usr/bin/sort");
  LoadedAction action(MODULE_FILE, use({{"env", {"PATH=/usr/bin:/bin", "SHARED=section"}},
                                        {"commands",
                                         {{{"path", path}, {"hook", "startup"}, {"env", {"WRONG=hook"}}},
                                          {{"path", path}, {"env", {"SHARED=command", "OWN=1"}}, {"args", {"x"}}}}}}));
  const auto reply = action.run(
      use({{"cmd", path},
           {"hook", "fs_actions"},
           {"env_vars", {{{"key", "SFTPGO_ACTION"}, {"value", "upload"}}, {{"key", "MULTI"}, {"value", "a=b"}}}}}));
  ASSERT_TRUE(reply) << reply.error().message();
  // PWD, _ and the like are the shell's own.
  std::string lines;
  std::istringstream in(reply->body);
  for (std::string line; std::getline(in, line);)
    if (!line.starts_with("PWD=") && !line.starts_with("_=") && !line.starts_with("SHLVL=")) lines += line + "\n";
  EXPECT_EQ(lines, "MULTI=a=b\nOWN=1\nPATH=/usr/bin:/bin\nSFTPGO_ACTION=upload\nSHARED=command\n");
}

TEST_F(CommandTest, ARulesEnvironmentLeavesOutTheSectionAndMayCopyServerVariables) {
  ::setenv("COPY_ME", "copied", 1);
  ::setenv("SFTPGO_SECRET", "secret", 1);
  LoadedAction action(MODULE_FILE, use({{"env", {"SHARED=section"}}}));
  const auto reply = action.run(
      use({{"cmd", script("env", "echo \"[$COPY_ME][$SFTPGO_SECRET][$SHARED]\"")},
           {"env_vars", {{{"key", "COPY_ME"}, {"value", "$"}}, {{"key", "SFTPGO_SECRET"}, {"value", "$"}}}}}));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "[copied][][]\n");
}

TEST_F(CommandTest, ArgumentsOfTheSectionComeBeforeThoseOfTheUse) {
  const std::string path = script("args", "echo \"$@\"");
  LoadedAction action(MODULE_FILE, use({{"commands", {{{"path", path}, {"args", {"one", "two"}}}}}}));
  const auto reply = action.run(use({{"cmd", path}, {"hook", "fs_actions"}, {"args", {"three"}}}));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "one two three\n");
}

TEST_F(CommandTest, NoDescriptorOfTheServerReachesTheProgram) {
  const int leak = ::open("/dev/null", O_RDONLY);  // without close-on-exec, as a careless library would
  ASSERT_GE(leak, 0);
  LoadedAction action(MODULE_FILE, "{}");
  const auto reply =
      action.run(use({{"cmd", script("fds",
                                     "for n in 3 4 5 6 7 8 9 10 11 12; do\n"
                                     "  [ -e /proc/$$/fd/$n ] && readlink_=1 && [ $n -lt 10 ] && echo open $n\n"
                                     "done\ncat")}}));
  ::close(leak);
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(reply->body, "");  // and `cat` found the end of standard input at once
}

TEST_F(CommandTest, OutputBeyondTheLimitIsDroppedAndDoesNotBlockTheProgram) {
  LoadedAction action(MODULE_FILE, "{}");
  const auto reply =
      action.run(use({{"cmd", script("big", "head -c 2000000 /dev/zero; head -c 2000000 /dev/zero >&2")}}));
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(reply->body.size(), 1024u * 1024);
}

TEST_F(CommandTest, StandardErrorGoesToTheLogLineByLineWithALimit) {
  LoadedAction action(MODULE_FILE, "{}");
  ASSERT_TRUE(action.run(
      use({{"cmd", script("warns", "echo first >&2; i=0; while [ $i -lt 100 ]; do echo line >&2; i=$((i+1)); done")},
           {"hook", "startup"}})));
  const std::string log = action.host().log_text();
  EXPECT_EQ(log.find("first command="), 0u);
  EXPECT_NE(log.find("hook=startup"), std::string::npos);
  EXPECT_LE(std::count(log.begin(), log.end(), '\n'), 33);
}

TEST_F(CommandTest, ATimeoutEndsTheWholeProcessGroup) {
  LoadedAction action(MODULE_FILE, "{}");
  const fs::path child_file = directory_ / "child";
  const std::string path = script("hangs", "sleep 1000 & echo $! > " + child_file.string() + "\nwait");
  const auto reply = action.run(use({{"cmd", path}, {"timeout", 1}}));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.code(), Errc::TimedOut);
  ASSERT_TRUE(appears(child_file));
  EXPECT_TRUE(vanishes(std::stoi(read_file(child_file))));
}

TEST_F(CommandTest, AProgramThatIgnoresTerminationIsKilled) {
  LoadedAction action(MODULE_FILE, "{}");
  const auto reply =
      action.run(use({{"cmd", script("stubborn", "trap '' TERM\nwhile :; do sleep 1; done")}, {"timeout", 1}}));
  EXPECT_EQ(reply.code(), Errc::TimedOut);
}

TEST_F(CommandTest, AStopRequestEndsTheProgramEarly) {
  LoadedAction action(MODULE_FILE, "{}");
  const fs::path started = directory_ / "started";
  const std::string path = script("long", "echo $$ > " + started.string() + ".tmp; mv " + started.string() + ".tmp " +
                                              started.string() + "; exec sleep 1000");
  std::stop_source stop;
  std::jthread stopper([&] {
    appears(started);
    stop.request_stop();
  });
  const auto reply = action.run(use({{"cmd", path}}), {.stop = stop.get_token()});
  EXPECT_EQ(reply.code(), Errc::Cancelled);
  EXPECT_FALSE(alive(std::stoi(read_file(started))));
}

TEST_F(CommandTest, TheDeadlineOfTheOperationCounts) {
  LoadedAction action(MODULE_FILE, "{}");
  const auto reply =
      action.run(use({{"cmd", script("long", "exec sleep 1000")}}), {.deadline = steady_clock::now() + 50ms});
  EXPECT_EQ(reply.code(), Errc::TimedOut);
}

TEST_F(CommandTest, ABackgroundChildThatKeepsThePipeOpenDoesNotHoldUpTheAnswer) {
  LoadedAction action(MODULE_FILE, "{}");
  const auto reply = action.run(use({{"cmd", script("daemon", "sleep 1000 &\necho $!")}}));
  ASSERT_TRUE(reply);
  const pid_t background = std::stoi(reply->body);
  EXPECT_TRUE(alive(background));
  ::kill(background, SIGKILL);
}

TEST_F(CommandTest, StoppingTheModuleEndsWhatRunsAndRefusesMore) {
  LoadedAction action(MODULE_FILE, "{}");
  const fs::path started = directory_ / "started";
  const std::string path = script("long", "echo > " + started.string() + "; exec sleep 1000");
  std::jthread running([&] { EXPECT_EQ(action.run(use({{"cmd", path}})).code(), Errc::Cancelled); });
  ASSERT_TRUE(appears(started));
  action.stop();
  running.join();
  EXPECT_EQ(action.run(use({{"cmd", path}})).code(), Errc::Unavailable);
}

TEST_F(CommandTest, ManyProgramsRunAtOnce) {
  LoadedAction action(MODULE_FILE, "{}");
  const std::string path = script("echo", "echo \"$1\"");
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string text = std::to_string(t) + "." + std::to_string(i);
        const auto reply = action.run(use({{"cmd", path}, {"args", {text}}}));
        ASSERT_TRUE(reply) << reply.error().message();
        EXPECT_EQ(reply->body, text + "\n");
      }
    });
}

TEST_F(CommandTest, ABadSectionIsRefusedAndTheOldOneKept) {
  const std::string path = script("env", "echo \"$KEPT\"");
  LoadedAction action(MODULE_FILE, use({{"env", {"KEPT=yes"}}}));
  EXPECT_EQ(action.configure(use({{"env", {"no equals sign"}}})).code(), Errc::InvalidArgument);
  EXPECT_EQ(action.configure(use({{"commands", {{{"path", "relative"}}}}})).code(), Errc::InvalidArgument);
  const auto reply = action.run(use({{"cmd", path}, {"hook", "fs_actions"}}));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "yes\n");
}

TEST_F(CommandTest, AVariableWithoutAProperNameIsRefused) {
  LoadedAction action(MODULE_FILE, "{}");
  const std::string path = script("ok", "true");
  for (const char* name : {"A=B", ""})
    EXPECT_EQ(action.run(use({{"cmd", path}, {"env_vars", {{{"key", name}, {"value", "x"}}}}})).code(),
              Errc::InvalidArgument);
}

// ---- dialogues

TEST_F(CommandTest, AProgramIsSpokenWithInLines) {
  LoadedAction action(MODULE_FILE, R"({"env":["GREETING=hello"]})");
  auto talk = action.converse(use({{"cmd", script("talk",
                                                  "echo \"$GREETING $NAME\"; read -r a; read -r b; "
                                                  "echo \"$b $a\"; echo oops >&2; printf end")},
                                   {"hook", "keyboard_interactive"},
                                   {"env_vars", json::array{json::object{{"key", "NAME"}, {"value", "ann"}}}}}));
  ASSERT_TRUE(talk) << talk.error().message();
  EXPECT_EQ(*(*talk)->read_line({}), "hello ann");
  ASSERT_TRUE((*talk)->write_line({}, "one"));
  ASSERT_TRUE((*talk)->write_line({}, "two"));
  EXPECT_EQ(*(*talk)->read_line({}), "two one");
  EXPECT_EQ(*(*talk)->read_line({}), "end") << "the last line needs no end";
  const auto over = (*talk)->read_line({});
  EXPECT_EQ(over.code(), Errc::Unavailable);
  talk->reset();
  EXPECT_NE(action.host().log_text().find("oops"), std::string::npos);
}

TEST_F(CommandTest, ADialogueThatIsDroppedEndsItsProgram) {
  LoadedAction action(MODULE_FILE, "{}");
  auto talk = action.converse(use({{"cmd", script("waits", "echo $$; read -r never; exit 0")}, {"hook", "x"}}));
  ASSERT_TRUE(talk);
  const pid_t pid = std::stoi(*(*talk)->read_line({}));
  EXPECT_TRUE(alive(pid));
  talk->reset();
  EXPECT_TRUE(vanishes(pid));
}

TEST_F(CommandTest, ADialogueHasAnEnd) {
  LoadedAction action(MODULE_FILE, "{}");
  auto slow = action.converse(use({{"cmd", script("slow", "exec sleep 1000")}, {"hook", "x"}, {"timeout", 1}}));
  ASSERT_TRUE(slow);
  EXPECT_EQ((*slow)->read_line({}).code(), Errc::TimedOut);

  auto waits = action.converse(use({{"cmd", script("waits", "exec sleep 1000")}, {"hook", "x"}}));
  ASSERT_TRUE(waits);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_EQ((*waits)->read_line(OpContext{.stop = stop.get_token()}).code(), Errc::Cancelled);
  EXPECT_EQ((*waits)->read_line(OpContext{.deadline = steady_clock::now()}).code(), Errc::TimedOut);
}

TEST_F(CommandTest, LinesWithoutEndAreRefused) {
  LoadedAction action(MODULE_FILE, "{}");
  auto talk = action.converse(use({{"cmd", script("long", "head -c 100000 /dev/zero; sleep 1000")}, {"hook", "x"}}));
  ASSERT_TRUE(talk);
  EXPECT_EQ((*talk)->read_line({}).code(), Errc::TooLarge);
  EXPECT_EQ(action.converse(use({{"cmd", "/does/not/exist"}, {"hook", "x"}})).code(), Errc::Unavailable);
}

}  // namespace
}  // namespace slipway::command
