// A storage in memory for this room's tests: complete, with faults on demand.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "slipway/storage.h"

namespace slipway::vfs::testing {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

inline constexpr Capabilities kLocalLike = Capability::RandomWrite | Capability::ReadWrite | Capability::Resume |
                                           Capability::AtomicRename | Capability::ServerCopy | Capability::Symlinks |
                                           Capability::Mode | Capability::Owner | Capability::Times |
                                           Capability::Truncate | Capability::RealDirectories | Capability::Immediate;
inline constexpr Capabilities kStoreLike = Capabilities(Capability::CommitOnFinish);

class FakeStorage final : public Filesystem {
 public:
  struct Node {
    FileType type = FileType::Regular;
    std::string content;  // of a link: its target
    std::uint32_t mode = 0644, uid = 0, gid = 0;
    Timestamp mtime{}, atime{};
  };

  explicit FakeStorage(Capabilities capabilities = kLocalLike, std::string root = "/fake")
      : capabilities_(capabilities), root_(std::move(root)) {}

  // Called before every operation with its name and path; an error is the operation's, an exception is thrown on.
  std::function<Status(std::string_view operation, const std::string& path)> fault;
  std::atomic<std::uint64_t> disk_size{UINT64_MAX};  // bytes of all files together; beyond it NoSpace
  std::atomic<int> opened{0};

  // ---- for tests
  void put(const std::string& path, std::string content, FileType type = FileType::Regular) {
    std::lock_guard lock(mutex_);
    auto node = std::make_shared<Node>();
    node->type = type;
    node->content = std::move(content);
    nodes_[path] = node;
  }
  void mkdir(const std::string& path) { put(path, {}, FileType::Directory); }
  std::string content(const std::string& path) const {
    std::lock_guard lock(mutex_);
    const auto at = nodes_.find(path);
    return at == nodes_.end() ? "(absent)" : at->second->content;
  }
  bool exists(const std::string& path) const {
    std::lock_guard lock(mutex_);
    return nodes_.contains(path);
  }
  std::vector<std::string> paths() const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> all;
    for (const auto& [path, node] : nodes_) all.push_back(path);
    return all;
  }
  Node node(const std::string& path) const {
    std::lock_guard lock(mutex_);
    return *nodes_.at(path);
  }
  std::pair<std::int64_t, std::int64_t> total() const {  // bytes, regular files
    std::lock_guard lock(mutex_);
    std::pair<std::int64_t, std::int64_t> sum{0, 0};
    for (const auto& [path, node] : nodes_)
      if (node->type == FileType::Regular) sum.first += static_cast<std::int64_t>(node->content.size()), ++sum.second;
    return sum;
  }

  // ---- Filesystem
  Capabilities capabilities() const noexcept override { return capabilities_; }
  std::string location(const VPath& path) const override { return path.is_root() ? root_ : root_ + path.str(); }

