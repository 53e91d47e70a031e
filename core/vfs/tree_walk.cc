#include "core/vfs/tree_walk.h"

#include <utility>
#include <vector>

#include "core/vfs/access.h"

namespace slipway::vfs {
namespace {

constexpr std::size_t kPage = 500;
constexpr std::size_t kMaxDepth = 1000;

struct Pending {
  VPath path;
  std::size_t depth;
};

bool vanished(Errc code) noexcept { return code == Errc::NotFound || code == Errc::NotDirectory; }

}  // namespace

Status walk_tree(const OpContext& ctx, Filesystem& fs, const VPath& root, const Visit& visit) {
  SLIPWAY_ASSIGN(const FileInfo top, fs.stat(ctx, root, Follow::No));
  SLIPWAY_TRY(visit(root, top));
  if (!top.is_directory()) return ok();

  std::vector<Pending> pending{{root, 0}};
  std::vector<FileInfo> page;
  while (!pending.empty()) {
    const Pending directory = std::move(pending.back());
    pending.pop_back();
    auto cursor = fs.list(ctx, directory.path);
    if (!cursor && directory.depth > 0 && vanished(cursor.code())) continue;
    if (!cursor) return std::move(cursor).error();
    for (bool more = true; more;) {
      if (ctx.stop.stop_requested()) return cancelled(root);
      page.clear();
      SLIPWAY_ASSIGN(more, (*cursor)->next(ctx, kPage, page));
      for (const FileInfo& entry : page) {
        const VPath path = directory.path.child(entry.name);
        SLIPWAY_TRY(visit(path, entry));
        if (!entry.is_directory()) continue;
        if (directory.depth + 1 >= kMaxDepth)
          return refused(Errc::TooLarge, root, "directories are nested more than 1000 levels deep");
        pending.push_back({path, directory.depth + 1});
      }
    }
  }
  return ok();
}

}  // namespace slipway::vfs
