// The scripts of scripts/lua as they are, and with other settings.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/lua/handler.h"
#include "core/lua/interpreter.h"
#include "core/lua/store.h"

namespace slipway::lua {
namespace {

namespace fs = std::filesystem;

std::string read_script(const std::string& name) {
  std::ifstream in(fs::path(SCRIPTS_DIR) / name);
  std::ostringstream out;
  out << in.rdbuf();
  EXPECT_GT(out.str().size(), 0u) << name;
  return out.str();
}

class Shipped {
 public:
  // `settings` replace the script's own, unless empty.
  explicit Shipped(const std::string& name, const std::string& settings = {}) {
    std::string text = read_script(name);
    if (!settings.empty()) {
      const std::string begin = "-- settings\n", end = "-- end of settings\n";
      const auto from = text.find(begin), to = text.find(end);
      EXPECT_TRUE(from != std::string::npos && to != std::string::npos) << name;
      text.replace(from, to - from, settings);
    }
    scripts_.push_back({"/" + name, name, text});
    auto made = Interpreter::make({}, store_, scripts_);
    if (made)
      interpreter_ = *std::move(made);
    else
      problem_ = made.error().message();
  }
  const std::string& problem() const { return problem_; }
  std::string ask(const Event& event) {
    if (!interpreter_) return problem_;
    const Status status = interpreter_->before({}, event);
    return status ? "allowed" : status.error().cause();
  }
  Interpreter& interpreter() { return *interpreter_; }

