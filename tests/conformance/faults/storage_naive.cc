// A test's module: the local storage that everybody writes first. It resolves a path, checks that the result lies in
// the root, and then uses the path: right for every link that stands still, and the kit must find it out all the same.
// With the option `check` off it does not even look.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>

#include "slipway/storage.h"

namespace {
using namespace slipway;

Error last_error(const VPath& path) {
  switch (errno) {
    case ENOENT:
      return {Errc::NotFound, path.str()};
    case EEXIST:
      return {Errc::Exists, path.str()};
    case ENOTDIR:
      return {Errc::NotDirectory, path.str()};
    case EISDIR:
      return {Errc::IsDirectory, path.str()};
    case ENOTEMPTY:
      return {Errc::NotEmpty, path.str()};
    case EINVAL:
      return {Errc::InvalidArgument, path.str()};
    default:
      return {Errc::IoError, path.str(), std::to_string(errno)};
  }
}

class NaiveFile final : public File {
 public:
  NaiveFile(int fd, VPath path) : fd_(fd), path_(std::move(path)) {}
  ~NaiveFile() override { ::close(fd_); }
  Result<std::size_t> read_at(const OpContext&, std::uint64_t offset, std::span<std::byte> out) override {
    const ssize_t n = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0) return last_error(path_);
    return static_cast<std::size_t>(n);
  }
  Status write_at(const OpContext&, std::uint64_t offset, std::span<const std::byte> data) override {
    if (::pwrite(fd_, data.data(), data.size(), static_cast<off_t>(offset)) < 0) return last_error(path_);
    return ok();
  }
  Result<FileInfo> stat(const OpContext&) override { return FileInfo(std::string(path_.name())); }

 private:
  const int fd_;
  const VPath path_;
};

class Naive final : public Filesystem {
 public:
  Naive(std::string root, bool check) : root_(std::move(root)), check_(check) {}
  Capabilities capabilities() const noexcept override {
    return Capability::RandomWrite | Capability::Resume | Capability::Symlinks | Capability::RealDirectories |
           Capability::Immediate;
  }
  Result<FileInfo> stat(const OpContext&, const VPath& path, Follow follow) override {
    SLIPWAY_ASSIGN(const std::string real, resolve(path, follow));
    struct stat status;
    if ((follow == Follow::Yes ? ::stat : ::lstat)(real.c_str(), &status) != 0) return last_error(path);
    return FileInfo(std::string(path.name()),
                    S_ISDIR(status.st_mode)   ? FileType::Directory
                    : S_ISLNK(status.st_mode) ? FileType::Symlink
                                              : FileType::Regular,
                    static_cast<std::uint64_t>(status.st_size));
  }
  Result<std::unique_ptr<DirCursor>> list(const OpContext&, const VPath& path) override {
    SLIPWAY_ASSIGN(const std::string real, resolve(path, Follow::Yes));
    std::vector<FileInfo> entries;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(real, error)) {
      entries.emplace_back(entry.path().filename().string());
    }
    errno = error.value();
    if (error) return last_error(path);
    return std::make_unique<ListCursor>(std::move(entries));
  }
  Result<std::unique_ptr<File>> open(const OpContext&, const VPath& path, const OpenOptions& how) override {
    SLIPWAY_ASSIGN(const std::string real, resolve(path, Follow::Yes));
    const int fd =
        ::open(real.c_str(),
               (how.write ? O_WRONLY : O_RDONLY) | (how.create ? O_CREAT : 0) | (how.truncate ? O_TRUNC : 0), 0666);
    if (fd < 0) return last_error(path);
    return std::make_unique<NaiveFile>(fd, path);
  }
  Status remove(const OpContext&, const VPath& path) override {
    return on(path, [](const char* real) { return ::unlink(real); });
  }
  Status make_dir(const OpContext&, const VPath& path, std::uint32_t mode) override {
    return on(path, [mode](const char* real) { return ::mkdir(real, mode); });
  }
  Status remove_dir(const OpContext&, const VPath& path) override {
    return on(path, [](const char* real) { return ::rmdir(real); });
  }
  Status rename(const OpContext&, const VPath& from, const VPath& to) override {
    SLIPWAY_ASSIGN(const std::string target, resolve(to, Follow::No));
    return on(from, [&](const char* real) { return ::rename(real, target.c_str()); });
  }
  Status symlink(const OpContext&, std::string_view target, const VPath& link) override {
    return on(link, [&](const char* real) { return ::symlink(std::string(target).c_str(), real); });
  }
  Result<std::string> read_link(const OpContext&, const VPath& path) override {
    SLIPWAY_ASSIGN(const std::string real, resolve(path, Follow::No));
    char target[PATH_MAX];
    const ssize_t n = ::readlink(real.c_str(), target, sizeof target);
    if (n < 0) return last_error(path);
    return std::string(target, static_cast<std::size_t>(n));
  }

 private:
  Result<std::string> resolve(const VPath& path, Follow follow) const {
    const std::string full = path.is_root() ? root_ : root_ + path.str();
    const std::string checked = follow == Follow::Yes || path.is_root() ? full : root_ + path.parent().str();
    char real[PATH_MAX];
    if (check_ && ::realpath(checked.c_str(), real) != nullptr && !(std::string(real) + "/").starts_with(root_ + "/")) {
      return Error(Errc::PermissionDenied, path.str());
    }
    return full;
  }
  template <class F>
  Status on(const VPath& path, F call) const {
    SLIPWAY_ASSIGN(const std::string real, resolve(path, Follow::No));
    return call(real.c_str()) == 0 ? ok() : Status(last_error(path));
  }

  const std::string root_;
  const bool check_;
};

class NaiveStorage final : public StorageModule {
 public:
  explicit NaiveStorage(Host&) {}
  Result<std::unique_ptr<Filesystem>> mount(const OpContext&, const MountRequest& request) override {
    std::filesystem::create_directories(request.root);
    return std::make_unique<Naive>(std::string(request.root), request.options.flag("check"));
  }
};

constexpr std::array kUseOptions{
    OptionSpec{"check", OptionType::Boolean, "true", "Whether to look where a path leads before it is used."},
};
}  // namespace

SLIPWAY_MODULE(NaiveStorage, .kind = ModuleKind::Storage, .name = "storage-naive", .version = "0.1.0",
               .summary = "For tests of the kit: local files, checked before they are opened", .provides = "naive",
               .use_options = kUseOptions.data(), .use_option_count = kUseOptions.size());
