#include "support/http/websocket_frames.h"

#include <gtest/gtest.h>

#include <vector>

namespace slipway::http {
namespace {

using Type = WebSocketReader::Event::Type;

// A frame as a client sends it.
std::string client_frame(unsigned first, std::string_view payload, bool masked = true) {
  std::string frame;
  frame += static_cast<char>(first);
  const unsigned mask_bit = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    frame += static_cast<char>(mask_bit | payload.size());
  } else if (payload.size() <= 0xffff) {
    frame += static_cast<char>(mask_bit | 126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size() & 255);
  } else {
    frame += static_cast<char>(mask_bit | 127);
    for (int i = 7; i >= 0; --i)
      frame += static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> (8 * i) & 255);
  }
  if (!masked) return frame + std::string(payload);
  const char mask[4] = {0x12, 0x34, 0x56, 0x78};
  frame.append(mask, 4);
  for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ mask[i % 4]);
  return frame;
}

struct Seen {
  std::vector<std::string> messages;
  std::vector<std::string> pings;
  Type end = Type::None;
  std::uint16_t code = 0;
};

Seen read(std::string_view bytes, std::size_t step, std::size_t max = 1000) {
  WebSocketReader reader(max);
  Seen seen;
  while (!bytes.empty() && seen.end == Type::None) {
    auto piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    while (seen.end == Type::None) {
      const auto event = reader.next(piece);
      if (event.type == Type::None) break;
      if (event.type == Type::Message) seen.messages.emplace_back(event.payload);
      if (event.type == Type::Ping) seen.pings.emplace_back(event.payload);
      if (event.type == Type::Close || event.type == Type::Failed) {
        seen.end = event.type;
        seen.code = event.code;
      }
    }
  }
  return seen;
}

std::uint16_t failure(const std::string& bytes) {
  const auto seen = read(bytes, bytes.size());
  return seen.end == Type::Failed ? seen.code : 0;
}

TEST(WebSocketReader, ReadsMessagesHoweverTheyAreCut) {
  const std::string bytes = client_frame(0x81, "hello") + client_frame(0x01, "in ") + client_frame(0x89, "ping") +
                            client_frame(0x00, "three ") + client_frame(0x80, "parts") +
                            client_frame(0x82, std::string(300, '\xff')) + client_frame(0x81, "") +
                            client_frame(0x88, std::string("\x03\xe8"
                                                           "bye"));
  for (std::size_t step = 1; step < 40; ++step) {
    const auto seen = read(bytes, step);
    EXPECT_EQ(seen.messages, (std::vector<std::string>{"hello", "in three parts", std::string(300, '\xff'), ""}))
        << step;
    EXPECT_EQ(seen.pings, std::vector<std::string>{"ping"});
    EXPECT_EQ(seen.end, Type::Close);
    EXPECT_EQ(seen.code, 1000);
  }
}

TEST(WebSocketReader, RefusesWhatTheProtocolForbids) {
  EXPECT_EQ(failure(client_frame(0x81, "a", false)), 1002);                         // not masked
  EXPECT_EQ(failure(client_frame(0xc1, "a")), 1002);                                // reserved bit
  EXPECT_EQ(failure(client_frame(0x83, "a")), 1002);                                // unknown opcode
  EXPECT_EQ(failure(client_frame(0x80, "a")), 1002);                                // nothing to continue
  EXPECT_EQ(failure(client_frame(0x01, "a") + client_frame(0x81, "b")), 1002);      // a message within a message
  EXPECT_EQ(failure(client_frame(0x09, "a")), 1002);                                // a fragmented ping
  EXPECT_EQ(failure(client_frame(0x89, std::string(126, 'a'))), 1002);              // a large ping
  EXPECT_EQ(failure(client_frame(0x81, "\xff")), 1007);                             // no UTF-8
  EXPECT_EQ(failure(client_frame(0x88, "\x03")), 1002);                             // half a code
  EXPECT_EQ(failure(client_frame(0x88, std::string("\x03\xed", 2))), 1002);         // 1005
  EXPECT_EQ(failure(client_frame(0x88, std::string("\x03\xe8\xff", 3))), 1007);     // a reason without UTF-8
  EXPECT_EQ(failure(std::string("\x81\xfe\x00\x05", 4) + "mask" + "hello"), 1002);  // a length longer than it need be
}

TEST(WebSocketReader, BoundsMessages) {
  EXPECT_EQ(failure(client_frame(0x82, std::string(1001, 'a'))), 1009);
  EXPECT_EQ(failure(client_frame(0x02, std::string(600, 'a')) + client_frame(0x80, std::string(600, 'a'))), 1009);
  EXPECT_EQ(failure(std::string("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                                "mask",
                                14)),
            1009);
  EXPECT_EQ(failure(client_frame(0x82, std::string(1000, 'a'))), 0);
}

TEST(WebSocketFrames, AreWrittenUnmasked) {
  std::string out;
  append_websocket_frame(WebSocketOpcode::Text, "hi", out);
  EXPECT_EQ(out, "\x81\x02hi");
  out.clear();
  append_websocket_frame(WebSocketOpcode::Binary, std::string(70000, 'a'), out);
  EXPECT_EQ(out.substr(0, 10), std::string("\x82\x7f\0\0\0\0\0\x01\x11\x70", 10));
}

TEST(WebSocketFrames, AReasonIsCutBetweenCharacters) {
  std::string reason;
  for (int i = 0; i < 100; ++i) reason += "ü";
  const auto payload = websocket_close_payload(1000, reason);
  EXPECT_LE(payload.size(), 125u);
  EXPECT_TRUE(is_utf8(std::string_view(payload).substr(2)));
}

TEST(Utf8, KnowsTheEdges) {
  for (const char* good :
       {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good));
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc2", "\xe2\x82", "\xc2\x41"})
    EXPECT_FALSE(is_utf8(bad));
}

}  // namespace
}  // namespace slipway::http
