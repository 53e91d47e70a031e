// Opens files that become code of this process, or decide which does: only if nobody else can change them.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/unique_fd.h"
#include "slipway/result.h"

namespace slipway::module {

struct TrustedFile {
  UniqueFd fd;                 // read only, close-on-exec
  std::filesystem::path path;  // absolute, without symbolic links: the file that `fd` is
  std::uint64_t size = 0;      // bytes
  dev_t device = 0;
  ino_t inode = 0;
};

// Opens first and judges the open file: a regular file that belongs to root or to `uid`, is writable by its owner only,
// and lies in a folder of which the same is true. Symbolic links are followed; it is their target that counts.
// The error's subject is `path`.
Result<TrustedFile> open_trusted(const std::filesystem::path& path);

// The rule itself. `what` is how the error calls it: "the file", "its folder /x".
Status check_owner_and_mode(const struct stat& status, uid_t uid, const std::string& subject, const std::string& what);

// Fills `out` unless the end of file is met; the number of bytes read.
Result<std::size_t> read_at(int fd, std::uint64_t offset, std::span<std::byte> out, const std::string& subject);

// The digest of everything that `fd` holds, in lower-case hexadecimal digits.
Result<std::string> sha256_of(int fd, const std::string& subject);

}  // namespace slipway::module
