#include "packet_parser.h"

#include <algorithm>

namespace slipway::sftp {
namespace {

constexpr std::size_t kLength = 4, kType = 1, kId = 4;
constexpr std::size_t kWriteHead = kLength + kType + kId + 4;  // up to and with the handle's length
constexpr std::size_t kWriteTail = 8 + 4;                      // offset and data length, behind the handle
constexpr std::size_t kMaxHandle = 256;                        // RFC draft, 6.2

std::uint32_t u32_at(std::span<const std::byte> bytes, std::size_t offset) {
  return FieldReader(bytes.subspan(offset)).u32();
}

}  // namespace

PacketParser::Step PacketParser::malformed(std::size_t consumed) {
  malformed_ = true;
  return {.event = Event::Malformed, .consumed = consumed};
}

// The first `count` bytes of the packet: from `input` itself when nothing was kept, else from partial_, which takes
// what it lacks. Empty when there are not that many yet; then everything was taken.
std::span<const std::byte> PacketParser::gather(std::span<const std::byte> input, std::size_t count,
                                                std::size_t& taken) {
  if (partial_.empty() && input.size() >= count) return input.first(count);
  if (partial_.size() < count) {
    const auto part = std::min(count - partial_.size(), input.size() - taken);
    partial_.append(input.subspan(taken, part));
    taken += part;
  }
  return partial_.size() >= count ? partial_.data().first(count) : std::span<const std::byte>{};
}

PacketParser::Step PacketParser::next(std::span<const std::byte> input, bool stream_writes) {
  if (drop_partial_) {
    partial_.clear();
    drop_partial_ = false;
  }
  if (malformed_) return malformed(0);

  std::size_t skipped = 0;
  if (data_left_ > 0) {
    const auto part = std::min(data_left_, input.size());
    data_left_ -= part;
    return {.event = part > 0 ? Event::WriteData : Event::NeedMore, .consumed = part, .bytes = input.first(part)};
  }
  if (skip_left_ > 0) {
    skipped = std::min(skip_left_, input.size());
    skip_left_ -= skipped;
    input = input.subspan(skipped);
  }

  std::size_t taken = 0;
  const auto from_input = [&](std::size_t count) {  // how much of `input` the packet's first `count` bytes were
    const bool kept = !partial_.empty();
    drop_partial_ = kept;
    return skipped + (kept ? taken : count);
  };
  const auto front = gather(input, kLength, taken);
  if (front.empty()) return {.event = Event::NeedMore, .consumed = skipped + taken};
  const std::size_t length = u32_at(front, 0);
  if (length < kType + kId || length > kMaxPacket) return malformed(skipped);
  const auto head = gather(input, kLength + kType, taken);
  if (head.empty()) return {.event = Event::NeedMore, .consumed = skipped + taken};

  if (stream_writes && head[kLength] == std::byte{static_cast<std::uint8_t>(PacketType::Write)}) {
    if (length < kWriteHead - kLength + kWriteTail) return malformed(skipped);
    const auto begin = gather(input, kWriteHead, taken);
    if (begin.empty()) return {.event = Event::NeedMore, .consumed = skipped + taken};
    const std::size_t handle = u32_at(begin, kLength + kType + kId);
    const auto header_size = kWriteHead + handle + kWriteTail;
    if (handle > kMaxHandle || header_size > kLength + length) return malformed(skipped);
    // Data that was kept while WRITEs were not streamed stays with its packet.
    if (partial_.size() <= header_size) {
      const auto header = gather(input, header_size, taken);
      if (header.empty()) return {.event = Event::NeedMore, .consumed = skipped + taken};

      FieldReader fields(header.subspan(kLength + kType));
      Write write;
      write.id = fields.u32();
      write.handle = fields.string();
      write.offset = fields.u64();
      write.length = fields.u32();
      const auto body = kLength + length - header_size;
      if (write.length > body) return malformed(skipped);
      data_left_ = write.length;
      skip_left_ = body - write.length;
      return {.event = Event::WriteBegin, .consumed = from_input(header_size), .write = write};
    }
  }

  const auto packet = gather(input, kLength + length, taken);
  if (packet.empty()) return {.event = Event::NeedMore, .consumed = skipped + taken};
  const auto consumed = from_input(kLength + length);
  return {.event = Event::Packet, .consumed = consumed, .bytes = packet.subspan(kLength)};
}

}  // namespace slipway::sftp
