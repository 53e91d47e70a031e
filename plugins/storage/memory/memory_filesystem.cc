#include "memory_filesystem.h"

#include "memory_file.h"
#include "slipway/storage.h"

namespace slipway::memory {
namespace {

constexpr std::size_t kMaxName = 255;

Error fail(Errc code, const VPath& path) { return {code, path.str()}; }

}  // namespace

Tree::Tree(std::uint64_t max_size)
    : budget(std::make_shared<Budget>(std::max(max_size, kEntryCost))),  // the root always exists
      root(Node::make(FileType::Directory, 0755, budget)) {}

Capabilities MemoryFilesystem::capabilities() const noexcept {
  return Capability::RandomWrite | Capability::ReadWrite | Capability::Resume | Capability::AtomicRename |
         Capability::Mode | Capability::Times | Capability::Truncate | Capability::RealDirectories | Capability::Space |
         Capability::Immediate;
}

Result<std::shared_ptr<Node>> MemoryFilesystem::find(const VPath& path) const {
  std::shared_ptr<Node> node = tree_->root;
  std::string_view rest = std::string_view(path.str()).substr(1);
  while (!rest.empty()) {
    if (node->type != FileType::Directory) return fail(Errc::NotDirectory, path);
    const std::string_view name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name.size() > kMaxName) return fail(Errc::TooLarge, path);
    const auto child = node->children.find(name);
    if (child == node->children.end()) return fail(Errc::NotFound, path);
    node = child->second;
  }
  return node;
}

Result<std::shared_ptr<Node>> MemoryFilesystem::find_directory(const VPath& path) const {
  SLIPWAY_ASSIGN(auto node, find(path));
  if (node->type != FileType::Directory) return fail(Errc::NotDirectory, path);
  return node;
}

Result<std::shared_ptr<Node>> MemoryFilesystem::add(Node& directory, const VPath& path, FileType type,
                                                    std::uint32_t mode) {
  auto node = Node::make(type, mode, tree_->budget);
  if (node == nullptr) return Error(Errc::NoSpace, path.str(), "max_size is reached");
  directory.children.emplace(path.name(), node);
  directory.touch();
  return node;
}

Result<FileInfo> MemoryFilesystem::stat(const OpContext& context, const VPath& path, Follow) {
  SLIPWAY_TRY(check(context, path.str()));
  std::lock_guard lock(tree_->mutex);
  SLIPWAY_ASSIGN(const auto node, find(path));
  return node->info(path.name());
}

Result<std::unique_ptr<DirCursor>> MemoryFilesystem::list(const OpContext& context, const VPath& path) {
  SLIPWAY_TRY(check(context, path.str()));
  std::lock_guard lock(tree_->mutex);
  SLIPWAY_ASSIGN(const auto directory, find_directory(path));
  std::vector<FileInfo> entries;
  entries.reserve(directory->children.size());
  for (const auto& [name, node] : directory->children) entries.push_back(node->info(name));
  return std::make_unique<ListCursor>(std::move(entries));
}

Result<std::unique_ptr<File>> MemoryFilesystem::open(const OpContext& context, const VPath& path,
                                                     const OpenOptions& options) {
  SLIPWAY_TRY(check(context, path.str()));
  if (!options.valid()) {
    return Error(Errc::InvalidArgument, path.str(), "these open options do not go together");
  }
  std::lock_guard lock(tree_->mutex);
  auto found = find(path);
  if (!found && found.code() == Errc::NotFound && options.create) {
    SLIPWAY_ASSIGN(const auto directory, find_directory(path.parent()));
    found = add(*directory, path, FileType::Regular, options.mode);
  } else if (found && options.exclusive) {
    return fail(Errc::Exists, path);
  }
  if (!found) return std::move(found).error();
  if ((*found)->type == FileType::Directory) return fail(Errc::IsDirectory, path);
  if (options.truncate) (*found)->resize(0);
  return std::make_unique<MemoryFile>(*std::move(found), path, options);
}

