#include "sftp_status.h"

namespace slipway::sftp {

std::string_view status_text(StatusCode code) {
  switch (code) {
    case StatusCode::Ok:
      return "OK";
    case StatusCode::Eof:
      return "EOF";
    case StatusCode::NoSuchFile:
      return "no such file";
    case StatusCode::PermissionDenied:
      return "permission denied";
    case StatusCode::Failure:
      return "failure";
    case StatusCode::BadMessage:
      return "bad message";
    case StatusCode::Unsupported:
      return "operation unsupported";
  }
  return {};
}

StatusReply status_of(const Error& error, Purpose purpose) {
  const auto plain = [](StatusCode code) { return StatusReply{code, std::string(status_text(code))}; };
  const auto failure = [](std::string_view cause) {
    return StatusReply{StatusCode::Failure, "failure: " + std::string(cause)};
  };
  switch (error.code()) {
    case Errc::Ok:
      return plain(StatusCode::Ok);
    case Errc::NotFound:
      return plain(StatusCode::NoSuchFile);
    case Errc::PermissionDenied:
    case Errc::AuthFailed:
      return plain(StatusCode::PermissionDenied);
    case Errc::NotSupported:
      return plain(StatusCode::Unsupported);
    case Errc::QuotaExceeded:
      return failure(purpose == Purpose::Read ? "denying read due to quota limit" : "denying write due to space limit");
    case Errc::Cancelled:
      return failure("transfer aborted");
    case Errc::Exists:
    case Errc::IsDirectory:
    case Errc::NotEmpty:
      if (purpose == Purpose::Replace) return plain(StatusCode::Unsupported);
      break;
    case Errc::Internal:
      return plain(StatusCode::Failure);
    default:
      break;
  }
  return failure(error.cause().empty() ? to_string(error.code()) : std::string_view(error.cause()));
}

}  // namespace slipway::sftp
