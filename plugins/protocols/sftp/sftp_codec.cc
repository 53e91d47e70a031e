#include "sftp_codec.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace slipway::sftp {
namespace {

enum AttributeFlag : std::uint32_t {
  kSize = 1,
  kOwner = 2,
  kPermissions = 4,
  kTimes = 8,
  kExtended = 0x80000000,
};

constexpr std::uint32_t kMaxExtendedAttributes = 64;

template <class T>
void store(std::byte* at, T value) {
  for (std::size_t i = sizeof(T); i-- > 0; value = static_cast<T>(value >> 8)) at[i] = static_cast<std::byte>(value);
}

template <class T>
T load(const std::byte* at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value << 8) | std::to_integer<T>(at[i]);
  return value;
}

std::uint32_t seconds(Timestamp time) {
  const auto count = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, UINT32_MAX));
}

}  // namespace

bool FieldReader::take(std::size_t count, const std::byte*& at) {
  if (!ok_ || rest_.size() < count) {
    ok_ = false;
    rest_ = {};
    return false;
  }
  at = rest_.data();
  rest_ = rest_.subspan(count);
  return true;
}

std::uint8_t FieldReader::u8() {
  const std::byte* at = nullptr;
  return take(1, at) ? load<std::uint8_t>(at) : 0;
}

std::uint32_t FieldReader::u32() {
  const std::byte* at = nullptr;
  return take(4, at) ? load<std::uint32_t>(at) : 0;
}

std::uint64_t FieldReader::u64() {
  const std::byte* at = nullptr;
  return take(8, at) ? load<std::uint64_t>(at) : 0;
}

std::string_view FieldReader::string() {
  const auto length = u32();
  const std::byte* at = nullptr;
  if (!take(length, at)) return {};
  return {reinterpret_cast<const char*>(at), length};
}

Attributes FieldReader::attributes() {
  Attributes attributes;
  const auto flags = u32();
  if (flags & kSize) attributes.size = u64();
  if (flags & kOwner) {
    const auto uid = u32();
    attributes.owner.emplace(uid, u32());
  }
  if (flags & kPermissions) attributes.permissions = u32();
  if (flags & kTimes) {
    const auto atime = u32();
    attributes.times.emplace(atime, u32());
  }
  if (flags & kExtended) {
    const auto count = u32();
    if (count > kMaxExtendedAttributes) ok_ = false;
    for (std::uint32_t i = 0; ok_ && i < count; ++i) {
      string();
      string();
    }
  }
  return attributes;
}

void PacketWriter::u8(std::uint8_t value) {
  store(out_.reserve(1).data(), value);
  out_.commit(1);
}

void PacketWriter::u32(std::uint32_t value) {
  store(out_.reserve(4).data(), value);
  out_.commit(4);
}

void PacketWriter::u64(std::uint64_t value) {
  store(out_.reserve(8).data(), value);
  out_.commit(8);
}

void PacketWriter::string(std::string_view value) {
  u32(static_cast<std::uint32_t>(value.size()));
  out_.append(std::as_bytes(std::span(value)));
}

void PacketWriter::patch_u32(std::size_t offset, std::uint32_t value) {
  std::array<std::byte, 4> bytes;
  store(bytes.data(), value);
  out_.overwrite(offset, bytes);
}

void PacketWriter::begin(PacketType type, std::uint32_t id) {
  packet_ = out_.size();
  u32(0);
  u8(static_cast<std::uint8_t>(type));
  u32(id);
}

void PacketWriter::end() { patch_u32(packet_, static_cast<std::uint32_t>(out_.size() - packet_ - 4)); }

void PacketWriter::version(std::span<const std::pair<std::string_view, std::string_view>> extensions) {
  begin(PacketType::Version, kProtocolVersion);
  for (const auto& [name, value] : extensions) {
    string(name);
    string(value);
  }
  end();
}

void PacketWriter::status(std::uint32_t id, StatusCode code, std::string_view message) {
  begin(PacketType::Status, id);
  u32(static_cast<std::uint32_t>(code));
  string(message);
  string({});  // language tag
  end();
}

void PacketWriter::handle(std::uint32_t id, std::string_view handle) {
  begin(PacketType::Handle, id);
  string(handle);
  end();
}

void PacketWriter::attrs(std::uint32_t id, const FileInfo& info) {
  begin(PacketType::Attrs, id);
  attributes(info);
  end();
}

void PacketWriter::attributes(const FileInfo& info) {
  u32(kSize | kOwner | kPermissions | kTimes);
  u64(info.size);
  u32(info.uid);
  u32(info.gid);
  u32(file_mode(info));
  u32(seconds(info.atime == Timestamp{} ? info.mtime : info.atime));
  u32(seconds(info.mtime));
}

void write_data_header(std::span<std::byte, kDataHeader> header, std::uint32_t id, std::uint32_t count) {
  store<std::uint32_t>(header.data(), 1 + 4 + 4 + count);
  store(header.data() + 4, static_cast<std::uint8_t>(PacketType::Data));
  store(header.data() + 5, id);
  store(header.data() + 9, count);
}

std::uint32_t file_mode(const FileInfo& info) {
  constexpr std::uint32_t kRegular = 0100000, kDirectory = 0040000, kSymlink = 0120000, kFifo = 0010000;
  const auto permissions = info.mode & 07777;
  switch (info.type) {
    case FileType::Regular:
      return kRegular | permissions;
    case FileType::Directory:
      return kDirectory | permissions;
    case FileType::Symlink:
      return kSymlink | permissions;
    case FileType::Other:
      break;
  }
  return kFifo | permissions;
}

std::string long_name(const FileInfo& info, std::string_view name, std::chrono::system_clock::time_point now) {
  char mode[11] = "?rwxrwxrwx";
  mode[0] = info.type == FileType::Directory ? 'd'
            : info.type == FileType::Symlink ? 'l'
            : info.type == FileType::Regular ? '-'
                                             : 'p';
  for (int bit = 0; bit < 9; ++bit) {
    if (!(info.mode & (0400u >> bit))) mode[1 + bit] = '-';
  }
  const auto special = [&](int position, std::uint32_t bit, char letter) {
    if (info.mode & bit) mode[position] = mode[position] == '-' ? static_cast<char>(letter - 'a' + 'A') : letter;
  };
  special(3, 04000, 's');
  special(6, 02000, 's');
  special(9, 01000, 't');

  const auto when = std::chrono::time_point_cast<std::chrono::seconds>(info.mtime);
  const auto age = std::chrono::time_point_cast<std::chrono::seconds>(now) - when;
  const bool recent = age < std::chrono::days(183) && age > -std::chrono::days(1);
  const auto clock = static_cast<std::time_t>(when.time_since_epoch().count());
  std::tm local{};
  localtime_r(&clock, &local);
  char date[32] = "";
  std::strftime(date, sizeof date, recent ? "%b %e %H:%M" : "%b %e  %Y", &local);

  char head[128];
  const int length = std::snprintf(head, sizeof head, "%s %4u %-8u %-8u %8llu %s ", mode, info.links, info.uid,
                                   info.gid, static_cast<unsigned long long>(info.size), date);
  std::string line(head, static_cast<std::size_t>(length));
  line += name;
  return line;
}

}  // namespace slipway::sftp
