// The host names that a binding answers to.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/result.h"

namespace slipway::http {

class HostNames {
 public:
  HostNames();
  ~HostNames();
  HostNames(const HostNames&) = delete;
  HostNames& operator=(const HostNames&) = delete;

  // Names, with or without a port; or regular expressions (ECMAScript, without case), found anywhere in the host.
  Status set(const std::vector<std::string>& allowed, bool are_regex);
  // Everything where none was set.
  bool allow(std::string_view host) const;

 private:
  struct Patterns;
  std::vector<std::string> names_;
  std::unique_ptr<Patterns> patterns_;
};

}  // namespace slipway::http
