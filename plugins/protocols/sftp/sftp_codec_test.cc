#include "sftp_codec.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <ctime>

namespace slipway::sftp {
namespace {

using namespace std::chrono_literals;

std::string text_of(const ByteQueue& queue) {
  return {reinterpret_cast<const char*>(queue.data().data()), queue.size()};
}

TEST(FieldReader, ReadsNumbersInNetworkOrder) {
  const std::string bytes("\x01\x00\x00\x02\x03\x00\x00\x00\x00\x00\x00\x04\x05", 13);
  FieldReader fields(std::as_bytes(std::span(bytes)));
  EXPECT_EQ(fields.u8(), 1);
  EXPECT_EQ(fields.u32(), 0x203u);
  EXPECT_EQ(fields.u64(), 0x405u);
  EXPECT_TRUE(fields.ok());
  EXPECT_TRUE(fields.rest().empty());
}

TEST(FieldReader, AFieldThatIsNotThereIsEmptyAndSoIsWhatFollows) {
  const std::string bytes(
      "\x00\x00\x00\x05"
      "abc",
      7);
  FieldReader fields(std::as_bytes(std::span(bytes)));
  EXPECT_EQ(fields.string(), "");
  EXPECT_FALSE(fields.ok());
  EXPECT_EQ(fields.u8(), 0);
}

TEST(FieldReader, AStringLengthBeyondMemoryIsRefused) {
  const std::string bytes(
      "\xff\xff\xff\xff"
      "abc",
      7);
  FieldReader fields(std::as_bytes(std::span(bytes)));
  EXPECT_EQ(fields.string(), "");
  EXPECT_FALSE(fields.ok());
}

TEST(FieldReader, ReadsOnlyTheAttributesThatAreFlagged) {
  ByteQueue queue;
  PacketWriter out(queue);
  out.u32(4 | 8);
  out.u32(0100644);
  out.u32(1000);
  out.u32(2000);
  FieldReader fields(queue.data());
  const auto attributes = fields.attributes();
  EXPECT_TRUE(fields.ok());
  EXPECT_FALSE(attributes.size);
  EXPECT_FALSE(attributes.owner);
  EXPECT_EQ(attributes.permissions, 0100644u);
  EXPECT_EQ(attributes.times->first, 1000u);
  EXPECT_EQ(attributes.times->second, 2000u);
}

TEST(FieldReader, SkipsExtendedAttributesAndBoundsTheirNumber) {
  ByteQueue queue;
  PacketWriter out(queue);
  out.u32(0x80000000u | 1);
  out.u64(7);
  out.u32(1);
  out.string("name");
  out.string("value");
  out.u32(42);
  FieldReader fields(queue.data());
  EXPECT_EQ(fields.attributes().size, 7u);
  EXPECT_EQ(fields.u32(), 42u);

  ByteQueue many;
  PacketWriter(many).u32(0x80000000u);
  PacketWriter(many).u32(0xffffffffu);
  FieldReader bad(many.data());
  bad.attributes();
  EXPECT_FALSE(bad.ok());
}

TEST(PacketWriter, AStatusIsAWholePacket) {
  ByteQueue queue;
  PacketWriter(queue).status(7, StatusCode::Eof, "EOF");
  EXPECT_EQ(text_of(queue), std::string("\0\0\0\x14\x65\0\0\0\7\0\0\0\1\0\0\0\3EOF\0\0\0\0", 24));
}

TEST(PacketWriter, ADataHeaderPrecedesItsBytes) {
  std::array<std::byte, kDataHeader> header;
  write_data_header(header, 9, 3);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(header.data()), header.size()),
            std::string("\0\0\0\x0c\x67\0\0\0\x09\0\0\0\3", 13));
}

TEST(PacketWriter, TimesBeforeTheEpochAndAfterItsEndAreClamped) {
  FileInfo info("f");
  info.mtime = Timestamp(-5s);
  info.atime = Timestamp(std::chrono::seconds(5'000'000'000));
  ByteQueue queue;
  PacketWriter(queue).attributes(info);
  FieldReader fields(queue.data());
  const auto attributes = fields.attributes();
  EXPECT_EQ(attributes.times->first, UINT32_MAX);
  EXPECT_EQ(attributes.times->second, 0u);
}

TEST(FileMode, HasTheTypeBits) {
  FileInfo info("d", FileType::Directory);
  info.mode = 0751;
  EXPECT_EQ(file_mode(info), 0040751u);
  info.type = FileType::Symlink;
  EXPECT_EQ(file_mode(info), 0120751u);
}

class LongName : public ::testing::Test {
 protected:
  LongName() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    info.mode = 0644;
    info.size = 1234;
    info.uid = 1000;
    info.gid = 100;
    info.mtime = Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 3 / 9) + 8h + 5min);
  }
  std::chrono::system_clock::time_point days_later(int days) const {
    return std::chrono::time_point_cast<std::chrono::system_clock::duration>(info.mtime) + std::chrono::days(days);
  }
  FileInfo info{"name"};
};

TEST_F(LongName, ShowsTheHourOfARecentFile) {
  EXPECT_EQ(long_name(info, "name", days_later(10)), "-rw-r--r--    1 1000     100          1234 Mar  9 08:05 name");
}

TEST_F(LongName, ShowsTheYearOfAnOldOne) {
  EXPECT_EQ(long_name(info, "name", days_later(200)), "-rw-r--r--    1 1000     100          1234 Mar  9  2026 name");
}

TEST_F(LongName, ShowsTypesAndSpecialBits) {
  info.type = FileType::Directory;
  info.mode = 07751;
  EXPECT_EQ(long_name(info, "d", days_later(1)).substr(0, 10), "drwsr-s--t");
  info.mode = 07000;
  EXPECT_EQ(long_name(info, "d", days_later(1)).substr(0, 10), "d--S--S--T");
}

TEST(ByteQueue, KeepsOrderAcrossGrowthAndConsumption) {
  ByteQueue queue;
  std::string expected, got;
  unsigned next = 0;
  for (int round = 0; round < 200; ++round) {
    std::string part;
    for (int i = 0; i < round; ++i) part += static_cast<char>(next++ * 7);
    expected += part;
    queue.append(std::as_bytes(std::span(part)));
    const auto take = queue.size() / 3;
    got.append(reinterpret_cast<const char*>(queue.data().data()), take);
    queue.consume(take);
  }
  got += text_of(queue);
  EXPECT_EQ(got, expected);
}

}  // namespace
}  // namespace slipway::sftp