Status MemoryFilesystem::remove(const OpContext& context, const VPath& path) {
  SLIPWAY_TRY(check(context, path.str()));
  std::lock_guard lock(tree_->mutex);
  SLIPWAY_ASSIGN(const auto node, find(path));
  if (node->type == FileType::Directory) return fail(Errc::IsDirectory, path);
  SLIPWAY_ASSIGN(const auto parent, find(path.parent()));
  parent->children.erase(std::string(path.name()));
  parent->touch();
  return ok();
}

Status MemoryFilesystem::make_dir(const OpContext& context, const VPath& path, std::uint32_t mode) {
  SLIPWAY_TRY(check(context, path.str()));
  std::lock_guard lock(tree_->mutex);
  const auto found = find(path);
  if (found) return fail(Errc::Exists, path);
  if (found.code() != Errc::NotFound) return found.error();
  SLIPWAY_ASSIGN(const auto parent, find_directory(path.parent()));
  SLIPWAY_TRY(add(*parent, path, FileType::Directory, mode));
  return ok();
}

Status MemoryFilesystem::remove_dir(const OpContext& context, const VPath& path) {
  SLIPWAY_TRY(check(context, path.str()));
  if (path.is_root()) return Error(Errc::InvalidArgument, path.str(), "the root directory itself");
  std::lock_guard lock(tree_->mutex);
  SLIPWAY_ASSIGN(const auto directory, find_directory(path));
  if (!directory->children.empty()) return fail(Errc::NotEmpty, path);
  SLIPWAY_ASSIGN(const auto parent, find(path.parent()));
  parent->children.erase(std::string(path.name()));
  parent->touch();
  return ok();
}

Status MemoryFilesystem::rename(const OpContext& context, const VPath& from, const VPath& to) {
  SLIPWAY_TRY(check(context, from.str()));
  if (from.is_root() || to.is_root()) return Error(Errc::InvalidArgument, from.str(), "the root directory itself");
  std::lock_guard lock(tree_->mutex);
  SLIPWAY_ASSIGN(const auto node, find(from));
  const bool is_directory = node->type == FileType::Directory;
  if (is_directory && to != from && to.is_within(from)) {
    return Error(Errc::InvalidArgument, from.str(), "a directory cannot be moved below itself");
  }
  SLIPWAY_ASSIGN(const auto old_parent, find(from.parent()));
  SLIPWAY_ASSIGN(const auto new_parent, find_directory(to.parent()));
  const auto target = find(to);
  if (target && (*target)->type == FileType::Directory) return fail(Errc::Exists, to);
  if (target && is_directory) return fail(Errc::NotDirectory, to);
  if (!target && target.code() != Errc::NotFound) return target.error();
  if (from == to) return ok();
  // All under one lock: nobody sees both names, or neither.
  new_parent->children.insert_or_assign(std::string(to.name()), node);
  old_parent->children.erase(std::string(from.name()));
  new_parent->touch();
  old_parent->touch();
  return ok();
}

Status MemoryFilesystem::set_attributes(const OpContext& context, const VPath& path, const FileAttributes& attributes,
                                        Follow) {
  SLIPWAY_TRY(check(context, path.str()));
  std::lock_guard lock(tree_->mutex);
  SLIPWAY_ASSIGN(const auto node, find(path));
  return apply(*node, attributes, path.str());
}

Result<FilesystemSpace> MemoryFilesystem::space(const OpContext& context, const VPath& path) {
  SLIPWAY_TRY(check(context, path.str()));
  {
    std::lock_guard lock(tree_->mutex);
    SLIPWAY_TRY(find(path));
  }
  const std::uint64_t limit = tree_->budget->limit();
  const std::uint64_t used = std::min(limit, tree_->budget->used());
  FilesystemSpace space;
  space.block_size = kBlockSize;
  space.total_blocks = limit / kBlockSize;
  space.free_blocks = space.available_blocks = (limit - used) / kBlockSize;
  space.total_files = limit / kEntryCost;
  space.free_files = (limit - used) / kEntryCost;
  space.max_name = kMaxName;
  return space;
}

}  // namespace slipway::memory
