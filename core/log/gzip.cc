#include "core/log/gzip.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace slipway::log {
namespace {

// Removes what it names unless told to keep it.
class Scrap {
 public:
  explicit Scrap(std::filesystem::path path) : path_(std::move(path)) {}
  ~Scrap() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }
  Scrap(const Scrap&) = delete;
  Scrap& operator=(const Scrap&) = delete;
  void keep() { path_.clear(); }

 private:
  std::filesystem::path path_;
};

struct CloseGzip {
  void operator()(gzFile file) const noexcept { gzclose(file); }
};
using Gzip = std::unique_ptr<std::remove_pointer_t<gzFile>, CloseGzip>;

}  // namespace

Status gzip_file(const std::filesystem::path& file, std::stop_token stop) {
  const UniqueFd in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in) return error_from_errno(errno, file.native());
  struct stat facts {};
  if (::fstat(in.get(), &facts) != 0) return error_from_errno(errno, file.native());

  const std::filesystem::path target = file.native() + ".gz", temporary = file.native() + ".gz.tmp";
  UniqueFd out(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, facts.st_mode & 07777));
  if (!out) return error_from_errno(errno, temporary.native());
  Scrap scrap(temporary);
  const UniqueFd times(::fcntl(out.get(), F_DUPFD_CLOEXEC, 0));
  Gzip gzip(gzdopen(out.get(), "wb"));
  if (!gzip) return Error(Errc::IoError, temporary.native(), "out of memory for compression");
  (void)out.release();  // belongs to the gzip stream now

  std::vector<char> buffer(64 * 1024);
  while (true) {
    if (stop.stop_requested()) return Error(Errc::Cancelled, file.native());
    const ssize_t n = ::read(in.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_from_errno(errno, file.native());
    if (n == 0) break;
    if (gzwrite(gzip.get(), buffer.data(), static_cast<unsigned>(n)) != n)
      return error_from_errno(errno != 0 ? errno : EIO, temporary.native());
  }
  if (gzclose(gzip.release()) != Z_OK) return error_from_errno(errno != 0 ? errno : EIO, temporary.native());
  // The age of a backup is the time of its last line.
  const struct timespec stamps[] = {facts.st_atim, facts.st_mtim};
  (void)::futimens(times.get(), stamps);
  if (::rename(temporary.c_str(), target.c_str()) != 0) return error_from_errno(errno, target.native());
  scrap.keep();
  if (::unlink(file.c_str()) != 0) return error_from_errno(errno, file.native());
  return ok();
}

}  // namespace slipway::log
