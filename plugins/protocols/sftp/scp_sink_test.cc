#include <gtest/gtest.h>
#include <sys/stat.h>

#include "command_stand.h"
#include "scp_command.h"

namespace slipway::sftp {
namespace {

using std::string_literals::operator""s;
const std::string kYes(1, '\0');

// Each case with the client's bytes in pieces of one byte, of three, and whole.
class ScpSinkTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  int sink(std::vector<std::string> arguments, const std::string& script) {
    arguments.insert(arguments.begin(), "-t");
    stand.io = {};
    stand.io.script = script;
    stand.io.piece = GetParam();
    return stand.run(*make_scp_command(std::move(arguments)));
  }
  const std::string& said() const { return stand.io.output; }
  // The answers that were agreement, up to the first other one.
  std::size_t agreed() const { return std::min(said().find_first_not_of('\0'), said().size()); }
  void fail(std::string call, std::string path, Errc code) {
    stand.fs.fault = [=](std::string_view which, const VPath& where, std::uint64_t) -> std::optional<Error> {
      if (which == call && where.str() == path) return Error(code, path);
      return std::nullopt;
    };
  }
  struct stat attributes(const std::string& name) const {
    struct stat st {};
    ::stat((stand.root / name).c_str(), &st);
    return st;
  }

  testing::CommandStand stand;
};

INSTANTIATE_TEST_SUITE_P(Pieces, ScpSinkTest, ::testing::Values(1, 3, 1 << 20));

TEST_P(ScpSinkTest, AFileGoesIntoADirectoryUnderItsOwnName) {
  std::filesystem::create_directory(stand.root / "in");
  EXPECT_EQ(sink({"in"}, "C0644 5 a\nhello\0"s), 0);
  EXPECT_EQ(said(), kYes + kYes + kYes);
  EXPECT_EQ(stand.get("in/a"), "hello");
  EXPECT_EQ(stand.fs.finished, std::vector<std::string>{"/in/a"});
}

TEST_P(ScpSinkTest, AFileTakesTheNameOfATargetThatIsNoDirectory) {
  stand.put("old", "something longer");
  EXPECT_EQ(sink({"new"}, "C0644 5 a\nhello\0"s), 0);
  EXPECT_EQ(sink({"old"}, "C0644 5 a\nhello\0"s), 0);
  EXPECT_EQ(stand.get("new"), "hello");
  EXPECT_EQ(stand.get("old"), "hello");
  EXPECT_FALSE(stand.has("a"));
}

TEST_P(ScpSinkTest, SeveralFilesAndEmptyOnes) {
  EXPECT_EQ(sink({"."}, "C0644 0 empty\n\0C0600 2 b\nxy\0"s), 0);
  EXPECT_EQ(said(), std::string(5, '\0'));
  EXPECT_TRUE(stand.has("empty"));
  EXPECT_EQ(stand.get("b"), "xy");
}

TEST_P(ScpSinkTest, ContentMayLookLikeMessages) {
  EXPECT_EQ(sink({"."}, "C0644 10 a\nE\nC0644 1\0\0"s), 0);
  EXPECT_EQ(stand.get("a"), "E\nC0644 1\0"s);
}

TEST_P(ScpSinkTest, ModeAndTimesAreSetWhenTheyAreSent) {
  EXPECT_EQ(sink({"-p", "."}, "T1000000000 0 1100000000 0\nC0640 1 a\nx\0"s), 0);
  EXPECT_EQ(said(), std::string(4, '\0'));
  EXPECT_EQ(attributes("a").st_mtime, 1000000000);
  EXPECT_EQ(attributes("a").st_atime, 1100000000);
  EXPECT_EQ(attributes("a").st_mode & 07777, 0640u);
}

TEST_P(ScpSinkTest, TimesAreOfTheNextEntryAlone) {
  EXPECT_EQ(sink({"-p", "."}, "T1000000000 0 1000000000 0\nC0640 1 a\nx\0C0640 1 b\nx\0"s), 0);
  EXPECT_EQ(attributes("a").st_mtime, 1000000000);
  EXPECT_NE(attributes("b").st_mtime, 1000000000);
}

TEST_P(ScpSinkTest, WhoMayNotSetThemGetsTheFileAllTheSame) {
  fail("attributes", "/a", Errc::PermissionDenied);
  EXPECT_EQ(sink({"-p", "."}, "T1 0 1 0\nC0640 1 a\nx\0"s), 0);
  EXPECT_EQ(said(), std::string(4, '\0'));
  EXPECT_EQ(stand.get("a"), "x");
}

TEST_P(ScpSinkTest, ATree) {
  EXPECT_EQ(sink({"-r", "-p", "."},
                 "T1000000000 0 1000000000 0\nD0750 0 d\nC0644 1 a\nx\0D0755 0 e\nC0644 1 b\ny\0E\nE\nC0644 1 c\nz\0"s),
            0);
  EXPECT_EQ(said(), std::string(12, '\0'));
  EXPECT_EQ(stand.get("d/a"), "x");
  EXPECT_EQ(stand.get("d/e/b"), "y");
  EXPECT_EQ(stand.get("c"), "z");
  EXPECT_EQ(attributes("d").st_mtime, 1000000000) << "set when everything is in it";
  EXPECT_EQ(attributes("d").st_mode & 07777, 0750u);
}

TEST_P(ScpSinkTest, ATreeTakesTheNameOfATargetThatIsNotThere) {
  EXPECT_EQ(sink({"-r", "new"}, "D0755 0 d\nC0644 1 a\nx\0E\n"s), 0);
  EXPECT_EQ(stand.get("new/a"), "x");
  std::filesystem::create_directory(stand.root / "there");
  EXPECT_EQ(sink({"-r", "there"}, "D0755 0 d\nC0644 1 a\nx\0E\n"s), 0);
  EXPECT_EQ(stand.get("there/d/a"), "x");
}

TEST_P(ScpSinkTest, ADirectoryThatIsThereIsGoneOnWith) {
  stand.put("d/old", "stays");
  EXPECT_EQ(sink({"-r", "."}, "D0755 0 d\nC0644 1 a\nx\0E\n"s), 0);
  EXPECT_EQ(stand.get("d/old"), "stays");
  EXPECT_EQ(stand.get("d/a"), "x");
}

TEST_P(ScpSinkTest, DirectoriesNeedTheOption) {
  EXPECT_EQ(sink({"."}, "D0755 0 d\nE\n"), 1);
  EXPECT_EQ(said(), kYes + "\2scp: received directory without -r\n");
  EXPECT_FALSE(stand.has("d"));
}

TEST_P(ScpSinkTest, NamesThatLeadElsewhereEndTheDialogue) {
  for (const auto& message : {"C0644 1 ..\nx\0"s, "C0644 1 .\nx\0"s, "C0644 1 ../a\nx\0"s, "C0644 1 /a\nx\0"s,
                              "C0644 1 \nx\0"s, "D0755 0 ..\nC0644 1 a\nx\0E\n"s}) {
    std::filesystem::create_directories(stand.root / "in");
    EXPECT_EQ(sink({"-r", "in"}, message), 1) << message;
    EXPECT_EQ(said(), kYes + "\2scp: unexpected filename\n") << message;
    EXPECT_FALSE(stand.has("a"));
    EXPECT_TRUE(std::filesystem::is_empty(stand.root / "in"));
  }
}

// A backslash separates paths of this server; a name of the wire is one component all the same.
TEST_P(ScpSinkTest, ANameThatTheServerWouldTakeApartIsSkippedWithItsContentUnread) {
  EXPECT_EQ(sink({"."}, "C0644 1 a\\b\nC0644 1 c\nx\0"s), 1);
  EXPECT_EQ(said(), kYes + "\1scp: a\\b: unexpected filename\n" + kYes + kYes);
  EXPECT_FALSE(stand.has("a"));
  EXPECT_EQ(stand.get("c"), "x");
}

TEST_P(ScpSinkTest, WhatCannotBeOpenedIsSkipped) {
  fail("open", "/a", Errc::PermissionDenied);
  EXPECT_EQ(sink({"."}, "C0644 1 a\nC0644 1 b\nx\0"s), 1);
  EXPECT_EQ(said(), kYes + "\1scp: /a: permission denied\n" + kYes + kYes);
  EXPECT_FALSE(stand.has("a"));
  EXPECT_EQ(stand.get("b"), "x");
}

TEST_P(ScpSinkTest, AFailedWriteIsToldWhenAllOfTheContentHasCome) {
  fail("write", "/a", Errc::QuotaExceeded);
  EXPECT_EQ(sink({"."}, "C0644 5 a\nhello\0C0644 1 b\nx\0"s), 1);
  EXPECT_EQ(said(), kYes + kYes + "\1scp: /a: failure\n" + kYes + kYes);
  EXPECT_EQ(stand.fs.finished, std::vector<std::string>{"/b"});
}

TEST_P(ScpSinkTest, AFileThatCannotBeFinishedIsTold) {
  fail("finish", "/a", Errc::NoSpace);
  EXPECT_EQ(sink({"."}, "C0644 1 a\nx\0"s), 1);
  EXPECT_EQ(said(), kYes + kYes + "\1scp: /a: no space left\n");
}

TEST_P(ScpSinkTest, WhatTheClientCouldNotReadIsNotStored) {
  EXPECT_EQ(sink({"."}, "C0644 5 a\nhel\0\0\1scp: a: Input/output error\nC0644 1 b\nx\0"s), 1);
  EXPECT_EQ(stand.fs.finished, std::vector<std::string>{"/b"});
  EXPECT_EQ(agreed(), 2u);
  EXPECT_NE(said().find("/a: not stored"), std::string::npos);
}

TEST_P(ScpSinkTest, AClientThatLeavesWithinAFileHasStoredNothing) {
  for (const bool cancelled : {false, true}) {
    stand.io = {};
    stand.io.script = "C0644 5 a\nhel";
    stand.io.piece = GetParam();
    stand.io.cancelled_at_end = cancelled;
    EXPECT_EQ(stand.run(*make_scp_command({"-t", "."})), 1);
    EXPECT_EQ(said(), kYes + kYes) << "nobody is left to be told";
  }
  EXPECT_TRUE(stand.fs.finished.empty());
}

TEST_P(ScpSinkTest, AnEndWithinADirectoryIsAFailure) {
  EXPECT_EQ(sink({"-r", "."}, "D0755 0 d\n"), 1);
  EXPECT_EQ(sink({"-r", "."}, "D0755 0 d\nE\n"), 0);
  EXPECT_EQ(sink({"-r", "."}, "E\n"), 1);
  EXPECT_EQ(said(), kYes + "\2scp: unacceptable end dir command\n");
}

TEST_P(ScpSinkTest, WarningsOfTheClientAreFailuresButNoEnd) {
  EXPECT_EQ(sink({"."}, "\1scp: a: No such file\nC0644 1 b\nx\0"s), 1);
  EXPECT_EQ(said(), kYes + kYes + kYes) << "a warning is not answered";
  EXPECT_EQ(stand.get("b"), "x");
}

TEST_P(ScpSinkTest, AFatalErrorOfTheClientEndsItWithoutAnAnswer) {
  EXPECT_EQ(sink({"."}, "\2scp: lost\nC0644 1 b\nx\0"s), 1);
  EXPECT_EQ(said(), kYes);
  EXPECT_FALSE(stand.has("b"));
}

TEST_P(ScpSinkTest, MessagesThatAreNoneEndTheDialogue) {
  EXPECT_EQ(sink({"."}, "hello\n"), 1);
  EXPECT_EQ(said(), kYes + "\2scp: unknown or invalid upload message\n");
  EXPECT_EQ(sink({"."}, "C0644 99999999999999999999 a\n"), 1);
  EXPECT_EQ(said(), kYes + "\2scp: size not delimited\n");
  EXPECT_EQ(sink({"."}, "C0644 -1 a\n"), 1);
  EXPECT_EQ(sink({"."}, "C0644 1 " + std::string(kMaxScpLine, 'a')), 1);
  EXPECT_EQ(said(), kYes + "\2scp: message too long\n");
}

TEST_P(ScpSinkTest, ATargetThatMustBeADirectory) {
  stand.put("file", "");
  EXPECT_EQ(sink({"-d", "missing"}, ""), 1);
  EXPECT_EQ(said(), "\2scp: missing: no such file or directory\n");
  EXPECT_EQ(sink({"-d", "file"}, ""), 1);
  EXPECT_EQ(said(), "\2scp: file: not a directory\n");
  EXPECT_EQ(sink({"file/"}, ""), 1);
  EXPECT_EQ(said(), "\2scp: file/: not a directory\n");
}

// Permission to upload, none to list.
TEST_P(ScpSinkTest, WhoMayNotLookUploadsUnderEitherName) {
  std::filesystem::create_directory(stand.root / "in");
  stand.fs.fault = [](std::string_view call, const VPath&, std::uint64_t) -> std::optional<Error> {
    return call == "stat" ? std::optional(Error(Errc::PermissionDenied, "")) : std::nullopt;
  };
  EXPECT_EQ(sink({"new"}, "C0644 1 a\nx\0"s), 0);
  EXPECT_EQ(stand.get("new"), "x");
  EXPECT_EQ(sink({"in"}, "C0644 1 a\nx\0"s), 0);
  EXPECT_EQ(stand.get("in/a"), "x");
  EXPECT_EQ(sink({"-r", "in"}, "D0755 0 d\nC0644 1 a\ny\0E\n"s), 0);
  EXPECT_EQ(stand.get("in/d/a"), "y");
  EXPECT_EQ(sink({"-d", "in"}, "C0644 1 b\nz\0"s), 0);
  EXPECT_EQ(stand.get("in/b"), "z");
}

TEST_P(ScpSinkTest, ADirectoryThatCannotBeMadeIsSkipped) {
  fail("mkdir", "/d", Errc::PermissionDenied);
  EXPECT_EQ(sink({"-r", "."}, "D0755 0 d\nC0644 1 b\nx\0"s), 1);
  EXPECT_EQ(said(), kYes + "\1scp: /d: permission denied\n" + kYes + kYes);
  EXPECT_EQ(stand.get("b"), "x");
}

TEST_P(ScpSinkTest, AFileInThePlaceOfADirectory) {
  stand.put("d", "file");
  EXPECT_EQ(sink({"-r", "."}, "D0755 0 d\n"), 1);
  EXPECT_EQ(said(), kYes + "\1scp: /d: not a directory\n");
}

TEST_P(ScpSinkTest, AStopIsNotToldToAClientThatIsGone) {
  fail("open", "/a", Errc::Cancelled);
  EXPECT_EQ(sink({"."}, "C0644 1 a\nx\0"s), 1);
  EXPECT_EQ(said(), kYes);
}

TEST_P(ScpSinkTest, TheStartDirectoryIsHome) {
  std::filesystem::create_directories(stand.root / "home/sub");
  stand.session.start_in(VPath("/home"));
  EXPECT_EQ(sink({"~"}, "C0644 1 a\nx\0"s), 0);
  EXPECT_EQ(sink({"~/sub"}, "C0644 1 b\nx\0"s), 0);
  EXPECT_EQ(sink({"/"}, "C0644 1 c\nx\0"s), 0);
  EXPECT_TRUE(stand.has("home/a") && stand.has("home/sub/b") && stand.has("c"));
}

}  // namespace
}  // namespace slipway::sftp
