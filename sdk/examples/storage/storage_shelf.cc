// Shelves of files in memory: no folders, written front to back, visible when complete.
#include <slipway/storage.h>

#include <map>
#include <mutex>

using namespace slipway;
namespace {

constexpr std::size_t kMaxFileSize = 64 << 20;
constexpr OptionSpec kMountOptions[] = {{"shelf", OptionType::String, "default", "Mounts of one name share it"}};

using Content = std::shared_ptr<const std::string>;  // who reads a file keeps what was there when it was opened
struct Shelf {
  std::mutex mutex;
  std::map<std::string, Content> files;  // by path
};

struct ShelfFile final : File {
  ShelfFile(std::shared_ptr<Shelf> s, VPath p, Content c) : shelf(s), path(p), content(c) {}
  Result<std::size_t> read_at(const OpContext&, std::uint64_t offset, std::span<std::byte> out) override {
    if (!content) return Error(Errc::PermissionDenied, path.str(), "it was not opened for reading");
    if (offset >= content->size()) return std::size_t{0};
    return content->copy(reinterpret_cast<char*>(out.data()), out.size(), offset);
  }
  Status write_at(const OpContext&, std::uint64_t offset, std::span<const std::byte> data) override {
    if (content) return Error(Errc::PermissionDenied, path.str(), "it was not opened for writing");
    if (offset != upload.size()) return Error(Errc::NotSupported, path.str(), "files are written front to back");
    if (data.size() > kMaxFileSize - offset) return Error(Errc::NoSpace, path.str(), "too large for a shelf");
    upload.append(reinterpret_cast<const char*>(data.data()), data.size());
    return ok();
  }
  Result<FileInfo> stat(const OpContext&) override {
    return FileInfo(std::string(path.name()), FileType::Regular, content ? content->size() : upload.size());
  }
  Status finish(const OpContext&) override {  // an upload that never gets here leaves nothing behind
    std::lock_guard lock(shelf->mutex);
    if (!content) shelf->files[path.str()] = std::make_shared<const std::string>(std::move(upload));
    return ok();
  }
  std::shared_ptr<Shelf> shelf;
  VPath path;
  Content content;  // null: opened for writing
  std::string upload;
};

struct ShelfFilesystem final : Filesystem {
  explicit ShelfFilesystem(std::shared_ptr<Shelf> s) : shelf(std::move(s)) {}
  Capabilities capabilities() const noexcept override { return Capability::CommitOnFinish | Capability::Immediate; }
  Result<FileInfo> stat(const OpContext&, const VPath& path, Follow) override {
    if (path.is_root()) return FileInfo({}, FileType::Directory);
    std::lock_guard lock(shelf->mutex);
    const auto found = shelf->files.find(path.str());
    if (found == shelf->files.end()) return Error(Errc::NotFound, path.str());
    return FileInfo(std::string(path.name()), FileType::Regular, found->second->size());
  }
  Result<std::unique_ptr<DirCursor>> list(const OpContext& context, const VPath& path) override {
    SLIPWAY_TRY(stat(context, path, Follow::Yes));
    if (!path.is_root()) return Error(Errc::NotDirectory, path.str());
    std::vector<FileInfo> entries;
    std::lock_guard lock(shelf->mutex);
    for (const auto& [key, text] : shelf->files) entries.emplace_back(key.substr(1), FileType::Regular, text->size());
    return std::make_unique<ListCursor>(std::move(entries));
  }
  Result<std::unique_ptr<File>> open(const OpContext&, const VPath& path, const OpenOptions& how) override {
    if (!how.valid()) return Error(Errc::InvalidArgument, path.str(), "these options do not go together");
    if (how.read == how.write) return Error(Errc::NotSupported, path.str(), "files are read or written, not both");
    if (path.is_root()) return Error(Errc::IsDirectory, path.str());
    std::lock_guard lock(shelf->mutex);
    const auto found = shelf->files.find(path.str());
    const bool exists = found != shelf->files.end();
    if (exists && how.exclusive) return Error(Errc::Exists, path.str());
    if (!exists && (!how.create || !path.parent().is_root())) return Error(Errc::NotFound, path.str());
    if (exists && how.write && !how.truncate) return Error(Errc::NotSupported, path.str(), "replace it whole");
    return std::make_unique<ShelfFile>(shelf, path, how.read ? found->second : nullptr);
  }
  Status remove(const OpContext&, const VPath& path) override {
    if (path.is_root()) return Error(Errc::IsDirectory, path.str());
    std::lock_guard lock(shelf->mutex);
    return shelf->files.erase(path.str()) != 0 ? ok() : Status(Error(Errc::NotFound, path.str()));
  }
  std::shared_ptr<Shelf> shelf;
};

struct ShelfStorage final : StorageModule {
  explicit ShelfStorage(Host&) {}
  Result<std::unique_ptr<Filesystem>> mount(const OpContext&, const MountRequest& request) override {
    std::lock_guard lock(mutex);
    auto& shelf = shelves[std::string(request.options.string("shelf"))];
    if (!shelf) shelf = std::make_shared<Shelf>();
    return std::make_unique<ShelfFilesystem>(shelf);
  }
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Shelf>> shelves;
};

}  // namespace
SLIPWAY_MODULE(ShelfStorage, .kind = ModuleKind::Storage, .name = "storage-shelf", .version = "0.1.0",
               .summary = "Example: shelves of files in memory, without folders", .provides = "shelf",
               .use_options = kMountOptions, .use_option_count = std::size(kMountOptions));
