#include "core/vfs/fence.h"

#include <exception>
#include <utility>

#include "core/log/log.h"

namespace slipway::vfs {
namespace {

// Whom to blame in the log.
struct Label {
  std::string sender, connection_id, module, mount;
};

Error caught(const Label& label, std::string_view operation, const char* what) {
  log::write(LogLevel::Error, label.sender, label.connection_id, "a storage module threw an exception",
             {{"module", label.module}, {"mount", label.mount}, {"operation", operation}, {"error", what}});
  return {Errc::Internal, std::string(operation), "the storage module failed; see the server's log"};
}

template <class F>
auto fenced(const Label& label, std::string_view operation, F&& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& e) {
    return caught(label, operation, e.what());
  } catch (...) {
    return caught(label, operation, "not a std::exception");
  }
}

template <class T>
using Shared = std::shared_ptr<T>;

class FencedFile final : public File {
 public:
  FencedFile(std::unique_ptr<File> file, Shared<const Label> label)
      : file_(std::move(file)), label_(std::move(label)) {}

  Result<std::size_t> read_at(const OpContext& ctx, std::uint64_t offset, std::span<std::byte> out) override {
    return fenced(*label_, "read", [&] { return file_->read_at(ctx, offset, out); });
  }
  Status write_at(const OpContext& ctx, std::uint64_t offset, std::span<const std::byte> data) override {
    return fenced(*label_, "write", [&] { return file_->write_at(ctx, offset, data); });
  }
  Result<FileInfo> stat(const OpContext& ctx) override {
    return fenced(*label_, "stat", [&] { return file_->stat(ctx); });
  }
  Status truncate(const OpContext& ctx, std::uint64_t size) override {
    return fenced(*label_, "truncate", [&] { return file_->truncate(ctx, size); });
  }
  Status set_attributes(const OpContext& ctx, const FileAttributes& attributes) override {
    return fenced(*label_, "set attributes", [&] { return file_->set_attributes(ctx, attributes); });
  }
  Status sync(const OpContext& ctx) override {
    return fenced(*label_, "sync", [&] { return file_->sync(ctx); });
  }
  Status finish(const OpContext& ctx) override {
    return fenced(*label_, "finish", [&] { return file_->finish(ctx); });
  }
  int native_fd() const noexcept override { return file_->native_fd(); }
  void* query(std::string_view interface_id) noexcept override { return file_->query(interface_id); }

 private:
  std::unique_ptr<File> file_;
  Shared<const Label> label_;
};

class FencedCursor final : public DirCursor {
 public:
  FencedCursor(std::unique_ptr<DirCursor> cursor, Shared<const Label> label)
      : cursor_(std::move(cursor)), label_(std::move(label)) {}

  Result<bool> next(const OpContext& ctx, std::size_t max, std::vector<FileInfo>& out) override {
    return fenced(*label_, "list", [&] { return cursor_->next(ctx, max, out); });
  }

 private:
  std::unique_ptr<DirCursor> cursor_;
  Shared<const Label> label_;
};

class FencedFilesystem final : public Filesystem {
 public:
  FencedFilesystem(Shared<Filesystem> fs, Label label)
      : fs_(std::move(fs)), label_(std::make_shared<const Label>(std::move(label))) {}

  Capabilities capabilities() const noexcept override { return fs_->capabilities(); }
  std::string location(const VPath& path) const override {
    try {
      return fs_->location(path);
    } catch (const std::exception& e) {
      (void)caught(*label_, "location", e.what());
    } catch (...) {
      (void)caught(*label_, "location", "not a std::exception");
    }
    return path.str();
  }
  Result<FileInfo> stat(const OpContext& ctx, const VPath& path, Follow follow) override {
    return fenced(*label_, "stat", [&] { return fs_->stat(ctx, path, follow); });
  }
  Result<std::unique_ptr<DirCursor>> list(const OpContext& ctx, const VPath& path) override {
    auto cursor = fenced(*label_, "list", [&] { return fs_->list(ctx, path); });
    if (!cursor) return cursor;
    if (!*cursor) return nothing("list");
    return std::make_unique<FencedCursor>(*std::move(cursor), label_);
  }
  Result<std::unique_ptr<File>> open(const OpContext& ctx, const VPath& path, const OpenOptions& options) override {
    auto file = fenced(*label_, "open", [&] { return fs_->open(ctx, path, options); });
    if (!file) return file;
    if (!*file) return nothing("open");
    return std::make_unique<FencedFile>(*std::move(file), label_);
  }
  Status remove(const OpContext& ctx, const VPath& path) override {
    return fenced(*label_, "remove", [&] { return fs_->remove(ctx, path); });
  }
  Status make_dir(const OpContext& ctx, const VPath& path, std::uint32_t mode) override {
    return fenced(*label_, "mkdir", [&] { return fs_->make_dir(ctx, path, mode); });
  }
  Status remove_dir(const OpContext& ctx, const VPath& path) override {
    return fenced(*label_, "rmdir", [&] { return fs_->remove_dir(ctx, path); });
  }
  Status rename(const OpContext& ctx, const VPath& from, const VPath& to) override {
    return fenced(*label_, "rename", [&] { return fs_->rename(ctx, from, to); });
  }
  Status copy(const OpContext& ctx, const VPath& from, const VPath& to) override {
    return fenced(*label_, "copy", [&] { return fs_->copy(ctx, from, to); });
  }
  Status set_attributes(const OpContext& ctx, const VPath& path, const FileAttributes& attributes,
                        Follow follow) override {
    return fenced(*label_, "set attributes", [&] { return fs_->set_attributes(ctx, path, attributes, follow); });
  }
  Status symlink(const OpContext& ctx, std::string_view target, const VPath& link) override {
    return fenced(*label_, "symlink", [&] { return fs_->symlink(ctx, target, link); });
  }
  Result<std::string> read_link(const OpContext& ctx, const VPath& path) override {
    return fenced(*label_, "readlink", [&] { return fs_->read_link(ctx, path); });
  }
  Result<FilesystemSpace> space(const OpContext& ctx, const VPath& path) override {
    return fenced(*label_, "space", [&] { return fs_->space(ctx, path); });
  }
  void* query(std::string_view interface_id) noexcept override { return fs_->query(interface_id); }

 private:
  Error nothing(std::string_view operation) const { return caught(*label_, operation, "it returned nothing"); }

  Shared<Filesystem> fs_;
  Shared<const Label> label_;
};

}  // namespace

void put_behind_fence(Mount& mount, const Policy& policy) {
  Label label;
  label.sender = policy.protocol;
  label.connection_id = policy.connection_id;
  label.module = mount.module.empty() ? "provider " + std::to_string(mount.provider) : mount.module;
  label.mount = mount.folder.empty() ? mount.at.str() : mount.at.str() + " (folder " + mount.folder + ")";
  if (mount.staging) mount.staging = std::make_shared<FencedFilesystem>(std::move(mount.staging), label);
  mount.fs = std::make_shared<FencedFilesystem>(std::move(mount.fs), std::move(label));
}

}  // namespace slipway::vfs
