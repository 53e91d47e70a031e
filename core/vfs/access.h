// What the policy says about a path: permissions and patterns as the errors that clients see.
#pragma once

#include "core/vfs/policy.h"

namespace slipway::vfs {

// Uploads in progress lie under such names; no client sees or touches one.
inline constexpr std::string_view kUploadPrefix = ".sftpgo-upload.";
bool is_upload_name(std::string_view name) noexcept;

// Subjects of the errors are the path of the user's tree, with bytes that are no text escaped.
Error refused(Errc code, const VPath& path, std::string_view cause);
Error denied(const VPath& path, std::string_view cause = "permission denied");
Error not_found(const VPath& path);
Error not_supported(const VPath& path, std::string_view cause);
Error over_write_quota(const VPath& path);
Error over_read_quota(const VPath& path);
Error cancelled(const VPath& path);

// The same error about the path that the client knows.
Error about(const VPath& path, Error error);
template <class T>
Result<T> about(const VPath& path, Result<T> result) {
  if (result) return result;
  return about(path, std::move(result).error());
}

// Thread-safe. Views the policy, which must outlive it.
class Access {
 public:
  explicit Access(const Policy& policy) : policy_(policy) {}

  // The entry for a directory itself.
  Permissions in(const VPath& directory) const { return policy_.permissions.at(directory); }
  // PermissionDenied unless `permission` is held on the directory that contains `path`.
  Status require(Permission permission, const VPath& path) const;
  // PermissionDenied unless `permission` is held by the entry for `path` itself.
  Status require_on(Permission permission, const VPath& path) const;

  PatternVerdict verdict(const VPath& path) const;
  // For an entry of a directory that is visible itself.
  static PatternVerdict verdict(const PatternRules::Names& names, std::string_view name);
  // Looking at something that exists: NotFound for what is hidden.
  Status visible(const VPath& path) const;
  // Using something that exists: NotFound for what is hidden, PermissionDenied for what is denied.
  Status usable(const VPath& path) const;
  // Making something: PermissionDenied for both, for the name is refused whether it exists or not.
  Status creatable(const VPath& path) const;

 private:
  const Policy& policy_;
};

}  // namespace slipway::vfs
