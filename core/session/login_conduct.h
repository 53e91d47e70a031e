// How one connection behaves while it logs in, as the defender counts it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/admission/admission.h"

namespace slipway::session {

// A wrong password or answer counts at once; wrong keys count once, and only when nobody logs in, because clients offer
// all that they have. One thread at a time; `admission` may be null, and outlives it.
class LoginConduct {
 public:
  LoginConduct(admission::Admission* admission, std::string protocol, std::string address)
      : admission_(admission), protocol_(std::move(protocol)), address_(std::move(address)) {}
  // The connection ends.
  ~LoginConduct();
  LoginConduct(const LoginConduct&) = delete;
  LoginConduct& operator=(const LoginConduct&) = delete;

  // A credential came, whatever becomes of it.
  void tried() noexcept { tried_ = true; }
  bool has_tried() const noexcept { return tried_; }
  // It was wrong (WrongCredential), or the user's name was (UnknownUser).
  void failed(std::string_view factor, admission::Violation violation);
  void logged_in() noexcept { logged_in_ = true; }

  // The address was banned meanwhile: other credentials need no look.
  bool is_banned() const { return admission_ != nullptr && admission_->is_banned(caller()); }
  // Trusted addresses do not wait as common.defender.login_delay says.
  bool is_delayed() const { return admission_ == nullptr || !admission_->is_trusted(caller()); }

 private:
  admission::Caller caller() const { return {protocol_, address_}; }

  admission::Admission* const admission_;
  const std::string protocol_, address_;
  bool tried_ = false, logged_in_ = false;
  std::optional<admission::Violation> keys_;  // the worst that wrong keys were
};

}  // namespace slipway::session