  Result<FileInfo> stat(const OpContext&, const VPath& path, Follow follow) override {
    SLIPWAY_TRY(check("stat", path));
    std::lock_guard lock(mutex_);
    SLIPWAY_ASSIGN(auto node, find(path, follow == Follow::Yes));
    return info(path, *node);
  }
  Result<std::unique_ptr<DirCursor>> list(const OpContext&, const VPath& path) override {
    SLIPWAY_TRY(check("list", path));
    std::lock_guard lock(mutex_);
    SLIPWAY_ASSIGN(auto node, find(path, true));
    if (node->type != FileType::Directory) return fail(Errc::NotDirectory, path);
    std::vector<FileInfo> entries;
    for (const auto& [at, child] : nodes_)
      if (VPath(at).parent() == path) entries.push_back(info(VPath(at), *child));
    return std::make_unique<ListCursor>(std::move(entries));
  }
  Result<std::unique_ptr<File>> open(const OpContext&, const VPath& path, const OpenOptions& options) override;
  Status remove(const OpContext&, const VPath& path) override {
    SLIPWAY_TRY(check("remove", path));
    std::lock_guard lock(mutex_);
    SLIPWAY_ASSIGN(auto node, find(path, false));
    if (node->type == FileType::Directory) return fail(Errc::IsDirectory, path);
    nodes_.erase(path.str());
    return ok();
  }
  Status make_dir(const OpContext&, const VPath& path, std::uint32_t mode) override {
    SLIPWAY_TRY(check("mkdir", path));
    std::lock_guard lock(mutex_);
    if (find(path, false)) return fail(Errc::Exists, path);
    if (has(capabilities_, Capability::RealDirectories)) SLIPWAY_TRY(parent_exists(path));
    auto node = std::make_shared<Node>();
    node->type = FileType::Directory;
    node->mode = mode;
    nodes_[path.str()] = node;
    return ok();
  }
  Status remove_dir(const OpContext&, const VPath& path) override {
    SLIPWAY_TRY(check("rmdir", path));
    std::lock_guard lock(mutex_);
    SLIPWAY_ASSIGN(auto node, find(path, false));
    if (node->type != FileType::Directory) return fail(Errc::NotDirectory, path);
    for (const auto& [at, child] : nodes_)
      if (VPath(at).parent() == path) return fail(Errc::NotEmpty, path);
    nodes_.erase(path.str());
    return ok();
  }
  Status rename(const OpContext&, const VPath& from, const VPath& to) override {
    SLIPWAY_TRY(check("rename", from));
    std::lock_guard lock(mutex_);
    SLIPWAY_TRY(as_status(find(from, false)));
    SLIPWAY_TRY(parent_exists(to));
    if (const auto target = find(to, false); target && (*target)->type == FileType::Directory)
      return fail(Errc::Exists, to);
    std::map<std::string, std::shared_ptr<Node>> moved;
    for (auto at = nodes_.begin(); at != nodes_.end();) {
      if (!VPath(at->first).is_within(from)) {
        ++at;
        continue;
      }
      moved[to.str() + at->first.substr(from.str().size())] = at->second;
      at = nodes_.erase(at);
    }
    for (auto& [path, node] : moved) nodes_[path] = node;
    return ok();
  }
  Status copy(const OpContext&, const VPath& from, const VPath& to) override {
    SLIPWAY_TRY(check("copy", from));
    if (!has(capabilities_, Capability::ServerCopy)) return unsupported("copy");
    std::lock_guard lock(mutex_);
    SLIPWAY_ASSIGN(auto node, find(from, true));
    SLIPWAY_TRY(parent_exists(to));
    SLIPWAY_TRY(room(node->content.size(), find(to, false) ? (*find(to, false))->content.size() : 0));
    nodes_[to.str()] = std::make_shared<Node>(*node);
    return ok();
  }
  Status set_attributes(const OpContext&, const VPath& path, const FileAttributes& a, Follow follow) override {
    SLIPWAY_TRY(check("set attributes", path));
    std::lock_guard lock(mutex_);
    SLIPWAY_ASSIGN(auto node, find(path, follow == Follow::Yes));
    return change(*node, a);
  }
  Status symlink(const OpContext&, std::string_view target, const VPath& link) override {
    SLIPWAY_TRY(check("symlink", link));
    if (!has(capabilities_, Capability::Symlinks)) return unsupported("symlink");
    std::lock_guard lock(mutex_);
    if (find(link, false)) return fail(Errc::Exists, link);
    auto node = std::make_shared<Node>();
    node->type = FileType::Symlink;
    node->content = std::string(target);
    nodes_[link.str()] = node;
    return ok();
  }
  Result<std::string> read_link(const OpContext&, const VPath& path) override {
    SLIPWAY_TRY(check("readlink", path));
    std::lock_guard lock(mutex_);
    SLIPWAY_ASSIGN(auto node, find(path, false));
    if (node->type != FileType::Symlink) return fail(Errc::InvalidArgument, path);
    return node->content;
  }
  Result<FilesystemSpace> space(const OpContext&, const VPath& path) override {
    SLIPWAY_TRY(check("space", path));
    if (!has(capabilities_, Capability::Space)) return unsupported("space");
    FilesystemSpace space;
    space.block_size = 1024;
    space.total_blocks = 1000;
    space.free_blocks = space.available_blocks = 600;
    space.total_files = 100;
    space.free_files = 90;
    return space;
  }

 private:
  friend class FakeFile;

  static Error fail(Errc code, const VPath& path) { return {code, path.str()}; }
  template <class T>
  static Status as_status(const Result<T>& result) {
    if (!result) return result.error();
    return ok();
  }
  Status check(std::string_view operation, const VPath& path) {
    if (fault) return fault(operation, path.str());
    return ok();
  }
  Result<std::shared_ptr<Node>> find(const VPath& path, bool follow, int depth = 0) const {
    if (path.is_root()) {
      auto root = std::make_shared<Node>();
      root->type = FileType::Directory;
      return root;
    }
    const auto at = nodes_.find(path.str());
    if (at == nodes_.end()) {
      // Stores without directories have those that lead to something.
      if (!has(capabilities_, Capability::RealDirectories))
        for (const auto& [child, node] : nodes_)
          if (VPath(child).is_within(path)) {
            auto directory = std::make_shared<Node>();
            directory->type = FileType::Directory;
            return directory;
          }
      return fail(Errc::NotFound, path);
    }
    if (!follow || at->second->type != FileType::Symlink) return at->second;
    if (depth > 8) return fail(Errc::InvalidArgument, path);
    return find(path.parent().child(at->second->content), true, depth + 1);
  }
  Status parent_exists(const VPath& path) const {
    if (!has(capabilities_, Capability::RealDirectories)) return ok();
    const auto parent = find(path.parent(), true);
    if (!parent) return parent.error();
    if ((*parent)->type != FileType::Directory) return fail(Errc::NotDirectory, path);
    return ok();
  }
  Status room(std::uint64_t grown, std::uint64_t before) const {
    std::uint64_t sum = grown;
    for (const auto& [path, node] : nodes_)
      if (node->type == FileType::Regular) sum += node->content.size();
    if (sum - before > disk_size) return Error(Errc::NoSpace, "disk", "no space left on device");
    return ok();
  }
  Status change(Node& node, const FileAttributes& a) const {
    const auto need = [&](bool wanted, Capability ability) { return !wanted || has(capabilities_, ability); };
    if (!need(a.size.has_value(), Capability::Truncate) || !need(a.mode.has_value(), Capability::Mode) ||
        !need(a.uid || a.gid, Capability::Owner) || !need(a.atime || a.mtime, Capability::Times))
      return unsupported("set attributes");
    if (a.size) node.content.resize(*a.size);
    node.mode = a.mode.value_or(node.mode);
    node.uid = a.uid.value_or(node.uid);
    node.gid = a.gid.value_or(node.gid);
    node.atime = a.atime.value_or(node.atime);
    node.mtime = a.mtime.value_or(node.mtime);
    return ok();
  }
  static FileInfo info(const VPath& path, const Node& node) {
    FileInfo info(std::string(path.name()), node.type, node.type == FileType::Regular ? node.content.size() : 0);
    info.mode = node.mode;
    info.uid = node.uid;
    info.gid = node.gid;
    info.mtime = node.mtime;
    info.atime = node.atime;
    return info;
  }

