// The script files of the configuration: found by patterns, read with limits, watched by what stat says of them.
#pragma once

#include <sys/stat.h>

#include <map>
#include <string>
#include <vector>

#include "core/lua/interpreter.h"

namespace slipway::lua {

inline constexpr std::size_t kMaxScriptSize = 1024 * 1024;  // bytes
inline constexpr std::size_t kMaxScripts = 100;

// Tells two states of a file apart.
struct FileStamp {
  std::int64_t mtime_ns = 0;
  std::int64_t size = 0;
  std::uint64_t inode = 0, device = 0;
  bool operator==(const FileStamp&) const = default;
};

// What `patterns` (absolute; shell patterns in file names and folders) match now, in order of path. NotFound for a
// pattern without wildcards that matches nothing.
Result<std::map<std::string, FileStamp>> find_scripts(const std::vector<std::string>& patterns);

// PermissionDenied for a file that everybody may write; TooLarge.
Result<Script> read_script(const std::string& path);

}  // namespace slipway::lua
