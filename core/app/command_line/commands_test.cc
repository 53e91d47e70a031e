#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "core/app/command_line/offline.h"

namespace slipway::app {
namespace {

class CommandsTest : public testing::Test {
 protected:
  CommandsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "slipway-commands-XXXXXX").native();
    location_.config_dir = ::mkdtemp(pattern.data());
  }
  ~CommandsTest() override { std::filesystem::remove_all(location_.config_dir); }

  void write(const std::string& name, std::string_view text) const {
    std::ofstream(location_.config_dir + "/" + name) << text;
  }

  std::unique_ptr<AccountRooms> rooms() const {
    auto opened = open_offline(location_, Migrate::AsConfigured);
    EXPECT_TRUE(opened.ok());
    return opened ? std::move(opened->rooms) : nullptr;
  }

  void add_admin() const {
    accounts::Admin admin;
    admin.username = "ann";
    admin.password = "first password";
    admin.permissions = {"*"};
    admin.filters.allow_list = {"192.0.2.0/24"};
    admin.filters.disable_password_auth = true;
    Actor actor;
    actor.name = "__system__";
    const auto open = rooms();
    ASSERT_TRUE(open->accounts->admins().add(admin, actor).ok());
  }

  Location location_;
};

TEST_F(CommandsTest, InitproviderMakesTheDatabaseThatUpdateModeOneWaitsFor) {
  write("slipway.json", R"({"data_provider":{"update_mode":1}})");
  EXPECT_FALSE(open_offline(location_, Migrate::AsConfigured).ok());
  EXPECT_EQ(init_provider(location_, {}), 0);
  EXPECT_TRUE(open_offline(location_, Migrate::AsConfigured).ok());
  EXPECT_EQ(init_provider(location_, {}), 0) << "again is fine";
}

TEST_F(CommandsTest, InitproviderLoadsADumpAndRemovesItWhenAsked) {
  write("dump.json",
        R"({"users":[{"username":"ann","password":"pw","status":1,"home_dir":"/srv/ann","permissions":{"/":["*"]}}]})");
  const std::string dump = location_.config_dir + "/dump.json";
  EXPECT_EQ(init_provider(location_, {.loaddata_from = dump, .loaddata_mode = 1, .loaddata_clean = true}), 0);
  EXPECT_FALSE(std::filesystem::exists(dump));
  EXPECT_TRUE(rooms()->accounts->users().get("ann").ok());
  write("dump.json", R"({"users":[{"username":"bob"}]})");
  EXPECT_EQ(init_provider(location_, {.loaddata_from = dump, .loaddata_mode = 1, .loaddata_clean = true}), 1);
  EXPECT_TRUE(std::filesystem::exists(dump)) << "what was not loaded is not removed";
}

TEST_F(CommandsTest, ABadConfigurationStopsCommandsOnAccounts) {
  write("slipway.json", R"({"common":{"idle_timout":1}})");
  EXPECT_EQ(init_provider(location_, {}), 1);
  EXPECT_FALSE(std::filesystem::exists(location_.config_dir + "/slipway.db"));
}

TEST_F(CommandsTest, ResetadminLetsAnAdministratorInAgain) {
  add_admin();
  const PasswordSource source = [] { return Result<std::string>("second password"); };
  EXPECT_EQ(reset_admin(location_, {.admin = "ann"}, source), 1) << "nothing to do is a mistake";
  EXPECT_EQ(reset_admin(location_, {.admin = "bob", .two_factor = true}, source), 1);
  EXPECT_EQ(
      reset_admin(location_, {.admin = "ann", .password = true, .two_factor = true, .restrictions = true}, source), 0);
  const auto open = rooms();
  const auto admin = open->accounts->admins().get("ann");
  ASSERT_TRUE(admin.ok());
  EXPECT_EQ(admin->status, 1);
  EXPECT_TRUE(admin->filters.allow_list.empty());
  EXPECT_FALSE(admin->filters.disable_password_auth);
  EXPECT_TRUE(*open->accounts->verify_admin_password("ann", "second password"));
}

TEST_F(CommandsTest, AFailedPasswordChangesNothing) {
  add_admin();
  const PasswordSource none = [] {
    return Result<std::string>(Error(Errc::InvalidArgument, "password", "the two are not the same"));
  };
  EXPECT_EQ(reset_admin(location_, {.admin = "ann", .password = true, .restrictions = true}, none), 1);
  EXPECT_EQ(rooms()->accounts->admins().get("ann")->status, 0);
}

TEST_F(CommandsTest, ManageWorksWithoutAServer) {
  EXPECT_EQ(manage(location_, "users.list", ""), 0);
  EXPECT_EQ(manage(location_, "users.lst", ""), 1);
  EXPECT_EQ(manage(location_, "users.list", "{"), 1);
  EXPECT_EQ(manage(location_, "connections.list", ""), 1) << "that needs a server";
  EXPECT_EQ(ping(location_), 1);
}

TEST(PortablePatterns, AllowedAndDeniedOnesOfADirectoryAreOneFilter) {
  const auto patterns = portable_patterns({"/::*.txt", "/a::*.jpg, *.png"}, {"/::*.exe"});
  ASSERT_TRUE(patterns.ok());
  EXPECT_EQ(*patterns, boost::json::parse(R"([{"path":"/","allowed_patterns":["*.txt"],"denied_patterns":["*.exe"]},
                                              {"path":"/a","allowed_patterns":["*.jpg","*.png"],"denied_patterns":[]}])")
                           .as_array());
  for (const char* bad : {"", "*.jpg", "/dir:*.jpg", "dir::*.jpg"}) EXPECT_FALSE(portable_patterns({bad}, {})) << bad;
}

}  // namespace
}  // namespace slipway::app
