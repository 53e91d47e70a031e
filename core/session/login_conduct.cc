#include "core/session/login_conduct.h"

#include <algorithm>

namespace slipway::session {

LoginConduct::~LoginConduct() {
  if (admission_ == nullptr || logged_in_) return;
  if (keys_)
    admission_->report(caller(), *keys_);
  else if (!tried_)
    admission_->report(caller(), admission::Violation::NoAuthTried);
}

void LoginConduct::failed(std::string_view factor, admission::Violation violation) {
  if (admission_ == nullptr) return;
  if (factor == "publickey")
    keys_ = std::max(keys_.value_or(violation), violation);
  else
    admission_->report(caller(), violation);
}

}  // namespace slipway::session
