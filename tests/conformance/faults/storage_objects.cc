// A test's module: an object store in memory, with directories that are only names in keys. It claims nearly nothing,
// so the kit's other half runs over it; and it can be told to make one mistake, which the kit must find.
#include <array>
#include <cctype>
#include <map>
#include <mutex>

#include "slipway/storage.h"

namespace {
using namespace slipway;

using Content = std::shared_ptr<const std::string>;

struct Bucket {
  std::mutex mutex;
  std::map<std::string, Content> objects;  // "/a/b"; a directory made by hand is a marker "/a/"
};

class Fault {
 public:
  explicit Fault(std::string_view name) : name_(name) {}
  bool is(std::string_view name) const { return name_ == name; }

 private:
  std::string name_;
};

Error fail(Errc code, const VPath& path) { return {code, path.str()}; }
std::string marker(const VPath& path) { return path.is_root() ? "/" : path.str() + "/"; }

class Object final : public File {
 public:
  Object(std::shared_ptr<Bucket> bucket, VPath path, Content content, const Fault& fault)
      : bucket_(std::move(bucket)), path_(std::move(path)), content_(std::move(content)), fault_(fault) {}
  ~Object() override {
    if (!content_ && fault_.is("abandon-commits")) commit();
  }

  Result<std::size_t> read_at(const OpContext& context, std::uint64_t offset, std::span<std::byte> out) override {
    SLIPWAY_TRY(look_at(context));
    if (!content_) return fail(Errc::PermissionDenied, path_);
    if (offset >= content_->size()) {
      if (fault_.is("end-is-an-error")) return fail(Errc::InvalidArgument, path_);
      return std::size_t{0};
    }
    std::size_t want = out.size();
    if (fault_.is("short-read") && want > 4096) want = 4096;
    if (fault_.is("offset-of-32-bits")) offset &= 0xFFFF;
    return content_->copy(reinterpret_cast<char*>(out.data()), want, offset);
  }
  Status write_at(const OpContext& context, std::uint64_t offset, std::span<const std::byte> data) override {
    SLIPWAY_TRY(look_at(context));
    if (content_) return fail(Errc::PermissionDenied, path_);
    if (offset != upload_.size() && !fault_.is("appends-anywhere")) return fail(Errc::NotSupported, path_);
    upload_.append(reinterpret_cast<const char*>(data.data()), data.size());
    if (fault_.is("early-visible")) commit();
    return ok();
  }
  Result<FileInfo> stat(const OpContext& context) override {
    SLIPWAY_TRY(look_at(context));
    return FileInfo(std::string(path_.name()), FileType::Regular, content_ ? content_->size() : upload_.size());
  }
  Status finish(const OpContext& context) override {
    SLIPWAY_TRY(look_at(context));
    if (!content_) commit();
    return ok();
  }

 private:
  Status look_at(const OpContext& context) const { return fault_.is("deaf") ? ok() : check(context, path_.str()); }
  void commit() {
    std::lock_guard lock(bucket_->mutex);
    bucket_->objects[path_.str()] = std::make_shared<const std::string>(upload_);
  }

  const std::shared_ptr<Bucket> bucket_;
  const VPath path_;
  const Content content_;  // null: opened for writing
  const Fault fault_;
  std::string upload_;
};

class OverrunningCursor final : public DirCursor {
 public:
  explicit OverrunningCursor(std::vector<FileInfo> entries) : entries_(std::move(entries)) {}
  Result<bool> next(const OpContext&, std::size_t, std::vector<FileInfo>& out) override {
    out.insert(out.end(), entries_.begin(), entries_.end());
    entries_.clear();
    return false;
  }

 private:
  std::vector<FileInfo> entries_;
};

class Objects final : public Filesystem {
 public:
  Objects(std::shared_ptr<Bucket> bucket, std::string_view fault) : bucket_(std::move(bucket)), fault_(fault) {}

