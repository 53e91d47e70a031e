#include "core/base/error.h"

#include <cerrno>
#include <system_error>

namespace slipway {
namespace {

Errc code_of(int errno_value) {
  switch (errno_value) {
    case ENOENT:
      return Errc::NotFound;
    case EEXIST:
      return Errc::Exists;
    case ENOTDIR:
      return Errc::NotDirectory;
    case EISDIR:
      return Errc::IsDirectory;
    case ENOTEMPTY:
      return Errc::NotEmpty;
    case EACCES:
    case EPERM:
    case EXDEV:  // openat2: the path leaves the root
    case ELOOP:
      return Errc::PermissionDenied;
    case EDQUOT:
      return Errc::QuotaExceeded;
    case ENOSPC:
      return Errc::NoSpace;
    case EROFS:
      return Errc::ReadOnly;
    case EOPNOTSUPP:
    case ENOSYS:
      return Errc::NotSupported;
    case EINVAL:
      return Errc::InvalidArgument;
    case ENAMETOOLONG:
    case EFBIG:
    case E2BIG:
      return Errc::TooLarge;
    case ECANCELED:
      return Errc::Cancelled;
    case ETIMEDOUT:
      return Errc::TimedOut;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
    case ECONNREFUSED:
      return Errc::Unavailable;
    case EBUSY:
    case ETXTBSY:
      return Errc::Conflict;
    default:
      return Errc::IoError;
  }
}

}  // namespace

Error error_from_errno(int errno_value, std::string_view subject) {
  const Errc code = code_of(errno_value);
  const bool retryable = code == Errc::Unavailable || code == Errc::Conflict || code == Errc::TimedOut;
  return {code, std::string(subject), std::generic_category().message(errno_value), retryable};
}

}  // namespace slipway
