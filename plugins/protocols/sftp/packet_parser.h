// Cuts a channel's bytes into SFTP packets, without waiting for the whole of a WRITE.
#pragma once

#include "sftp_codec.h"

namespace slipway::sftp {

// One for each channel. Feed what arrived in any pieces; ask again with what was not consumed until NeedMore.
class PacketParser {
 public:
  enum class Event : std::uint8_t {
    NeedMore,    // all input is consumed
    Packet,      // `bytes` is a whole packet without its length field
    WriteBegin,  // a WRITE whose data follows as WriteData events that add up to `write.length` (none for 0)
    WriteData,   // `bytes` is the next part of the data
    Malformed,   // the stream cannot be read on
  };
  struct Write {
    std::uint32_t id = 0;
    std::string_view handle;
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
  };
  struct Step {
    Event event = Event::NeedMore;
    std::size_t consumed = 0;
    std::span<const std::byte> bytes;  // valid until the next call
    Write write;                       // its handle: likewise
  };

  // `stream_writes`: WRITE packets come as WriteBegin and WriteData; otherwise as Packet, like the others. Clients pad
  // WRITE packets (rclone 1.60); what follows the data inside the packet is skipped.
  Step next(std::span<const std::byte> input, bool stream_writes);

  bool in_write() const noexcept { return data_left_ > 0; }
  // Between packets: nothing of the next one has come.
  bool at_boundary() const noexcept { return partial_.empty() && data_left_ == 0 && skip_left_ == 0; }
  void release_memory() noexcept {
    if (partial_.empty()) partial_.release();
  }

 private:
  std::span<const std::byte> gather(std::span<const std::byte> input, std::size_t count, std::size_t& taken);
  Step malformed(std::size_t consumed);

  ByteQueue partial_;          // the beginning of a packet that is not complete
  std::size_t data_left_ = 0;  // of the WRITE that is streamed
  std::size_t skip_left_ = 0;  // padding behind its data
  bool drop_partial_ = false;  // the last step's views point into partial_
  bool malformed_ = false;
};

}  // namespace slipway::sftp
