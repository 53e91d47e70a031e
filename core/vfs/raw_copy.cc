#include "core/vfs/raw_copy.h"

#include <utility>

#include "core/base/text.h"
#include "core/vfs/access.h"
#include "core/vfs/storage_writer.h"
#include "core/vfs/tree_walk.h"

namespace slipway::vfs {
namespace {

constexpr std::size_t kBlock = 256u << 10;

void keep_times(const OpContext& ctx, const Place& to, const FileInfo& source) {
  const Capabilities abilities = to.fs().capabilities();
  if (has(abilities, Capability::Mode)) (void)to.fs().set_attributes(ctx, to.path, {.mode = source.mode}, Follow::No);
  if (has(abilities, Capability::Times))
    (void)to.fs().set_attributes(ctx, to.path, {.atime = source.atime, .mtime = source.mtime}, Follow::No);
}

// What has vanished need not be removed.
Status gone(Status removed) { return removed.code() == Errc::NotFound ? ok() : std::move(removed); }

Place below(const Place& base, const VPath& root, const VPath& path) {
  if (path == root) return base;
  const std::string_view rest = std::string_view(path.str()).substr(root.is_root() ? 0 : root.str().size());
  const auto join = [&](const VPath& start) {
    return start.is_root() ? VPath(std::string(rest)) : VPath(start.str() + std::string(rest));
  };
  return {join(base.virtual_path), base.mount, join(base.path)};
}

Status copy_link(const OpContext& ctx, const Place& from, const Place& to) {
  SLIPWAY_ASSIGN(const std::string text, from.fs().read_link(ctx, from.path));
  return to.fs().symlink(ctx, text, to.path);
}

bool same_content(const FileInfo& a, const FileInfo& b) { return a.size == b.size && a.mtime == b.mtime; }

Error changed_meanwhile(const Place& place) {
  return {Errc::Conflict, printable(place.virtual_path.str()), "it changed while it was being moved", true};
}

Status move_entry(const OpContext& ctx, const Place& from, const FileInfo& source, const Place& to) {
  switch (source.type) {
    case FileType::Directory:
      SLIPWAY_TRY(to.fs().make_dir(ctx, to.path));
      break;
    case FileType::Symlink:
      return copy_link(ctx, from, to);
    case FileType::Regular: {
      auto copied = stream_file(ctx, from.fs(), from.path, to, std::nullopt, nullptr);
      if (!copied) return std::move(copied).error();
      keep_times(ctx, to, source);
      break;
    }
    case FileType::Other:
      return not_supported(from.virtual_path, "only files, directories and links can be moved");
  }
  return ok();
}

// Only what the copy has: what somebody has changed or added meanwhile stays, and makes this fail.
Status remove_moved(const OpContext& ctx, const Place& from, const Place& to) {
  std::vector<VPath> directories;  // parents before children
  SLIPWAY_TRY(walk_tree(ctx, from.fs(), from.path, [&](const VPath& path, const FileInfo& entry) -> Status {
    if (entry.is_directory()) {
      directories.push_back(path);
      return ok();
    }
    const auto copied = to.fs().stat(ctx, below(to, from.path, path).path, Follow::No);
    if (!copied || copied->type != entry.type || (entry.is_regular() && copied->size != entry.size))
      return changed_meanwhile(below(from, from.path, path));
    return gone(from.fs().remove(ctx, path));
  }));
  for (auto directory = directories.rbegin(); directory != directories.rend(); ++directory) {
    Status removed = from.fs().remove_dir(ctx, *directory);
    if (removed.code() == Errc::NotEmpty) return changed_meanwhile(below(from, from.path, *directory));
    SLIPWAY_TRY(gone(std::move(removed)));
  }
  return ok();
}

}  // namespace

bool share_tree(const Place& from, const Place& to) {
  if (from.mount == to.mount) return true;
  return same_storage(*from.mount, *to.mount) && from.fs().location(to.path) == to.location();
}

Result<std::uint64_t> stream_file(const OpContext& ctx, Filesystem& source_fs, const VPath& source_path,
                                  const Place& to, const std::optional<FileInfo>& target, const Grow& grow) {
  SLIPWAY_ASSIGN(auto source, source_fs.open(ctx, source_path, OpenOptions::reading()));
  SLIPWAY_ASSIGN(const FileInfo info, source->stat(ctx));
  StorageWriter::Plan plan;
  plan.open = OpenOptions::replacing();
  plan.staged = can_stage(to.fs().capabilities());
  plan.staged_beside = true;
  plan.replaces = target;
  plan.open.size_hint = info.size;
  SLIPWAY_ASSIGN(auto writer, StorageWriter::open(ctx, to, plan));

  std::vector<std::byte> block(kBlock);
  std::uint64_t offset = 0;
  Status done = ok();
  while (true) {
    if (ctx.stop.stop_requested()) done = cancelled(to.virtual_path);
    if (!done) break;
    auto read = source->read_at(ctx, offset, block);
    if (!read) {
      done = std::move(read).error();
      break;
    }
    if (*read == 0) break;
    if (grow) done = grow(offset + *read);
    if (done) done = writer->file().write_at(ctx, offset, std::span(block).first(*read));
    offset += *read;
  }
  if (done) done = writer->commit(ctx);
  if (done) return offset;
  OpContext cleanup = ctx;
  cleanup.stop = {};
  writer->abandon(cleanup, StorageWriter::Leave::Nothing);
  return std::move(done).error();
}

Status move_by_copy(const OpContext& ctx, const Place& from, const FileInfo& source, const Place& to) {
  if (source.type != FileType::Directory) {
    SLIPWAY_TRY(move_entry(ctx, from, source, to));
    const auto now = from.fs().stat(ctx, from.path, Follow::No);
    if (now && !same_content(*now, source)) return changed_meanwhile(from);
    return from.fs().remove(ctx, from.path);
  }
  const bool links = has(to.fs().capabilities(), Capability::Symlinks);
  SLIPWAY_TRY(walk_tree(ctx, from.fs(), from.path, [&](const VPath&, const FileInfo& entry) -> Status {
    if (entry.type == FileType::Other || (entry.type == FileType::Symlink && !links))
      return not_supported(from.virtual_path, "it holds links or special files that the target storage cannot take");
    return ok();
  }));
  std::vector<std::pair<Place, FileInfo>> directories;  // parents before children
  Status done = walk_tree(ctx, from.fs(), from.path, [&](const VPath& path, const FileInfo& entry) {
    Place target = below(to, from.path, path);
    Status moved = move_entry(ctx, below(from, from.path, path), entry, target);
    if (entry.is_directory()) directories.emplace_back(std::move(target), entry);
    return moved;
  });
  if (!done) {
    OpContext cleanup = ctx;
    cleanup.stop = {};
    (void)remove_everything(cleanup, to.fs(), to.path);
    return done;
  }
  // Their times changed when entries were made in them.
  for (auto made = directories.rbegin(); made != directories.rend(); ++made) keep_times(ctx, made->first, made->second);
  return remove_moved(ctx, from, to);
}

Status remove_everything(const OpContext& ctx, Filesystem& fs, const VPath& path) {
  std::vector<VPath> directories;  // parents before children
  SLIPWAY_TRY(walk_tree(ctx, fs, path, [&](const VPath& at, const FileInfo& entry) -> Status {
    if (entry.is_directory()) {
      directories.push_back(at);
      return ok();
    }
    return gone(fs.remove(ctx, at));
  }));
  for (auto directory = directories.rbegin(); directory != directories.rend(); ++directory)
    SLIPWAY_TRY(gone(fs.remove_dir(ctx, *directory)));
  return ok();
}

}  // namespace slipway::vfs