  Capabilities capabilities() const noexcept override {
    Capabilities claimed = Capabilities(Capability::CommitOnFinish);
    if (fault_.is("claims-links")) claimed = claimed | Capability::Symlinks;
    if (fault_.is("claims-copies")) claimed = claimed | Capability::ServerCopy;
    return claimed;
  }

  Result<FileInfo> stat(const OpContext& context, const VPath& path, Follow) override {
    SLIPWAY_TRY(look_at(context, path));
    std::lock_guard lock(bucket_->mutex);
    return find(path);
  }

  Result<std::unique_ptr<DirCursor>> list(const OpContext& context, const VPath& path) override {
    SLIPWAY_TRY(look_at(context, path));
    std::lock_guard lock(bucket_->mutex);
    SLIPWAY_ASSIGN(const FileInfo directory, find(path));
    if (!directory.is_directory()) return fail(Errc::NotDirectory, path);
    const std::string prefix = marker(path);
    std::map<std::string, FileInfo> entries;
    for (auto at = bucket_->objects.lower_bound(prefix); at != bucket_->objects.end() && at->first.starts_with(prefix);
         ++at) {
      const std::string rest = at->first.substr(prefix.size());
      const std::string name = rest.substr(0, rest.find('/'));
      if (name.empty()) continue;
      entries.insert_or_assign(name, name.size() == rest.size() ? FileInfo(name, FileType::Regular, at->second->size())
                                                                : FileInfo(name, FileType::Directory));
    }
    std::vector<FileInfo> listed;
    for (auto& [name, info] : entries) listed.push_back(std::move(info));
    if (fault_.is("lists-twice") && !listed.empty()) listed.push_back(listed.front());
    if (fault_.is("loses-the-last") && listed.size() > 20) listed.pop_back();
    if (fault_.is("page-overrun")) return std::make_unique<OverrunningCursor>(std::move(listed));
    return std::make_unique<ListCursor>(std::move(listed));
  }

  Result<std::unique_ptr<File>> open(const OpContext& context, const VPath& path, const OpenOptions& how) override {
    SLIPWAY_TRY(look_at(context, path));
    if (!how.valid() && !fault_.is("takes-any-options")) return fail(Errc::InvalidArgument, path);
    if (path.name().size() > 255) return fail(Errc::TooLarge, path);
    if (how.read && how.write) return fail(Errc::NotSupported, path);
    std::lock_guard lock(bucket_->mutex);
    const auto found = find(path);
    if (found && found->is_directory()) return fail(Errc::IsDirectory, path);
    if (!found && !how.create) return fail(Errc::NotFound, path);
    if (found && how.exclusive && !fault_.is("ignores-exclusive")) return fail(Errc::Exists, path);
    if (found && how.write && !how.truncate && !fault_.is("forgets-on-resume")) return fail(Errc::NotSupported, path);
    const Content content = how.read && found ? bucket_->objects.find(key(path))->second : nullptr;
    return std::make_unique<Object>(bucket_, VPath(key(path)), content, fault_);
  }

  Status remove(const OpContext& context, const VPath& path) override {
    SLIPWAY_TRY(look_at(context, path));
    std::lock_guard lock(bucket_->mutex);
    SLIPWAY_ASSIGN(const FileInfo info, find(path));
    if (info.is_directory() && !fault_.is("removes-directories")) return fail(Errc::IsDirectory, path);
    bucket_->objects.erase(info.is_directory() ? marker(path) : key(path));
    return ok();
  }

  Status make_dir(const OpContext& context, const VPath& path, std::uint32_t) override {
    SLIPWAY_TRY(look_at(context, path));
    if (path.name().size() > 255) return fail(Errc::TooLarge, path);
    std::lock_guard lock(bucket_->mutex);
    if (const auto found = find(path); found && !(fault_.is("makes-over-files") && found->is_regular())) {
      return fail(Errc::Exists, path);
    }
    bucket_->objects[marker(path)] = std::make_shared<const std::string>();
    return ok();
  }

