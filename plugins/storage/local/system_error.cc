#include "system_error.h"

#include <cctype>
#include <cerrno>
#include <cstring>
#include <string>

namespace slipway::local {
namespace {

Errc errc_of(int code) {
  switch (code) {
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
      return Errc::PermissionDenied;
    case EROFS:
      return Errc::ReadOnly;
    // A disk quota of the system is not the account's: for its user the disk is full.
    case ENOSPC:
    case EDQUOT:
      return Errc::NoSpace;
    case ENAMETOOLONG:
    case EFBIG:
    case EOVERFLOW:
    case EMLINK:
      return Errc::TooLarge;
    // A pipe without a reader, a socket, a device without a driver.
    case ENXIO:
    case ENODEV:
    case EINVAL:
    case ELOOP:
      return Errc::InvalidArgument;
    case EOPNOTSUPP:
    case ENOSYS:
      return Errc::NotSupported;
    case EBUSY:
    case ETXTBSY:
      return Errc::Conflict;
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ESTALE:
    case ENOTCONN:
    case EHOSTDOWN:
    case ETIMEDOUT:
      return Errc::Unavailable;
    default:
      return Errc::IoError;
  }
}

}  // namespace

Error system_error(int code, std::string_view subject) {
  const Errc errc = errc_of(code);
  std::string cause;
  // The commonest answer of all needs no explanation, and is made often enough to stay cheap.
  if (errc != Errc::NotFound) {
    const char* text = ::strerrordesc_np(code);
    cause = text != nullptr ? text : "system error " + std::to_string(code);
    cause[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(cause[0])));
  }
  return {errc, std::string(subject), std::move(cause), errc == Errc::Unavailable};
}

Error beneath_error(int code, std::string_view subject) {
  if (code == EXDEV) return {Errc::PermissionDenied, std::string(subject), "a link leads outside the root directory"};
  return system_error(code, subject);
}

}  // namespace slipway::local
