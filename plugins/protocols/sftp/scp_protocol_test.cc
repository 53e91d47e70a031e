#include "scp_protocol.h"

#include <gtest/gtest.h>

namespace slipway::sftp {
namespace {

using Type = ScpMessage::Type;
using Role = ScpOptions::Role;
using namespace std::chrono_literals;

std::string cause(std::string_view line) {
  const auto message = parse_scp_message(line);
  return message ? "accepted" : message.error().cause();
}

TEST(ScpProtocol, AFileHasModeSizeAndName) {
  const auto message = parse_scp_message("C0644 1234 two words");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, Type::File);
  EXPECT_EQ(message->mode, 0644u);
  EXPECT_EQ(message->size, 1234u);
  EXPECT_EQ(message->name, "two words");
  EXPECT_EQ(parse_scp_message("C4755 0  leading")->name, " leading");
  EXPECT_EQ(parse_scp_message("C4755 0 x")->mode, 04755u);
  EXPECT_EQ(parse_scp_message("C100644 9223372036854775807 x")->size, 9223372036854775807u);
}

TEST(ScpProtocol, ADirectoryBeginsAndEnds) {
  const auto message = parse_scp_message("D0755 0 dir");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, Type::Directory);
  EXPECT_EQ(message->name, "dir");
  EXPECT_EQ(parse_scp_message("E")->type, Type::EndDirectory);
  EXPECT_EQ(cause("Ex"), "unacceptable end dir command");
}

TEST(ScpProtocol, TimesAreSecondsAndMicroseconds) {
  const auto message = parse_scp_message("T1100000000 5 1000000000 999999");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->mtime, Timestamp(1100000000s + 5us));
  EXPECT_EQ(message->atime, Timestamp(1000000000s + 999999us));
  for (const std::string_view bad : {"T", "T1", "T1 0", "T1 0 1", "T1 0 1 0 ", "T-1 0 1 0", "T1 1000000 1 0",
                                     "T9999999999999 0 1 0", "T1 0 x 0", "T1  0 1 0"})
    EXPECT_EQ(cause(bad), "bad times") << bad;
}

TEST(ScpProtocol, NamesNeverLeadOutOfTheirDirectory) {
  for (const std::string_view name : {"", ".", "..", "a/b", "/", "../x", "/etc/passwd", "x/.."}) {
    EXPECT_EQ(cause("C0644 1 " + std::string(name)), "unexpected filename") << name;
    EXPECT_EQ(cause("D0755 0 " + std::string(name)), "unexpected filename") << name;
  }
  EXPECT_EQ(cause(std::string_view("C0644 1 a\0b", 11)), "unexpected filename");
  EXPECT_EQ(parse_scp_message("C0644 1 ..a")->name, "..a");
}

TEST(ScpProtocol, ANewlineInANameIsEncoded) {
  EXPECT_EQ(scp_file_message(0644, 3, "a\nb\n"), "C0644 3 a\\^Jb\\^J\n");
  EXPECT_EQ(parse_scp_message("C0644 3 a\\^Jb\\^J")->name, "a\nb\n");
  EXPECT_EQ(parse_scp_message("C0644 3 \\^")->name, "\\^");
}

TEST(ScpProtocol, NumbersAreChecked) {
  for (const std::string_view bad : {"C", "C ", "C64 1 x", "C0648 1 x", "C-644 1 x", "Crwx 1 x", "C00000644 1 x"})
    EXPECT_EQ(cause(bad), "bad mode") << bad;
  for (const std::string_view bad : {"C0644 ", "C0644 x", "C0644 -1 x", "C0644 1", "C0644 1x", "C0644  1 x",
                                     "C0644 9223372036854775808 x", "C0644 0x10 x"})
    EXPECT_EQ(cause(bad), "size not delimited") << bad;
}

TEST(ScpProtocol, ErrorsCarryTheirText) {
  EXPECT_EQ(parse_scp_message("\1scp: x: gone")->type, Type::Warning);
  EXPECT_EQ(parse_scp_message("\2over")->type, Type::Fatal);
  EXPECT_EQ(parse_scp_message("\2over")->text, "over");
  EXPECT_EQ(cause(""), "unexpected empty message");
  EXPECT_EQ(cause("hello"), "unknown or invalid upload message");
  EXPECT_EQ(scp_error_message(false, "a\nb\rc"), "\1scp: a b c\n");
  EXPECT_EQ(scp_error_message(true, "x"), "\2scp: x\n");
}

TEST(ScpProtocol, MessagesAreWhatTheParserReads) {
  EXPECT_EQ(scp_directory_message(02755, "d"), "D2755 0 d\n");
  EXPECT_EQ(scp_times_message(Timestamp(7s + 999ms), Timestamp(8s)), "T7 0 8 0\n");
  EXPECT_EQ(scp_times_message(Timestamp(-5s), Timestamp(8s)), "T0 0 8 0\n");
  EXPECT_EQ(scp_file_message(0100644, 0, "x"), "C0644 0 x\n");
}

TEST(ScpProtocol, ArgumentsOfTheClients) {
  const auto sink = parse_scp_arguments({"-r", "-p", "-d", "-t", "--", "-odd"});
  ASSERT_TRUE(sink);
  EXPECT_EQ(sink->role, Role::Sink);
  EXPECT_TRUE(sink->recursive && sink->times && sink->directory);
  EXPECT_EQ(sink->paths, std::vector<std::string>{"-odd"});
  const auto source = parse_scp_arguments({"-qpf", "a", "b c"});
  ASSERT_TRUE(source);
  EXPECT_EQ(source->role, Role::Source);
  EXPECT_TRUE(source->times);
  EXPECT_EQ(source->paths, (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(parse_scp_arguments({"-t", "-t"})->paths, std::vector<std::string>{"-t"}) << "the last one is a path";
  EXPECT_FALSE(parse_scp_arguments({}));
  EXPECT_FALSE(parse_scp_arguments({"a", "b"}));
  EXPECT_FALSE(parse_scp_arguments({"-t", "-f", "a"}));
  EXPECT_FALSE(parse_scp_arguments({"-t", "a", "b"}));
  EXPECT_FALSE(parse_scp_arguments({"-f"}));
}

}  // namespace
}  // namespace slipway::sftp
