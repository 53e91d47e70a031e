// A tree of directories and files in memory: the smallest backend that keeps every promise of the storage contract.
//
// What it cannot do it neither claims nor pretends: no owners, no links, no descriptors, and copies are left to the
// core.
#pragma once

#include <mutex>

#include "memory_node.h"

namespace slipway::memory {

// Shared by all mounts of one name.
struct Tree {
  explicit Tree(std::uint64_t max_size);
  const std::shared_ptr<Budget> budget;
  const std::shared_ptr<Node> root;
  std::mutex mutex;  // guards the `children` of all nodes
};

class MemoryFilesystem final : public Filesystem {
 public:
  explicit MemoryFilesystem(std::shared_ptr<Tree> tree) : tree_(std::move(tree)) {}

  Capabilities capabilities() const noexcept override;
  Result<FileInfo> stat(const OpContext&, const VPath&, Follow) override;
  Result<std::unique_ptr<DirCursor>> list(const OpContext&, const VPath&) override;
  Result<std::unique_ptr<File>> open(const OpContext&, const VPath&, const OpenOptions&) override;
  Status remove(const OpContext&, const VPath&) override;
  Status make_dir(const OpContext&, const VPath&, std::uint32_t mode) override;
  Status remove_dir(const OpContext&, const VPath&) override;
  Status rename(const OpContext&, const VPath& from, const VPath& to) override;
  Status set_attributes(const OpContext&, const VPath&, const FileAttributes&, Follow) override;
  Result<FilesystemSpace> space(const OpContext&, const VPath&) override;

 private:
  // Both are called with the tree's mutex held.
  Result<std::shared_ptr<Node>> find(const VPath& path) const;
  Result<std::shared_ptr<Node>> find_directory(const VPath& path) const;
  // A new node in `directory`.
  Result<std::shared_ptr<Node>> add(Node& directory, const VPath& path, FileType type, std::uint32_t mode);

  const std::shared_ptr<Tree> tree_;
};

}  // namespace slipway::memory