 private:
  Store store_;
  std::vector<Script> scripts_;
  std::unique_ptr<Interpreter> interpreter_;
  std::string problem_;
};

std::string upload(Shipped& script, const std::string& path, const std::string& user = "ann") {
  Event event;
  event.action = "pre-upload";
  event.virtual_path = path;
  event.username = user;
  event.protocol = "SFTP";
  return script.ask(event);
}

std::string login(Shipped& script, const std::string& user, const std::string& ip = "192.0.2.9",
                  const std::string& protocol = "SSH") {
  Event event;
  event.action = "pre-login";
  event.username = user;
  event.ip = ip;
  event.protocol = protocol;
  return script.ask(event);
}

TEST(DenyExtensions, ProgramsAreRefusedAsShipped) {
  Shipped script("deny-extensions.lua");
  ASSERT_EQ(script.problem(), "");
  for (const char* good : {"/a.txt", "/exe", "/a.exe/b", "/dir/.exe", "/archive.tar.gz", "/a.exe.txt", "/a"})
    EXPECT_EQ(upload(script, good), "allowed") << good;
  for (const char* bad : {"/a.exe", "/deep/in/A.EXE", "/a.txt.Exe", "/a.exe.", "/a.exe . "})
    EXPECT_EQ(upload(script, bad), "files of type exe are not accepted") << bad;
}

TEST(DenyExtensions, RulesHaveTheirOwnPathsUsersAndLists) {
  Shipped script("deny-extensions.lua", R"(local rules = {
    {path = "/scans/**", allowed = {"pdf", "tif"}, user = "[!s]*"},
    {path = {"/in/*", "/out/*"}, denied = {"zip", ""}, protocol = "SFTP"},
  }
  )");
  ASSERT_EQ(script.problem(), "");
  EXPECT_EQ(upload(script, "/scans/x/1.pdf"), "allowed");
  EXPECT_EQ(upload(script, "/scans/1.doc"), "files of type doc are not accepted here");
  EXPECT_EQ(upload(script, "/scans/1"), "files without an extension are not accepted here");
  EXPECT_EQ(upload(script, "/scans/1.doc", "scanner"), "allowed");
  EXPECT_EQ(upload(script, "/in/a.zip"), "files of type zip are not accepted");
  EXPECT_EQ(upload(script, "/out/a"), "files without an extension are not accepted");
  EXPECT_EQ(upload(script, "/other/a.zip"), "allowed");
}

TEST(DenyExtensions, ARenameIsWatchedAndARuleWithoutAListIsAMistake) {
  Shipped script("deny-extensions.lua");
  Event event;
  event.action = "rename";
  event.virtual_path = "/a.txt";
  event.virtual_target_path = "/a.exe";
  bool watched = false;
  for (const Handler& handler : script.interpreter().handlers()) watched = watched || handler.wants(event);
  EXPECT_TRUE(watched);
  script.interpreter().after({}, event);
  EXPECT_NE(Shipped("deny-extensions.lua", "local rules = {{path = '/**'}}\n").problem().find("rule 1 needs either"),
            std::string::npos);
}

// Settings with a clock that stands still.
std::string at(int weekday, int hour, int minute, const std::string& rules) {
  return "local zone = 'utc'\nlocal function time() return {weekday = " + std::to_string(weekday) +
         ", hour = " + std::to_string(hour) + ", minute = " + std::to_string(minute) + "} end\nlocal rules = {" +
         rules + "}\n";
}

TEST(LoginHours, EverybodyMayComeAsShipped) {
  Shipped script("login-hours.lua");
  ASSERT_EQ(script.problem(), "");
  EXPECT_EQ(login(script, "ann"), "allowed");
}

TEST(LoginHours, DaysAndHoursAreKept) {
  const std::string office = "{user = 'ann', days = {1, 2, 3, 4, 5}, from = '08:00', to = '17:30'}";
  const auto ask = [&](int weekday, int hour, int minute) {
    Shipped script("login-hours.lua", at(weekday, hour, minute, office));
    EXPECT_EQ(login(script, "bob"), "allowed");
    return login(script, "ann");
  };
  const std::string closed = "logins are not allowed at this time";
  EXPECT_EQ(ask(1, 8, 0), "allowed");
  EXPECT_EQ(ask(5, 17, 29), "allowed");
  EXPECT_EQ(ask(3, 7, 59), closed);
  EXPECT_EQ(ask(3, 17, 30), closed);
  EXPECT_EQ(ask(6, 12, 0), closed);
}

TEST(LoginHours, ANightBelongsToTheDayOnWhichItBegins) {
  const std::string nights = "{user = 'backup', days = {5}, from = '22:00', to = '04:00'}";
  const auto ask = [&](int weekday, int hour) {
    Shipped script("login-hours.lua", at(weekday, hour, 0, nights));
    return login(script, "backup") == "allowed";
  };
  EXPECT_TRUE(ask(5, 23));
  EXPECT_TRUE(ask(6, 3));
  EXPECT_FALSE(ask(6, 4));
  EXPECT_FALSE(ask(5, 3));
  EXPECT_FALSE(ask(6, 23));
  EXPECT_FALSE(ask(5, 21));
}

TEST(LoginHours, NetworksAndProtocolsAreKept) {
  Shipped script("login-hours.lua", at(1, 12, 0,
                                       "{user = 'branch-*', networks = {'192.0.2.0/24', '2001:db8::/32'}}, {user = "
                                       "'ann', protocol = 'FTP', networks = '10.0.0.1'}"));
  ASSERT_EQ(script.problem(), "");
  EXPECT_EQ(login(script, "branch-1", "192.0.2.77"), "allowed");
  EXPECT_EQ(login(script, "branch-1", "2001:db8::1"), "allowed");
  EXPECT_EQ(login(script, "branch-1", "203.0.113.1"), "logins are not allowed from this address");
  EXPECT_EQ(login(script, "ann", "203.0.113.1", "SSH"), "allowed");
  EXPECT_EQ(login(script, "ann", "203.0.113.1", "FTP"), "logins are not allowed from this address");
}

TEST(LoginHours, MistakesInTheSettingsAreFoundAtOnce) {
  const auto problem = [](const std::string& rules) {
    return Shipped("login-hours.lua", at(1, 12, 0, rules)).problem();
  };
  EXPECT_NE(problem("{from = '8 o clock'}").find("is not a time of day"), std::string::npos);
  EXPECT_NE(problem("{from = '25:00'}").find("is not a time of day"), std::string::npos);
  EXPECT_NE(problem("{from = '08:00', to = '08:00'}").find("ends when it begins"), std::string::npos);
  EXPECT_NE(problem("{networks = {'10.0.0.0/99'}}").find("neither an address nor a network"), std::string::npos);
}

}  // namespace
}  // namespace slipway::lua
