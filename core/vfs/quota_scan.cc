#include "core/vfs/quota_scan.h"

#include <utility>
#include <vector>

#include "core/vfs/access.h"

namespace slipway::vfs {
namespace {

constexpr std::size_t kPage = 1000;

bool vanished(Errc code) noexcept { return code == Errc::NotFound || code == Errc::NotDirectory; }

void count(const FileInfo& entry, QuotaUsage& usage, ScanProgress* progress) {
  // Staged uploads count when they are complete, under the name that they get then.
  if (!entry.is_regular() || is_upload_name(entry.name)) return;
  usage.size += static_cast<std::int64_t>(entry.size);
  ++usage.files;
  if (!progress) return;
  progress->files.fetch_add(1, std::memory_order_relaxed);
  progress->bytes.fetch_add(entry.size, std::memory_order_relaxed);
}

}  // namespace

// Not walk_tree: trees of any depth must be countable, and a scan must not end because one directory went away.
Result<QuotaUsage> scan(const OpContext& ctx, Filesystem& fs, const VPath& root, ScanProgress* progress) {
  QuotaUsage usage;
  std::vector<VPath> pending{root};
  std::vector<FileInfo> page;
  while (!pending.empty()) {
    const VPath directory = std::move(pending.back());
    pending.pop_back();
    if (ctx.stop.stop_requested()) return cancelled(root);
    auto cursor = fs.list(ctx, directory);
    if (!cursor && directory != root && vanished(cursor.code())) continue;
    if (!cursor) return std::move(cursor).error();
    if (progress) progress->directories.fetch_add(1, std::memory_order_relaxed);
    for (bool more = true; more;) {
      if (ctx.stop.stop_requested()) return cancelled(root);
      page.clear();
      SLIPWAY_ASSIGN(more, (*cursor)->next(ctx, kPage, page));
      for (const FileInfo& entry : page) {
        if (!entry.is_directory())
          count(entry, usage, progress);
        else if (!is_upload_name(entry.name))
          pending.push_back(directory.child(entry.name));
      }
    }
  }
  return usage;
}

}  // namespace slipway::vfs