  Status remove_dir(const OpContext& context, const VPath& path) override {
    SLIPWAY_TRY(look_at(context, path));
    if (path.is_root()) return fail(Errc::InvalidArgument, path);
    std::lock_guard lock(bucket_->mutex);
    SLIPWAY_ASSIGN(const FileInfo info, find(path));
    if (!info.is_directory()) return fail(Errc::NotDirectory, path);
    const std::string prefix = marker(path);
    const auto first = bucket_->objects.upper_bound(prefix);
    if (first != bucket_->objects.end() && first->first.starts_with(prefix) && !fault_.is("removes-full-directories")) {
      return fail(Errc::NotEmpty, path);
    }
    bucket_->objects.erase(prefix);
    return ok();
  }

  // Of objects; directories are left to the core.
  Status rename(const OpContext& context, const VPath& from, const VPath& to) override {
    SLIPWAY_TRY(look_at(context, from));
    if (from.is_root() || to.is_root()) return fail(Errc::InvalidArgument, from);
    if (to.name().size() > 255) return fail(Errc::TooLarge, to);
    std::lock_guard lock(bucket_->mutex);
    SLIPWAY_ASSIGN(const FileInfo info, find(from));
    if (info.is_directory()) return fail(Errc::NotSupported, from);
    if (const auto target = find(to); target && target->is_directory() && !fault_.is("renames-over-directories")) {
      return fail(Errc::Exists, to);
    }
    const Content content = bucket_->objects[key(from)];
    if (!fault_.is("rename-copies")) bucket_->objects.erase(key(from));
    bucket_->objects[key(to)] = content;
    return ok();
  }

 private:
  Status look_at(const OpContext& context, const VPath& path) const {
    return fault_.is("deaf") ? ok() : check(context, path.str());
  }
  std::string key(const VPath& path) const {
    std::string text = path.str();
    if (fault_.is("folds-case")) {
      for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return text;
  }
  Result<FileInfo> find(const VPath& path) const {
    if (path.is_root()) return FileInfo({}, FileType::Directory);
    if (const auto object = bucket_->objects.find(key(path)); object != bucket_->objects.end()) {
      return FileInfo(std::string(path.name()), FileType::Regular, object->second->size());
    }
    const std::string prefix = marker(path);
    const auto below = bucket_->objects.lower_bound(prefix);
    if (below != bucket_->objects.end() && below->first.starts_with(prefix)) {
      return FileInfo(std::string(path.name()), FileType::Directory);
    }
    return fail(Errc::NotFound, path);
  }

  const std::shared_ptr<Bucket> bucket_;
  const Fault fault_;
};

class ObjectStorage final : public StorageModule {
 public:
  explicit ObjectStorage(Host&) {}
  Result<std::unique_ptr<Filesystem>> mount(const OpContext& context, const MountRequest& request) override {
    if (request.options.string("fault") != "deaf") SLIPWAY_TRY(check(context, "mount"));
    std::lock_guard lock(mutex_);
    auto& bucket = buckets_[std::string(request.options.string("bucket"))];
    if (bucket == nullptr) bucket = std::make_shared<Bucket>();
    return std::make_unique<Objects>(bucket, request.options.string("fault"));
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Bucket>> buckets_;
};

constexpr std::array kUseOptions{
    OptionSpec{"bucket", OptionType::String, "", "Mounts of one bucket share its objects."},
    OptionSpec{"fault", OptionType::String, "", "The mistake to make."},
};
}  // namespace

SLIPWAY_MODULE(ObjectStorage, .kind = ModuleKind::Storage, .name = "storage-objects", .version = "0.1.0",
               .summary = "For tests of the kit: an object store that errs on request", .provides = "objects",
               .use_options = kUseOptions.data(), .use_option_count = kUseOptions.size());
