// What a database answers when it cannot: the kind of failure, and results that carry it.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "slipway/result.h"

namespace slipway::sql {

enum class FailureKind : std::uint8_t {
  Other,       // a mistake of ours: wrong SQL, wrong number of parameters
  Unique,      // a key exists already
  ForeignKey,  // a row refers to what does not exist, or something still refers to the row
  NotNull,
  Check,
  Busy,           // somebody else held the database longer than the busy timeout; a retry may help
  Serialization,  // the transaction met another one; a retry may help
  Connection,     // the database cannot be reached or opened
  ReadOnly,
  Full,      // the disk, or the database's own limit
  TooLarge,  // a value beyond the database's limit
  Corrupt,   // the file is damaged or not a database
  Io,
};

// An Error whose kind can be asked. Where it becomes a plain Error (SLIPWAY_TRY in a function that returns Result), the
// kind's Errc stays: Unique is Exists, ForeignKey Conflict, Full NoSpace, Corrupt and Io IoError, Busy and Connection
// Unavailable.
class Failure : public Error {
 public:
  // `engine_code` is the engine's own: an extended result code of SQLite, an SQLSTATE.
  Failure(FailureKind kind, std::string engine_code, std::string subject, std::string cause);

  FailureKind kind() const noexcept { return kind_; }
  const std::string& engine_code() const noexcept { return engine_code_; }

 private:
  FailureKind kind_;
  std::string engine_code_;
};

// As Result, with a Failure. Works with SLIPWAY_TRY and SLIPWAY_ASSIGN.
template <class T>
class [[nodiscard]] Outcome {
 public:
  using value_type = T;

  Outcome(T value) : v_(std::in_place_index<0>, std::move(value)) {}
  Outcome(Failure failure) : v_(std::in_place_index<1>, std::move(failure)) {}

  bool ok() const noexcept { return v_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  T& operator*() & { return std::get<0>(v_); }
  const T& operator*() const& { return std::get<0>(v_); }
  T&& operator*() && { return std::get<0>(std::move(v_)); }
  T* operator->() { return &std::get<0>(v_); }
  const T* operator->() const { return &std::get<0>(v_); }

  const Failure& error() const& { return std::get<1>(v_); }
  Failure&& error() && { return std::get<1>(std::move(v_)); }
  bool failed_with(FailureKind kind) const noexcept { return !ok() && std::get<1>(v_).kind() == kind; }

 private:
  std::variant<T, Failure> v_;
};

using Done = Outcome<std::monostate>;
inline Done done() { return std::monostate{}; }

}  // namespace slipway::sql
