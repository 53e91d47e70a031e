#include "link_path.h"

namespace slipway::sftp {
namespace {

constexpr int kMaxLinks = 40;

}  // namespace

VPath follow_links(const OpContext& op, Filesystem& fs, const PathResolver& paths, const VPath& path) {
  if (!has(fs.capabilities(), Capability::Symlinks)) return path;
  VPath current = path;
  for (int links = 0; links <= kMaxLinks; ++links) {
    const std::string text = current.str();
    bool changed = false;
    for (std::size_t end = text.find('/', 1); !current.is_root() && !changed; end = text.find('/', end + 1)) {
      const VPath prefix(text.substr(0, end));
      const auto info = fs.stat(op, prefix, Follow::No);
      if (!info) return current;
      if (info->type == FileType::Symlink) {
        const auto target = fs.read_link(op, prefix);
        if (!target) return current;
        const std::string rest = end == std::string::npos ? std::string() : text.substr(end);
        auto next = paths.resolve(prefix.parent(), *target + rest);
        if (!next) return current;
        current = *std::move(next);
        changed = true;
      }
      if (end == std::string::npos) break;
    }
    if (!changed) return current;
  }
  return path;
}

}  // namespace slipway::sftp
