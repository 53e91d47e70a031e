#include "core/lua/script_files.h"

#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace slipway::lua {
namespace {

class Glob {
 public:
  explicit Glob(const std::string& pattern) : result_(::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found_)) {}
  ~Glob() {
    if (result_ == 0) ::globfree(&found_);
  }
  Glob(const Glob&) = delete;
  Glob& operator=(const Glob&) = delete;
  std::size_t size() const { return result_ == 0 ? found_.gl_pathc : 0; }
  const char* operator[](std::size_t i) const { return found_.gl_pathv[i]; }

 private:
  glob_t found_{};
  int result_;
};

}  // namespace

Result<std::map<std::string, FileStamp>> find_scripts(const std::vector<std::string>& patterns) {
  std::map<std::string, FileStamp> out;
  for (const std::string& pattern : patterns) {
    const Glob found(pattern);
    if (found.size() == 0 && pattern.find_first_of("*?[") == std::string::npos)
      return Error{Errc::NotFound, pattern, "the script does not exist"};
    for (std::size_t i = 0; i < found.size(); ++i) {
      struct stat info {};
      if (::stat(found[i], &info) != 0 || !S_ISREG(info.st_mode)) continue;
      out[found[i]] = {std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec, info.st_size,
                       info.st_ino, info.st_dev};
    }
  }
  if (out.size() > kMaxScripts)
    return Error{Errc::TooLarge, "lua.scripts", "more than " + std::to_string(kMaxScripts) + " scripts"};
  return out;
}

Result<Script> read_script(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return error_from_errno(errno, path);
  if (!S_ISREG(info.st_mode)) return Error{Errc::InvalidArgument, path, "is not a regular file"};
  if ((info.st_mode & S_IWOTH) != 0)
    return Error{Errc::PermissionDenied, path,
                 "everybody may write this script; take that permission away (chmod o-w)"};
  Script script{.path = path, .name = path.substr(path.rfind('/') + 1), .text = {}};
  char block[16 * 1024];
  while (true) {
    const ssize_t n = ::read(fd.get(), block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_from_errno(errno, path);
    if (n == 0) return script;
    script.text.append(block, static_cast<std::size_t>(n));
    if (script.text.size() > kMaxScriptSize) return Error{Errc::TooLarge, path, "is larger than 1 MiB"};
  }
}

}  // namespace slipway::lua
