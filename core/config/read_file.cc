#include "core/config/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace slipway::config {

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  // O_NONBLOCK: opening a pipe must not wait for a writer.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return error_from_errno(errno, path);
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return error_from_errno(errno, path);
  if (!S_ISREG(facts.st_mode)) return Error(Errc::InvalidArgument, path, "is not a regular file");
  const auto too_large = [&] {
    return Error(Errc::TooLarge, path, "is larger than " + std::to_string(max_bytes / 1024) + " KiB");
  };
  if (facts.st_size > 0 && static_cast<std::size_t>(facts.st_size) > max_bytes) return too_large();

  std::string text;
  char buffer[16 * 1024];
  while (true) {
    const ssize_t n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_from_errno(errno, path);
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > max_bytes) return too_large();
  }
}

}  // namespace slipway::config
