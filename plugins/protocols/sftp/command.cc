#include "command.h"

#include <cstring>

namespace slipway::sftp {

void CommandIo::write(std::string_view text) {
  if (text.empty()) return;
  std::memcpy(reserve(text.size()).data(), text.data(), text.size());
  commit(text.size());
}

std::string client_text(const Error& error) {
  switch (error.code()) {
    case Errc::NotFound:
      return "no such file or directory";
    case Errc::PermissionDenied:
    case Errc::AuthFailed:
      return "permission denied";
    case Errc::NotSupported:
      return "operation unsupported";
    case Errc::IsDirectory:
      return "is a directory";
    case Errc::NotDirectory:
      return "not a directory";
    case Errc::NotEmpty:
      return "directory not empty";
    case Errc::Exists:
      return "file exists";
    case Errc::NoSpace:
      return "no space left";
    case Errc::Cancelled:
      return "transfer aborted";
    case Errc::QuotaExceeded:
    case Errc::InvalidArgument:
    case Errc::TooLarge:
      return error.cause().empty() ? "failure" : error.cause();
    default:
      return "failure";
  }
}

}  // namespace slipway::sftp
