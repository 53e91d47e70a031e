#include "packet_parser.h"

#include <gtest/gtest.h>

namespace slipway::sftp {
namespace {

std::string packet(PacketType type, std::string_view body) {
  ByteQueue queue;
  PacketWriter out(queue);
  out.u32(static_cast<std::uint32_t>(1 + body.size()));
  out.u8(static_cast<std::uint8_t>(type));
  queue.append(std::as_bytes(std::span(body)));
  return {reinterpret_cast<const char*>(queue.data().data()), queue.size()};
}

std::string write_packet(std::uint32_t id, std::string_view handle, std::uint64_t offset, std::string_view data,
                         std::size_t padding = 0) {
  ByteQueue body;
  PacketWriter out(body);
  out.u32(id);
  out.string(handle);
  out.u64(offset);
  out.string(data);
  const std::string filling(padding, 'p');
  body.append(std::as_bytes(std::span(filling)));
  return packet(PacketType::Write, {reinterpret_cast<const char*>(body.data().data()), body.size()});
}

// What a parser makes of `stream` fed in pieces of `piece` bytes, as text: "P<packet>",
// "W<id>,<handle>,<offset>,<length>", "D<data>" with neighbouring data joined, "!" for malformed.
std::vector<std::string> events(std::string_view stream, std::size_t piece, bool stream_writes = true) {
  PacketParser parser;
  std::vector<std::string> seen;
  const auto bytes = std::as_bytes(std::span(stream));
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    auto input = bytes.subspan(at, std::min(piece, bytes.size() - at));
    while (!input.empty()) {
      const auto step = parser.next(input, stream_writes);
      input = input.subspan(step.consumed);
      const std::string data(reinterpret_cast<const char*>(step.bytes.data()), step.bytes.size());
      switch (step.event) {
        case PacketParser::Event::NeedMore:
          EXPECT_TRUE(input.empty());
          break;
        case PacketParser::Event::Packet:
          seen.push_back("P" + data);
          break;
        case PacketParser::Event::WriteBegin:
          seen.push_back("W" + std::to_string(step.write.id) + "," + std::string(step.write.handle) + "," +
                         std::to_string(step.write.offset) + "," + std::to_string(step.write.length));
          break;
        case PacketParser::Event::WriteData:
          if (!seen.empty() && seen.back().starts_with("D")) {
            seen.back() += data;
          } else {
            seen.push_back("D" + data);
          }
          break;
        case PacketParser::Event::Malformed:
          seen.push_back("!");
          return seen;
      }
    }
  }
  return seen;
}

class InPieces : public ::testing::TestWithParam<std::size_t> {};

TEST_P(InPieces, APacketIsWholeWhereverItWasCut) {
  const auto stream =
      packet(PacketType::Stat, "1234path") + packet(PacketType::Close, "5678") + packet(PacketType::Init, "abcd");
  EXPECT_EQ(events(stream, GetParam()), (std::vector<std::string>{"P\x11"
                                                                  "1234path",
                                                                  "P\x04"
                                                                  "5678",
                                                                  "P\x01"
                                                                  "abcd"}));
}

TEST_P(InPieces, AWriteIsAHeaderAndItsData) {
  const auto stream = packet(PacketType::Stat, "1234") + write_packet(7, "handle", 1ull << 33, "the data") +
                      packet(PacketType::Close, "9999");
  EXPECT_EQ(events(stream, GetParam()), (std::vector<std::string>{"P\x11"
                                                                  "1234",
                                                                  "W7,handle,8589934592,8", "Dthe data",
                                                                  "P\x04"
                                                                  "9999"}));
}

TEST_P(InPieces, PaddingBehindTheDataIsSkipped) {
  const auto stream = write_packet(7, "h", 0, "data", 1000) + packet(PacketType::Close, "9999");
  EXPECT_EQ(events(stream, GetParam()), (std::vector<std::string>{"W7,h,0,4", "Ddata",
                                                                  "P\x04"
                                                                  "9999"}));
}

TEST_P(InPieces, AWriteOfNothingHasNoData) {
  const auto stream = write_packet(7, "h", 5, "", 3) + write_packet(8, "h", 6, "x");
  EXPECT_EQ(events(stream, GetParam()), (std::vector<std::string>{"W7,h,5,0", "W8,h,6,1", "Dx"}));
}

TEST_P(InPieces, WritesAreWholePacketsWhenAskedFor) {
  const auto stream = write_packet(7, "h", 5, "data", 2);
  EXPECT_EQ(events(stream, GetParam(), false), (std::vector<std::string>{"P" + stream.substr(4)}));
}

INSTANTIATE_TEST_SUITE_P(Parser, InPieces, ::testing::Values(1, 2, 3, 5, 7, 16, 17, 64, 4096));

TEST(PacketParser, AWriteWhoseDataWasKeptAlreadyStaysWhole) {
  const auto stream = write_packet(7, "h", 5, "0123456789");
  const auto bytes = std::as_bytes(std::span(stream));
  PacketParser parser;
  const auto first = parser.next(bytes.first(stream.size() - 3), false);
  EXPECT_EQ(first.event, PacketParser::Event::NeedMore);
  const auto second = parser.next(bytes.last(3), true);
  EXPECT_EQ(second.event, PacketParser::Event::Packet);
  EXPECT_EQ(second.bytes.size(), stream.size() - 4);
}

TEST(PacketParser, KnowsWhetherItStandsBetweenPackets) {
  const auto stream = write_packet(7, "h", 5, "0123");
  const auto bytes = std::as_bytes(std::span(stream));
  PacketParser parser;
  EXPECT_TRUE(parser.at_boundary());
  EXPECT_EQ(parser.next(bytes.first(10), true).event, PacketParser::Event::NeedMore);
  EXPECT_FALSE(parser.at_boundary());
  EXPECT_EQ(parser.next(bytes.subspan(10), true).event, PacketParser::Event::WriteBegin);
  EXPECT_TRUE(parser.in_write());
  EXPECT_EQ(parser.next(bytes.last(4), true).event, PacketParser::Event::WriteData);
  EXPECT_TRUE(parser.at_boundary());
}

TEST(PacketParser, RefusesWhatIsTooLongTooShortOrContradictsItself) {
  const auto with_length = [](std::uint32_t length, PacketType type) {
    ByteQueue queue;
    PacketWriter out(queue);
    out.u32(length);
    out.u8(static_cast<std::uint8_t>(type));
    return std::string(reinterpret_cast<const char*>(queue.data().data()), queue.size()) + std::string(64, '\xff');
  };
  for (const auto piece : {std::size_t{1}, std::size_t{100}}) {
    EXPECT_EQ(events(with_length(0, PacketType::Stat), piece), std::vector<std::string>{"!"});
    EXPECT_EQ(events(with_length(4, PacketType::Stat), piece), std::vector<std::string>{"!"});
    EXPECT_EQ(events(with_length(kMaxPacket + 1, PacketType::Stat), piece), std::vector<std::string>{"!"});
    EXPECT_EQ(events(with_length(0xffffffff, PacketType::Write), piece), std::vector<std::string>{"!"});
    EXPECT_EQ(events(with_length(12, PacketType::Write), piece), std::vector<std::string>{"!"});
    EXPECT_EQ(events(with_length(100, PacketType::Write), piece), std::vector<std::string>{"!"});  // handle of 4 GiB
  }
}

TEST(PacketParser, RefusesDataThatGoesBeyondItsPacket) {
  auto stream = write_packet(7, "h", 5, "0123456789");
  stream[3] = static_cast<char>(stream[3] - 1);
  EXPECT_EQ(events(stream, 4096), std::vector<std::string>{"!"});
}

TEST(PacketParser, StaysMalformed) {
  const std::string bad(16, '\xff');
  PacketParser parser;
  EXPECT_EQ(parser.next(std::as_bytes(std::span(bad)), true).event, PacketParser::Event::Malformed);
  const auto good = packet(PacketType::Stat, "1234");
  EXPECT_EQ(parser.next(std::as_bytes(std::span(good)), true).event, PacketParser::Event::Malformed);
}

}  // namespace
}  // namespace slipway::sftp
