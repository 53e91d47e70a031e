#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "command_stand.h"
#include "scp_command.h"

namespace slipway::sftp {
namespace {

using std::string_literals::operator""s;
const std::string kYes(1, '\0');

class ScpSourceTest : public ::testing::Test {
 protected:
  // `answers` are the client's; more than enough agreement otherwise.
  int source(std::vector<std::string> arguments, const std::string& answers = std::string(1000, '\0')) {
    arguments.insert(arguments.begin(), "-f");
    stand.io = {};
    stand.io.script = answers;
    return stand.run(*make_scp_command(std::move(arguments)));
  }
  const std::string& said() const { return stand.io.output; }
  void put(const std::string& name, const std::string& content, mode_t mode = 0644) {
    stand.put(name, content);
    ::chmod((stand.root / name).c_str(), mode);
  }
  void fail(std::string call, std::string path, Errc code, std::uint64_t from = 0) {
    stand.fs.fault = [=](std::string_view which, const VPath& where, std::uint64_t offset) -> std::optional<Error> {
      if (which == call && where.str() == path && offset >= from) return Error(code, path);
      return std::nullopt;
    };
  }

  testing::CommandStand stand;
};

TEST_F(ScpSourceTest, AFile) {
  put("a", "hello", 0640);
  EXPECT_EQ(source({"a"}, kYes + kYes + kYes), 0);
  EXPECT_EQ(said(), "C0640 5 a\nhello"s + kYes);
  EXPECT_EQ(stand.fs.finished, std::vector<std::string>{"/a"});
}

TEST_F(ScpSourceTest, NothingIsSentBeforeTheClientIsReady) {
  put("a", "hello");
  EXPECT_EQ(source({"a"}, ""), 1);
  EXPECT_EQ(said(), "");
  EXPECT_EQ(source({"a"}, "\1scp: not now\n"), 1);
  EXPECT_EQ(said(), "");
}

TEST_F(ScpSourceTest, TimesComeFirst) {
  put("a", "x");
  const timespec times[2] = {{1100000000, 5}, {1000000000, 7}};
  ::utimensat(AT_FDCWD, (stand.root / "a").c_str(), times, 0);
  EXPECT_EQ(source({"-p", "a"}, std::string(4, '\0')), 0);
  EXPECT_EQ(said(), "T1000000000 0 1100000000 0\nC0644 1 a\nx"s + kYes);
}

TEST_F(ScpSourceTest, SeveralFilesAndAMissingOne) {
  put("a", "x");
  put("b", "");
  EXPECT_EQ(source({"a", "missing", "b"}), 1);
  EXPECT_EQ(said(), "C0644 1 a\nx"s + kYes + "\1scp: /missing: no such file or directory\nC0644 0 b\n" + kYes);
}

TEST_F(ScpSourceTest, GlobsAreLiteral) {
  put("a", "x");
  put("*", "star");
  EXPECT_EQ(source({"*"}), 0);
  EXPECT_EQ(said(), "C0644 4 *\nstar"s + kYes);
  EXPECT_EQ(source({"[a]"}), 1);
}

TEST_F(ScpSourceTest, ADirectoryNeedsTheOption) {
  put("d/a", "x");
  EXPECT_EQ(source({"d"}), 1);
  EXPECT_EQ(said(), "\1scp: /d: unable to send directory for non recursive copy\n");
}

TEST_F(ScpSourceTest, ATreeSendsItsFilesBeforeItsDirectories) {
  put("d/a", "x");
  put("d/e/b", "y");
  std::filesystem::create_directories(stand.root / "d/e/empty");
  for (const auto* name : {"d", "d/e", "d/e/empty"}) ::chmod((stand.root / name).c_str(), 0755);
  EXPECT_EQ(source({"-r", "d"}), 0);
  EXPECT_EQ(said(), "D0755 0 d\nC0644 1 a\nx"s + kYes + "D0755 0 e\nC0644 1 b\ny" + kYes + "D0755 0 empty\nE\nE\nE\n");
}

TEST_F(ScpSourceTest, TheRootHasTheUsersName) {
  put("a", "x");
  ::chmod(stand.root.c_str(), 0700);
  EXPECT_EQ(source({"-r", "/"}), 0);
  EXPECT_EQ(said(), "D0700 0 anna\nC0644 1 a\nx"s + kYes + "E\n");
}

TEST_F(ScpSourceTest, ALargeFileInOrder) {
  std::string content;
  while (content.size() < 3'000'000) content += std::to_string(content.size()) + ",";
  put("a", content);
  EXPECT_EQ(source({"a"}), 0);
  EXPECT_EQ(said(), "C0644 " + std::to_string(content.size()) + " a\n" + content + kYes);
}

TEST_F(ScpSourceTest, AReadThatFailsIsFilledUpAndTold) {
  put("a", std::string(600'000, 'x'));
  put("b", "y");
  fail("read", "/a", Errc::IoError, 1);
  EXPECT_EQ(source({"a", "b"}), 1);
  const auto head = "C0644 600000 a\n"s;
  const auto tail = "\1scp: /a: failure\nC0644 1 b\ny"s + kYes;
  ASSERT_EQ(said().size(), head.size() + 600'000 + tail.size());
  EXPECT_EQ(said().substr(head.size() + 600'000), tail);
  EXPECT_EQ(stand.fs.finished, std::vector<std::string>{"/b"}) << "a download that failed is not complete";
}

TEST_F(ScpSourceTest, WhatIsMissingOfAHugeFileIsNotMadeUp) {
  put("a", "");
  std::filesystem::resize_file(stand.root / "a", 100'000'000);
  fail("read", "/a", Errc::IoError, 1);
  EXPECT_EQ(source({"a"}), 1);
  EXPECT_LT(said().size(), 2'000'000u);
  EXPECT_TRUE(said().ends_with("\2scp: a: failure\n"));
}

TEST_F(ScpSourceTest, AFileThatShrinksIsFilledUpAndTold) {
  put("a", std::string(600'000, 'x'));
  stand.fs.fault = [this](std::string_view call, const VPath&, std::uint64_t offset) -> std::optional<Error> {
    if (call == "read" && offset > 0) std::filesystem::resize_file(stand.root / "a", 10);
    return std::nullopt;
  };
  EXPECT_EQ(source({"a"}), 1);
  const auto head = "C0644 600000 a\n"s;
  EXPECT_EQ(said().substr(head.size() + 600'000), "\1scp: /a: failure\n");
}

TEST_F(ScpSourceTest, AFileThatTheClientDoesNotWantIsSkipped) {
  put("a", "hello");
  put("b", "y");
  EXPECT_EQ(source({"a", "b"}, kYes + "\1scp: a: Permission denied\n" + kYes + kYes), 1);
  EXPECT_EQ(said(), "C0644 5 a\nC0644 1 b\ny"s + kYes);
  EXPECT_EQ(stand.fs.finished, std::vector<std::string>{"/b"});
}

TEST_F(ScpSourceTest, AFileThatTheClientCouldNotStoreIsNotComplete) {
  put("a", "hello");
  EXPECT_EQ(source({"a"}, kYes + kYes + "\1scp: a: No space left on device\n"), 1);
  EXPECT_TRUE(stand.fs.finished.empty());
}

TEST_F(ScpSourceTest, ADirectoryThatTheClientDoesNotWantIsSkippedWithAllThatIsInIt) {
  put("d/e/a", "x");
  put("d/b", "y");
  ::chmod((stand.root / "d").c_str(), 0755);
  ::chmod((stand.root / "d/e").c_str(), 0755);
  EXPECT_EQ(source({"-r", "d"}, std::string(4, '\0') + "\1scp: e: Not a directory\n" + kYes), 1);
  EXPECT_EQ(said(), "D0755 0 d\nC0644 1 b\ny"s + kYes + "D0755 0 e\nE\n");
}

TEST_F(ScpSourceTest, AFatalErrorOfTheClientEndsIt) {
  put("a", "hello");
  put("b", "y");
  EXPECT_EQ(source({"a", "b"}, kYes + "\2scp: lost\n" + kYes + kYes), 1);
  EXPECT_EQ(said(), "C0644 5 a\n");
}

TEST_F(ScpSourceTest, AnAnswerThatIsNoneEndsIt) {
  put("a", "hello");
  EXPECT_EQ(source({"a"}, kYes + "what?\n"), 1);
  EXPECT_TRUE(said().starts_with("C0644 5 a\n\2scp: a: ")) << said();
  EXPECT_TRUE(said().find("lost track of the data") != std::string::npos) << said();
}

TEST_F(ScpSourceTest, AStopSaysNothing) {
  put("a", "hello");
  stand.io = {};
  stand.io.script = kYes;
  stand.io.cancelled_at_end = true;
  EXPECT_EQ(stand.run(*make_scp_command({"-f", "a"})), 1);
  EXPECT_EQ(said(), "C0644 5 a\n");
}

TEST_F(ScpSourceTest, WhoMayNotLookStillDownloads) {
  put("a", "x");
  fail("stat", "/a", Errc::PermissionDenied);
  EXPECT_EQ(source({"a"}), 0);
  EXPECT_EQ(said(), "C0644 1 a\nx"s + kYes);
}

TEST_F(ScpSourceTest, WhatCannotBeListedIsTold) {
  put("d/e/a", "x");
  fail("list", "/d/e", Errc::PermissionDenied);
  ::chmod((stand.root / "d").c_str(), 0755);
  EXPECT_EQ(source({"-r", "d"}), 1);
  EXPECT_EQ(said(), "D0755 0 d\n\1scp: /d/e: permission denied\nE\n");
}

TEST_F(ScpSourceTest, LinksAreFollowedButNotInCircles) {
  put("d/a", "x");
  ::chmod((stand.root / "d").c_str(), 0755);
  std::filesystem::create_symlink("a", stand.root / "d/b");
  EXPECT_EQ(source({"-r", "d"}), 0);
  EXPECT_NE(said().find("C0644 1 b\nx"), std::string::npos);
  std::filesystem::remove(stand.root / "d/b");
  std::filesystem::create_symlink("../d", stand.root / "d/round");
  EXPECT_EQ(source({"-r", "d"}), 1);
  EXPECT_EQ(said(),
            "D0755 0 d\nC0644 1 a\nx"s + kYes +
                "\1scp: /d/round: a link leads back to a directory that is being sent, or too many levels\nE\n");
}

TEST_F(ScpSourceTest, ADanglingLinkIsTold) {
  put("d/a", "x");
  ::chmod((stand.root / "d").c_str(), 0755);
  std::filesystem::create_symlink("nowhere", stand.root / "d/b");
  EXPECT_EQ(source({"-r", "d"}), 1);
  EXPECT_NE(said().find("\1scp: /d/b: no such file or directory\n"), std::string::npos);
  EXPECT_NE(said().find("C0644 1 a\nx"), std::string::npos);
}

TEST_F(ScpSourceTest, WhatIsNeitherFileNorDirectoryIsLeftOut) {
  put("d/a", "x");
  ::chmod((stand.root / "d").c_str(), 0755);
  ::mkfifo((stand.root / "d/pipe").c_str(), 0600);
  EXPECT_EQ(source({"-r", "d"}), 0);
  EXPECT_EQ(said(), "D0755 0 d\nC0644 1 a\nx"s + kYes + "E\n");
}

TEST_F(ScpSourceTest, ArgumentsThatMakeNoSense) {
  stand.io = {};
  EXPECT_EQ(stand.run(*make_scp_command({"-f", "-t", "a"})), 1);
  EXPECT_TRUE(said().starts_with("\2scp: "));
  EXPECT_EQ(stand.run(*make_scp_command({"a", "b"})), 1);
}

}  // namespace
}  // namespace slipway::sftp
