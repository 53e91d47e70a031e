#include "core/accounts/store/sql/failure.h"

namespace slipway::sql {
namespace {

Errc code_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::Unique:
      return Errc::Exists;
    case FailureKind::ForeignKey:
    case FailureKind::Serialization:
      return Errc::Conflict;
    case FailureKind::Busy:
    case FailureKind::Connection:
      return Errc::Unavailable;
    case FailureKind::ReadOnly:
      return Errc::ReadOnly;
    case FailureKind::Full:
      return Errc::NoSpace;
    case FailureKind::TooLarge:
      return Errc::TooLarge;
    case FailureKind::Corrupt:
    case FailureKind::Io:
      return Errc::IoError;
    case FailureKind::NotNull:
    case FailureKind::Check:
    case FailureKind::Other:
      return Errc::Internal;
  }
  return Errc::Internal;
}

bool may_succeed_later(FailureKind kind) {
  return kind == FailureKind::Busy || kind == FailureKind::Serialization || kind == FailureKind::Connection;
}

}  // namespace

Failure::Failure(FailureKind kind, std::string engine_code, std::string subject, std::string cause)
    : Error(code_of(kind), std::move(subject), std::move(cause), may_succeed_later(kind)),
      kind_(kind),
      engine_code_(std::move(engine_code)) {}

}  // namespace slipway::sql
