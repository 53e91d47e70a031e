// Errors as values: what every call that can fail returns. Nothing in the SDK throws across a module boundary.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace slipway {

// The set that every protocol can map to its own codes: SFTP status, FTP reply, HTTP status.
// A new one is added only when a client can tell the difference.
enum class Errc : std::uint8_t {
  Ok,
  NotFound,
  Exists,
  NotDirectory,
  IsDirectory,
  NotEmpty,
  PermissionDenied,
  AuthFailed,       // a credential was wrong; the login chain ends here
  QuotaExceeded,    // an account's limit: files, bytes, transferred bytes, upload size
  NoSpace,          // the storage itself is full
  ReadOnly,         // the storage refuses all writes
  NotSupported,     // not a failure: the backend does not have the ability
  InvalidArgument,  // the caller's input; the message says what to change
  TooLarge,         // a name, a list, a message beyond a limit
  Cancelled,        // the client left, an administrator closed the connection, the server drains
  TimedOut,
  Unavailable,  // a remote store or service does not answer; a retry may help
  Conflict,     // somebody else holds it, or it changed meanwhile
  IoError,
  Internal,  // our own mistake, or a module's exception caught by the guard
};

// The code's name as logs and tests print it: "not-found".
constexpr std::string_view to_string(Errc code) noexcept {
  constexpr std::string_view names[] = {
      "ok",        "not-found",         "exists",           "not-directory",  "is-directory",
      "not-empty", "permission-denied", "auth-failed",      "quota-exceeded", "no-space",
      "read-only", "not-supported",     "invalid-argument", "too-large",      "cancelled",
      "timed-out", "unavailable",       "conflict",         "io-error",       "internal"};
  return names[static_cast<std::size_t>(code)];
}

// Code, the thing it is about, why, and whether the same call may succeed later.
// Text is lower case, without a full stop and without secrets.
class [[nodiscard]] Error {
 public:
  Error(Errc code, std::string subject, std::string cause = {}, bool retryable = false)
      : code_(code), retryable_(retryable), subject_(std::move(subject)), cause_(std::move(cause)) {}

  Errc code() const noexcept { return code_; }
  bool retryable() const noexcept { return retryable_; }
  const std::string& subject() const noexcept { return subject_; }
  const std::string& cause() const noexcept { return cause_; }

  // "subject: cause", or "subject: permission-denied" where no cause was given.
  std::string message() const {
    std::string text = subject_;
    if (!text.empty()) text += ": ";
    text += cause_.empty() ? std::string(to_string(code_)) : cause_;
    return text;
  }

 private:
  Errc code_;
  bool retryable_;
  std::string subject_;
  std::string cause_;
};

// A value or an Error. Asking a failed Result for its value is a programming error.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : v_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : v_(std::in_place_index<1>, std::move(error)) {}
  template <class U>  // unique_ptr<Derived> becomes Result<unique_ptr<Base>>
  requires(std::is_convertible_v<U&&, T> && !std::is_same_v<std::decay_t<U>, Error> &&
           !std::is_same_v<std::decay_t<U>, T> && !std::is_same_v<std::decay_t<U>, Result>) Result(U&& value)
      : v_(std::in_place_index<0>, std::forward<U>(value)) {}

  bool ok() const noexcept { return v_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  T& operator*() & { return std::get<0>(v_); }
  const T& operator*() const& { return std::get<0>(v_); }
  T&& operator*() && { return std::get<0>(std::move(v_)); }
  T* operator->() { return &std::get<0>(v_); }
  const T* operator->() const { return &std::get<0>(v_); }

  const Error& error() const& { return std::get<1>(v_); }
  Error&& error() && { return std::get<1>(std::move(v_)); }
  Errc code() const noexcept { return ok() ? Errc::Ok : std::get<1>(v_).code(); }

 private:
  std::variant<T, Error> v_;
};

using Status = Result<std::monostate>;
inline Status ok() { return std::monostate{}; }

}  // namespace slipway

// Returns the error of `expr` from the enclosing function.
#define SLIPWAY_TRY(expr)                                                                           \
  do {                                                                                              \
    if (auto slipway_status_ = (expr); !slipway_status_) return std::move(slipway_status_).error(); \
  } while (0)

#define SLIPWAY_CONCAT_(a, b) a##b
#define SLIPWAY_CONCAT(a, b) SLIPWAY_CONCAT_(a, b)
// SLIPWAY_ASSIGN(auto file, fs.open(...)); declares `file`, or returns the error.
#define SLIPWAY_ASSIGN(declaration, expr) \
  SLIPWAY_ASSIGN_(SLIPWAY_CONCAT(slipway_result_, __COUNTER__), declaration, expr)
#define SLIPWAY_ASSIGN_(result, declaration, expr) \
  auto result = (expr);                            \
  if (!result) return std::move(result).error();   \
  declaration = *std::move(result)
