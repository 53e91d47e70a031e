#include <optional>

#include "core/vfs/guard_impl.h"
#include "core/vfs/path.h"
#include "core/vfs/path_walk.h"

namespace slipway::vfs {
namespace {

// Where a relative link text leads from `directory`, both within one mount; nothing when it climbs out of it.
std::optional<VPath> follow_text(const VPath& directory, std::string_view text) {
  std::string path = directory.is_root() ? std::string() : directory.str();
  while (!text.empty()) {
    const PathHead head = split_head(text);
    text = head.rest;
    if (head.component.empty() || head.component == ".") continue;
    if (head.component == "..") {
      if (path.empty()) return std::nullopt;
      path.resize(path.rfind('/'));
      continue;
    }
    path += '/';
    path += head.component;
  }
  return path.empty() ? VPath() : VPath(std::move(path));
}

// The text of a link in `directory` that leads to `target`.
std::string relative_text(const VPath& directory, const VPath& target) {
  std::string_view from = directory.str(), to = target.str();
  while (true) {
    const PathHead a = split_head(from), b = split_head(to);
    if (a.component.empty() || a.component != b.component) break;
    from = a.rest;
    to = b.rest;
  }
  std::string text;
  const auto step = [&](std::string_view component) {
    if (!text.empty()) text += '/';
    text += component;
  };
  for (PathHead head = split_head(from); !head.component.empty(); head = split_head(head.rest)) step("..");
  for (PathHead head = split_head(to); !head.component.empty(); head = split_head(head.rest)) step(head.component);
  return text.empty() ? "." : text;
}

VPath virtual_path_of(const Mount& mount, const VPath& path) {
  if (mount.at.is_root()) return path;
  return path.is_root() ? mount.at : VPath(mount.at.str() + path.str());
}

}  // namespace

Status Guard::symlink(const OpContext& ctx, std::string_view target_text, const VPath& link) {
  const GuardState& s = *s_;
  if (target_text.empty()) return refused(Errc::InvalidArgument, link, "a link needs a target");
  SLIPWAY_ASSIGN(const VPath target, clean_path(link.parent(), target_text));
  const Place from = s.place(target), to = s.place(link);
  if (from.mount != to.mount) return not_supported(link, "a link cannot lead into another storage");
  if (!to.mount->symlinks || !has(to.fs().capabilities(), Capability::Symlinks))
    return not_supported(link, "symbolic links are not enabled for this storage");
  if (from.path.is_root() || to.path.is_root()) return denied(link, "the root of a storage is neither link nor target");
  SLIPWAY_TRY(s.access.require(Permission::CreateSymlinks, target));
  SLIPWAY_TRY(s.access.require(Permission::CreateSymlinks, link));
  SLIPWAY_TRY(s.access.visible(target));
  SLIPWAY_TRY(s.access.creatable(link));
  if (is_synthetic(link)) return refused(Errc::Exists, link, "exists already");

  std::string text(target_text);
  for (char& c : text)
    if (c == '\\') c = '/';
  if (text.front() == '/') {
    text = relative_text(to.path.parent(), from.path);
  } else {
    // Cleaning stops at the user's root; the stored text must not get further either.
    const auto stored = follow_text(to.path.parent(), text);
    if (!stored || *stored != from.path) return denied(link, "the target is outside of the storage");
  }
  SLIPWAY_TRY(about(link, to.fs().symlink(ctx, text, to.path)));
  // As the documented line has it: the path is what the link leads to, the target is the link.
  s.notices.log_command("Symlink", from, {.target = &to});
  return ok();
}

Result<std::string> Guard::read_link(const OpContext& ctx, const VPath& path) {
  const GuardState& s = *s_;
  SLIPWAY_TRY(s.access.require(Permission::List, path));
  SLIPWAY_TRY(s.access.visible(path));
  if (path.is_root() || is_synthetic(path)) return refused(Errc::InvalidArgument, path, "is not a link");
  const Place place = s.place(path);
  auto text = about(path, place.fs().read_link(ctx, place.path));
  if (!text) return text;
  const bool absolute = text->starts_with('/');
  const auto stored = absolute ? std::nullopt : follow_text(place.path.parent(), *text);
  if (!stored) return denied(path, "the link leads outside of the storage");
  const VPath target = virtual_path_of(*place.mount, *stored);
  SLIPWAY_TRY(s.access.require(Permission::List, target));
  SLIPWAY_TRY(s.access.visible(target));
  return text;
}

}  // namespace slipway::vfs
