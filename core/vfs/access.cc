#include "core/vfs/access.h"

#include "core/base/text.h"

namespace slipway::vfs {

bool is_upload_name(std::string_view name) noexcept { return name.starts_with(kUploadPrefix); }

Error refused(Errc code, const VPath& path, std::string_view cause) {
  return {code, printable(path.str()), std::string(cause)};
}
Error denied(const VPath& path, std::string_view cause) { return refused(Errc::PermissionDenied, path, cause); }
Error not_found(const VPath& path) { return refused(Errc::NotFound, path, "no such file or directory"); }
Error not_supported(const VPath& path, std::string_view cause) { return refused(Errc::NotSupported, path, cause); }
Error over_write_quota(const VPath& path) {
  return refused(Errc::QuotaExceeded, path, "denying write due to space limit");
}
Error over_read_quota(const VPath& path) {
  return refused(Errc::QuotaExceeded, path, "denying read due to quota limit");
}
Error cancelled(const VPath& path) { return refused(Errc::Cancelled, path, "transfer aborted"); }

Error about(const VPath& path, Error error) {
  return {error.code(), printable(path.str()), error.cause(), error.retryable()};
}

Status Access::require(Permission permission, const VPath& path) const {
  if (allows(in(path.parent()), permission)) return ok();
  return denied(path);
}

Status Access::require_on(Permission permission, const VPath& path) const {
  if (allows(in(path), permission)) return ok();
  return denied(path);
}

PatternVerdict Access::verdict(const VPath& path) const {
  // At any depth: a tree on its way to another disk has such a name, too.
  for (std::size_t at = path.str().find(kUploadPrefix); at != std::string::npos;
       at = path.str().find(kUploadPrefix, at + 1))
    if (path.str()[at - 1] == '/') return PatternVerdict::Hidden;
  return policy_.patterns.check(path);
}

PatternVerdict Access::verdict(const PatternRules::Names& names, std::string_view name) {
  return is_upload_name(name) ? PatternVerdict::Hidden : names.check(name);
}

Status Access::visible(const VPath& path) const {
  if (verdict(path) == PatternVerdict::Hidden) return not_found(path);
  return ok();
}

Status Access::usable(const VPath& path) const {
  switch (verdict(path)) {
    case PatternVerdict::Visible:
      return ok();
    case PatternVerdict::Denied:
      return denied(path);
    case PatternVerdict::Hidden:
      break;
  }
  return not_found(path);
}

Status Access::creatable(const VPath& path) const {
  if (verdict(path) != PatternVerdict::Visible) return denied(path);
  return ok();
}

}  // namespace slipway::vfs
