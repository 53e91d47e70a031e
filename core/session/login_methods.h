// Which factors, in which order, make a login: one of them, or two in a row where an account asks for it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::session {

struct MethodDecision {
  enum class Kind { Accept, Partial, Refuse };
  Kind kind = Kind::Refuse;
  // "publickey", "publickey+password": how logs, hooks and the account's filters call it.
  std::string method;
  std::vector<std::string> next;  // with Partial: the factors that may follow
};

// `factor` ("password", "publickey", "keyboard-interactive") was proved after `passed`; `denied` are the account's
// denied_login_methods. One factor is enough as long as the account allows any single one; only when all single ones
// are denied do the pairs count, in their order.
MethodDecision decide_method(std::string_view protocol, std::span<const std::string> passed, std::string_view factor,
                             std::span<const std::string> denied);

}  // namespace slipway::session
