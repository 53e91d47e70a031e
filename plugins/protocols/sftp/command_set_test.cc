#include "command_set.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace slipway::sftp {
namespace {

using Names = std::vector<std::string>;

CommandSet set_of(const Names& wanted) {
  Names unknown;
  return CommandSet(known_commands(wanted, unknown), std::string(kDefaultSystemName));
}

TEST(Commands, UnknownNamesAreToldAndLeftOut) {
  Names unknown;
  EXPECT_EQ(known_commands({"pwd", "rm", "pwd", "rsync"}, unknown), Names{"pwd"});
  EXPECT_EQ(unknown, (Names{"rm", "rsync"}));
}

TEST(Commands, AStarIsAllOfThem) {
  Names unknown;
  const auto all = known_commands({"pwd", "*"}, unknown);
  for (const char* name : {"scp", "md5sum", "sha512sum", "uname", "slipway-copy", "slipway-remove"})
    EXPECT_NE(std::find(all.begin(), all.end(), name), all.end()) << name;
}

TEST(Commands, NamesOfCompatibleServersAreAliases) {
  for (const char* enabled : {"slipway-copy", "sftpgo-copy"}) {
    const auto commands = set_of({enabled});
    EXPECT_TRUE(commands.prepare("slipway-copy a b")) << enabled;
    EXPECT_TRUE(commands.prepare("sftpgo-copy a b")) << enabled;
    EXPECT_FALSE(commands.prepare("sftpgo-remove a")) << enabled;
  }
}

TEST(Commands, OnlyWhatIsEnabledRuns) {
  const auto commands = set_of({"md5sum", "scp"});
  EXPECT_EQ(commands.prepare("md5sum a")->protocol, "SSH");
  EXPECT_EQ(commands.prepare("scp -t .")->protocol, "SCP");
  for (const char* line : {"sha1sum a", "pwd", "", " ", "md5sum 'a", "rm -rf /", "/usr/bin/md5sum a", "MD5SUM a"})
    EXPECT_FALSE(commands.prepare(line)) << line;
  EXPECT_FALSE(set_of({}).prepare("pwd"));
}

}  // namespace
}  // namespace slipway::sftp
