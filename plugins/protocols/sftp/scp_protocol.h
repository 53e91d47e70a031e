// The messages of the SCP dialogue, as OpenSSH's scp -t and -f speak it: text to values and back, nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/filesystem.h"

namespace slipway::sftp {

// Of one message without its newline: the longest path, with room for what stands before it.
inline constexpr std::size_t kMaxScpLine = 8 * 1024;

struct ScpOptions {
  enum class Role : std::uint8_t { Sink, Source };
  Role role = Role::Sink;
  bool recursive = false;
  bool times = false;      // -p
  bool directory = false;  // -d: the target must be one
  std::vector<std::string> paths;
};

// The arguments of "scp". Options that change nothing here are skipped; the last argument is always a path.
// InvalidArgument: neither or both of -t and -f, no path, or more than one for -t.
Result<ScpOptions> parse_scp_arguments(const std::vector<std::string>& arguments);

struct ScpMessage {
  enum class Type : std::uint8_t {
    File,          // C: mode, size, name
    Directory,     // D: mode, name
    EndDirectory,  // E
    Times,         // T: mtime, atime of the next file or directory
    Warning,       // 0x01: text; the dialogue goes on
    Fatal,         // 0x02: text; it is over
  };
  Type type = Type::Warning;
  std::uint32_t mode = 0;  // 07777
  std::uint64_t size = 0;
  std::string name;  // not empty, no newline on the wire; no '/', not "." or ".."
  Timestamp mtime{}, atime{};
  std::string text;
};

// `line` is without its newline. InvalidArgument with what is wrong with it.
Result<ScpMessage> parse_scp_message(std::string_view line);

// Messages with their newline. A newline in a name is sent as OpenSSH sends it, "\^J", and read back as one.
std::string scp_file_message(std::uint32_t mode, std::uint64_t size, std::string_view name);
std::string scp_directory_message(std::uint32_t mode, std::string_view name);
std::string scp_times_message(Timestamp mtime, Timestamp atime);
inline constexpr std::string_view kScpEndDirectory = "E\n";
// 0x01 or 0x02, "scp: ", the text on one line.
std::string scp_error_message(bool fatal, std::string_view text);

}  // namespace slipway::sftp
