// The wire format of SFTP version 3 (draft-ietf-secsh-filexfer-02): numbers, fields, attributes, replies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "byte_queue.h"
#include "slipway/filesystem.h"

namespace slipway::sftp {

enum class PacketType : std::uint8_t {
  Init = 1,
  Version = 2,
  Open = 3,
  Close = 4,
  Read = 5,
  Write = 6,
  Lstat = 7,
  Fstat = 8,
  Setstat = 9,
  Fsetstat = 10,
  Opendir = 11,
  Readdir = 12,
  Remove = 13,
  Mkdir = 14,
  Rmdir = 15,
  Realpath = 16,
  Stat = 17,
  Rename = 18,
  Readlink = 19,
  Symlink = 20,
  Status = 101,
  Handle = 102,
  Data = 103,
  Name = 104,
  Attrs = 105,
  Extended = 200,
  ExtendedReply = 201,
};

enum class StatusCode : std::uint32_t {
  Ok = 0,
  Eof = 1,
  NoSuchFile = 2,
  PermissionDenied = 3,
  Failure = 4,
  BadMessage = 5,
  Unsupported = 8,
};

namespace open_flag {
inline constexpr std::uint32_t kRead = 1, kWrite = 2, kAppend = 4, kCreate = 8, kTruncate = 16, kExclusive = 32;
}

inline constexpr std::uint32_t kProtocolVersion = 3;
// Of a packet without its length field, both ways; OpenSSH has the same limit.
inline constexpr std::size_t kMaxPacket = 256 * 1024;
// Of the data in one READ or WRITE: a packet with room for its other fields.
inline constexpr std::size_t kMaxData = 255 * 1024;
// Length, type, id and data length: what stands before the data of a DATA packet.
inline constexpr std::size_t kDataHeader = 13;

// Attributes as a client sends them; absent ones stay as they are.
struct Attributes {
  std::optional<std::uint64_t> size;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> owner;  // uid, gid
  std::optional<std::uint32_t> permissions;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> times;  // atime, mtime: seconds since 1970
};

// Reads fields from the front of a packet. After a field that is not there, ok() is false and everything reads as
// empty. Views point into the packet.
class FieldReader {
 public:
  explicit FieldReader(std::span<const std::byte> packet) : rest_(packet) {}
  bool ok() const noexcept { return ok_; }
  std::span<const std::byte> rest() const noexcept { return rest_; }

  std::uint8_t u8();
  std::uint32_t u32();
  std::uint64_t u64();
  std::string_view string();
  Attributes attributes();

 private:
  bool take(std::size_t count, const std::byte*& at);

  std::span<const std::byte> rest_;
  bool ok_ = true;
};

// Appends packets to a queue. A packet that is built field by field stands between begin() and end().
class PacketWriter {
 public:
  explicit PacketWriter(ByteQueue& out) : out_(out) {}

  void begin(PacketType type, std::uint32_t id);
  void end();
  void u8(std::uint8_t value);
  void u32(std::uint32_t value);
  void u64(std::uint64_t value);
  void string(std::string_view value);
  void attributes(const FileInfo& info);
  // Overwrites a u32 written `offset` bytes after the queue's front.
  void patch_u32(std::size_t offset, std::uint32_t value);

  void version(std::span<const std::pair<std::string_view, std::string_view>> extensions);
  void status(std::uint32_t id, StatusCode code, std::string_view message);
  void handle(std::uint32_t id, std::string_view handle);
  void attrs(std::uint32_t id, const FileInfo& info);

  std::size_t size() const noexcept { return out_.size(); }

 private:
  ByteQueue& out_;
  std::size_t packet_ = 0;  // where the packet under construction starts, from the queue's front
};

// Writes the header of a DATA packet with `count` bytes into the kDataHeader bytes before them.
void write_data_header(std::span<std::byte, kDataHeader> header, std::uint32_t id, std::uint32_t count);

// The type and permission bits of st_mode.
std::uint32_t file_mode(const FileInfo& info);
// A line as `ls -l` prints it: what interactive clients show. Times older than half a year before `now` (or in the
// future) show the year instead of the hour.
std::string long_name(const FileInfo& info, std::string_view name, std::chrono::system_clock::time_point now);

}  // namespace slipway::sftp
