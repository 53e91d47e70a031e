#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "core/accounts/backup.h"
#include "core/base/error.h"
#include "core/base/ids.h"
#include "core/base/unique_fd.h"

namespace slipway::accounts {

namespace {

namespace fs = std::filesystem;

Status write_all(int fd, std::string_view text, const std::string& subject) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return error_from_errno(errno, subject);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(fd) == 0 ? ok() : Status(error_from_errno(errno, subject));
}

// Removes the unfinished file unless it was renamed.
class Unfinished {
 public:
  explicit Unfinished(std::string path) : path_(std::move(path)) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Status publish(const std::string& target) {
    if (::rename(path_.c_str(), target.c_str()) != 0) return error_from_errno(errno, target);
    path_.clear();
    return ok();
  }

 private:
  std::string path_;
};

}  // namespace

Status write_backup_file(const std::string& directory, std::string_view name, std::string_view text) {
  const auto relative = fs::path(name).lexically_normal();
  if (name.empty() || relative.is_absolute() || *relative.begin() == ".." || !relative.has_filename() ||
      relative == "." || name.find('\0') != std::string_view::npos) {
    return Error(Errc::InvalidArgument, "output file", "must be a file name relative to the backups directory");
  }
  const auto target = fs::path(directory) / relative;
  const auto parent = target.parent_path();
  for (fs::path made; const auto& component : parent) {
    made /= component;
    if (::mkdir(made.c_str(), 0700) != 0 && errno != EEXIST) return error_from_errno(errno, made.string());
  }
  const auto temporary = (parent / (".backup." + make_sortable_id())).string();
  const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return error_from_errno(errno, temporary);
  Unfinished unfinished(temporary);
  SLIPWAY_TRY(write_all(fd.get(), text, temporary));
  return unfinished.publish(target.string());
}

Result<std::string> read_backup_file(const std::string& path, std::size_t max_bytes) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return error_from_errno(errno, path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return error_from_errno(errno, path);
  if (!S_ISREG(info.st_mode)) return Error(Errc::InvalidArgument, path, "is not a regular file");
  std::string text;
  char buffer[64 * 1024];
  for (;;) {
    const auto count = ::read(fd.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return error_from_errno(errno, path);
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > max_bytes) {
      return Error(Errc::TooLarge, path, "is larger than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

}  // namespace slipway::accounts
