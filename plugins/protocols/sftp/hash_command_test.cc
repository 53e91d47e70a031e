#include <gtest/gtest.h>

#include "command_stand.h"
#include "shell_command.h"

namespace slipway::sftp {
namespace {

class HashCommandTest : public ::testing::Test {
 protected:
  int hash(std::vector<std::string> arguments, const std::string& algorithm = "md5") {
    const auto command = make_hash_command({"the line", algorithm + "sum", std::move(arguments)}, algorithm);
    stand.io.output.clear();
    return stand.run(*command);
  }
  const std::string& said() const { return stand.io.output; }

  testing::CommandStand stand;
};

constexpr char kMd5[] = "900150983cd24fb0d6963f7d28e17f72";  // of "abc"; RFC 1321
constexpr char kMd5OfNothing[] = "d41d8cd98f00b204e9800998ecf8427e";

TEST_F(HashCommandTest, ALineIsThatOfCoreutils) {
  stand.put("a", "abc");
  EXPECT_EQ(hash({"a"}), 0);
  EXPECT_EQ(said(), std::string(kMd5) + "  /a\n");
}

TEST_F(HashCommandTest, EveryAlgorithmIsItself) {
  stand.put("a", "abc");
  const std::pair<const char*, const char*> expected[] = {
      {"md5", kMd5},
      {"sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {"sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"sha384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
      {"sha512",
       "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80"
       "e2a"
       "9ac94fa54ca49f"},
  };
  for (const auto& [algorithm, digest] : expected) {
    EXPECT_EQ(hash({"a"}, algorithm), 0);
    EXPECT_EQ(said(), std::string(digest) + "  /a\n");
  }
}

TEST_F(HashCommandTest, AFileLargerThanABlockAndAnEmptyOne) {
  stand.put("million", std::string(1'000'000, 'a'));
  stand.put("empty", "");
  EXPECT_EQ(hash({"million", "empty"}, "sha1"), 0);
  EXPECT_EQ(said(),
            "34aa973cd4c4daa4f61eeb2bdbad27316534016f  /million\n"
            "da39a3ee5e6b4b0d3255bfef95601890afd80709  /empty\n");
}

TEST_F(HashCommandTest, AwkwardNamesAreEscapedAsCoreutilsDoes) {
  stand.put("new\nline", "abc");
  EXPECT_EQ(hash({"new\nline"}), 0);
  EXPECT_EQ(said(), "\\" + std::string(kMd5) + "  /new\\nline\n");
}

TEST_F(HashCommandTest, WithoutAFileTheInputIsHashed) {
  for (const std::size_t piece : {1, 2, 100}) {
    testing::ScriptedIo fresh;
    fresh.script = "abc";
    fresh.piece = piece;
    stand.io = fresh;
    EXPECT_EQ(hash({}), 0);
    EXPECT_EQ(said(), std::string(kMd5) + "  -\n");
    EXPECT_EQ(stand.io.unread(), 0u);
  }
}

TEST_F(HashCommandTest, ADashIsTheInputAmongFiles) {
  stand.put("a", "abc");
  stand.io.script = "abc";
  EXPECT_EQ(hash({"a", "-", "-"}), 0);
  EXPECT_EQ(said(), std::string(kMd5) + "  /a\n" + kMd5 + "  -\n" + kMd5OfNothing + "  -\n");
}

TEST_F(HashCommandTest, OptionsOfTheModeChangeNothing) {
  stand.put("a", "abc");
  stand.put("-b", "abc");
  EXPECT_EQ(hash({"-b", "--binary", "-t", "--text", "a"}), 0);
  EXPECT_EQ(said(), std::string(kMd5) + "  /a\n");
  EXPECT_EQ(hash({"--", "-b"}), 0);
  EXPECT_EQ(said(), std::string(kMd5) + "  /-b\n");
}

TEST_F(HashCommandTest, AnotherOptionIsRefusedBeforeAnythingIsHashed) {
  stand.put("a", "abc");
  EXPECT_EQ(hash({"-c", "a"}), 1);
  EXPECT_EQ(said(), "md5sum: a unsupported option\n");
  ASSERT_EQ(stand.fs.notes.size(), 1u);
  EXPECT_EQ(stand.fs.notes[0].failure, Errc::InvalidArgument);
}

TEST_F(HashCommandTest, AMissingFileDoesNotKeepTheOthersFromBeingHashed) {
  stand.put("a", "abc");
  stand.put("b", "abc");
  EXPECT_EQ(hash({"a", "missing", "b"}), 1);
  EXPECT_EQ(said(),
            std::string(kMd5) + "  /a\nmd5sum: missing no such file or directory\n" + std::string(kMd5) + "  /b\n");
}

TEST_F(HashCommandTest, AFailedReadLeavesNothingBehindInTheNextDigest) {
  stand.put("a", std::string(1'000'000, 'x'));
  stand.put("b", "abc");
  stand.fs.fault = [](std::string_view call, const VPath& path, std::uint64_t offset) -> std::optional<Error> {
    if (call == "read" && path.name() == "a" && offset > 0) return Error(Errc::IoError, "a");
    return std::nullopt;
  };
  EXPECT_EQ(hash({"a", "b"}), 1);
  EXPECT_EQ(said(), "md5sum: a failure\n" + std::string(kMd5) + "  /b\n");
}

TEST_F(HashCommandTest, WhatIsNotAllowedIsSaidWithoutTheReasons) {
  stand.put("a", "abc");
  stand.fs.fault = [](std::string_view call, const VPath&, std::uint64_t) -> std::optional<Error> {
    if (call == "open") return Error(Errc::PermissionDenied, "/srv/data/a", "no permission of the account");
    return std::nullopt;
  };
  EXPECT_EQ(hash({"a"}), 1);
  EXPECT_EQ(said(), "md5sum: a permission denied\n");
}

TEST_F(HashCommandTest, AStopEndsItAtOnce) {
  stand.put("a", "abc");
  stand.put("b", "abc");
  stand.session.stop_source()->request_stop();
  EXPECT_EQ(hash({"a", "b"}), 1);
  EXPECT_EQ(said().find(kMd5), std::string::npos);
  EXPECT_EQ(said().find("/b"), std::string::npos);
  ASSERT_EQ(stand.fs.notes.size(), 1u);
  EXPECT_EQ(stand.fs.notes[0].failure, Errc::Cancelled);
}

TEST_F(HashCommandTest, InputThatIsCutOffIsNoDigest) {
  stand.io.script = "ab";
  stand.io.cancelled_at_end = true;
  EXPECT_EQ(hash({}), 1);
  EXPECT_EQ(said().find("  -\n"), std::string::npos);
}

TEST_F(HashCommandTest, PathsStartInTheStartDirectory) {
  stand.put("in/a", "abc");
  stand.session.start_in(VPath("/in"));
  EXPECT_EQ(hash({"a", "../in/a", "/in/a"}), 0);
  const auto line = std::string(kMd5) + "  /in/a\n";
  EXPECT_EQ(said(), line + line + line);
}

TEST_F(HashCommandTest, ItIsNotedWithTheLineAndThePath) {
  stand.put("a", "abc");
  EXPECT_EQ(hash({"a"}), 0);
  ASSERT_EQ(stand.fs.notes.size(), 1u);
  EXPECT_EQ(stand.fs.notes[0].name, "md5sum");
  EXPECT_EQ(stand.fs.notes[0].line, "the line");
  EXPECT_EQ(stand.fs.notes[0].path, VPath("/a"));
  EXPECT_EQ(stand.fs.notes[0].failure, std::nullopt);
}

}  // namespace
}  // namespace slipway::sftp
