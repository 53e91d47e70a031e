// TARGETS: sftp_engine
//
// An SFTP client's bytes, cut in two ways: the packets must not depend on where the network cut them, and a session on
// a small file system must answer without harm whatever they ask for.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "fuzz_session.h"
#include "memory_filesystem.h"
#include "packet_parser.h"
#include "sftp_channel.h"

namespace {

using namespace slipway;
using namespace slipway::sftp;
using namespace slipway::sftp::fuzz;

void require(bool condition) {
  if (!condition) std::abort();
}

// Everything a parser says about `input` in pieces of `piece` bytes, with neighbouring data joined.
std::string parse(std::span<const std::byte> input, std::size_t piece) {
  PacketParser parser;
  std::string seen;
  std::uint64_t promised = 0, delivered = 0;
  const auto text = [](std::span<const std::byte> bytes) {
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  for (std::size_t at = 0; at < input.size(); at += piece) {
    auto part = input.subspan(at, std::min(piece, input.size() - at));
    while (!part.empty()) {
      const auto step = parser.next(part, true);
      require(step.consumed <= part.size());
      part = part.subspan(step.consumed);
      switch (step.event) {
        case PacketParser::Event::NeedMore:
          require(part.empty());
          break;
        case PacketParser::Event::Packet:
          require(promised == delivered && step.bytes.size() <= kMaxPacket);
          seen += "P" + text(step.bytes);
          break;
        case PacketParser::Event::WriteBegin:
          require(promised == delivered);
          promised += step.write.length;
          seen += "W" + std::to_string(step.write.id) + std::string(step.write.handle) +
                  std::to_string(step.write.offset) + "D";
          break;
        case PacketParser::Event::WriteData:
          delivered += step.bytes.size();
          require(delivered <= promised);
          seen += text(step.bytes);
          break;
        case PacketParser::Event::Malformed:
          return seen + "!";
      }
    }
  }
  return seen;
}

void converse(std::span<const std::byte> input, std::size_t piece) {
  static const Paths paths;
  SftpChannel channel(std::make_unique<slipway::fuzz::FuzzSession<MemoryFilesystem>>(), paths, std::stop_token(),
                      ChannelSettings{});
  for (std::size_t at = 0; at < input.size(); at += piece) {
    require(channel.receive(input.subspan(at, std::min(piece, input.size() - at))));
    channel.work();
    while (true) {
      const auto output = channel.to_send();
      if (output.empty()) break;
      const auto length = FieldReader(output).u32();
      require(output.size() >= 4 + std::size_t{length} && length <= kMaxPacket);
      channel.sent(4 + length);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t piece = 1 + data[0] % 64;
  const auto input = std::as_bytes(std::span(data + 1, size - 1));
  require(parse(input, input.size() + 1) == parse(input, piece));
  converse(input, 4096);
  converse(input, piece);
  return 0;
}