  const Capabilities capabilities_;
  const std::string root_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Node>> nodes_;
};

class FakeFile final : public File {
 public:
  FakeFile(FakeStorage& storage, VPath path, std::shared_ptr<FakeStorage::Node> node, bool late)
      : storage_(storage), path_(std::move(path)), node_(std::move(node)), late_(late) {
    ++storage_.opened;
  }
  ~FakeFile() override { --storage_.opened; }

  Result<std::size_t> read_at(const OpContext&, std::uint64_t offset, std::span<std::byte> out) override {
    SLIPWAY_TRY(storage_.check("read", path_));
    std::lock_guard lock(storage_.mutex_);
    if (offset >= node_->content.size()) return std::size_t{0};
    const std::size_t n = std::min(out.size(), node_->content.size() - static_cast<std::size_t>(offset));
    std::memcpy(out.data(), node_->content.data() + offset, n);
    return n;
  }
  Status write_at(const OpContext&, std::uint64_t offset, std::span<const std::byte> data) override {
    SLIPWAY_TRY(storage_.check("write", path_));
    std::lock_guard lock(storage_.mutex_);
    const std::uint64_t end = offset + data.size();
    if (end > node_->content.size()) {
      SLIPWAY_TRY(storage_.room(end - node_->content.size(), 0));
      node_->content.resize(end);
    }
    std::memcpy(node_->content.data() + offset, data.data(), data.size());
    node_->mtime += std::chrono::seconds(1);
    return ok();
  }
  Result<FileInfo> stat(const OpContext&) override {
    SLIPWAY_TRY(storage_.check("fstat", path_));
    std::lock_guard lock(storage_.mutex_);
    return FakeStorage::info(path_, *node_);
  }
  Status truncate(const OpContext&, std::uint64_t size) override {
    if (!has(storage_.capabilities_, Capability::Truncate)) return unsupported("truncate");
    std::lock_guard lock(storage_.mutex_);
    node_->content.resize(size);
    return ok();
  }
  Status set_attributes(const OpContext&, const FileAttributes& a) override {
    if (late_) return unsupported("set attributes");
    std::lock_guard lock(storage_.mutex_);
    return storage_.change(*node_, a);
  }
  Status sync(const OpContext&) override { return storage_.check("sync", path_); }
  Status finish(const OpContext&) override {
    SLIPWAY_TRY(storage_.check("finish", path_));
    if (late_) {
      std::lock_guard lock(storage_.mutex_);
      storage_.nodes_[path_.str()] = node_;
    }
    return ok();
  }

 private:
  FakeStorage& storage_;
  const VPath path_;
  const std::shared_ptr<FakeStorage::Node> node_;
  const bool late_;  // appears at finish
};

inline Result<std::unique_ptr<File>> FakeStorage::open(const OpContext&, const VPath& path,
                                                       const OpenOptions& options) {
  SLIPWAY_TRY(check("open", path));
  std::lock_guard lock(mutex_);
  auto found = find(path, true);
  if (found && (*found)->type == FileType::Directory) return fail(Errc::IsDirectory, path);
  if (!options.write) {
    if (!found) return found.error();
    return std::make_unique<FakeFile>(*this, path, *found, false);
  }
  if (found && options.exclusive) return fail(Errc::Exists, path);
  if (!found && !options.create) return fail(Errc::NotFound, path);
  if (has(capabilities_, Capability::CommitOnFinish))
    return std::make_unique<FakeFile>(*this, path, std::make_shared<Node>(), true);
  SLIPWAY_TRY(parent_exists(path));
  auto node = found ? *found : (nodes_[path.str()] = std::make_shared<Node>());
  if (options.truncate) node->content.clear();
  return std::make_unique<FakeFile>(*this, path, std::move(node), false);
}

}  // namespace slipway::vfs::testing
