#include "core/session/login_methods.h"

#include <algorithm>
#include <array>

namespace slipway::session {
namespace {

constexpr std::array<std::string_view, 3> kFactors{"publickey", "password", "keyboard-interactive"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kPairs{{{"publickey", "password"},
                                                                               {"publickey", "keyboard-interactive"},
                                                                               {"password", "publickey"},
                                                                               {"keyboard-interactive", "publickey"}}};

std::string pair_name(std::string_view first, std::string_view second) {
  return std::string(first) + "+" + std::string(second);
}

class Allowed {
 public:
  Allowed(std::string_view protocol, std::span<const std::string> denied) : ssh_(protocol == "SSH"), denied_(denied) {}

  bool single(std::string_view factor) const {
    return !is_denied(factor) && !(ssh_ && factor == "password" && is_denied("password-over-SSH"));
  }
  bool any_single() const {
    return std::ranges::any_of(kFactors, [&](auto f) { return single(f); });
  }
  bool pair(std::string_view first, std::string_view second) const {
    return ssh_ && std::ranges::find(kPairs, std::pair(first, second)) != kPairs.end() &&
           !is_denied(pair_name(first, second));
  }

 private:
  bool is_denied(std::string_view method) const { return std::ranges::find(denied_, method) != denied_.end(); }

  bool ssh_;
  std::span<const std::string> denied_;
};

}  // namespace

MethodDecision decide_method(std::string_view protocol, std::span<const std::string> passed, std::string_view factor,
                             std::span<const std::string> denied) {
  const Allowed allowed(protocol, denied);
  MethodDecision decision;
  if (!passed.empty()) {
    decision.method = pair_name(passed.back(), factor);
    if (allowed.pair(passed.back(), factor)) decision.kind = MethodDecision::Kind::Accept;
    return decision;
  }
  decision.method = factor;
  if (allowed.single(factor)) {
    decision.kind = MethodDecision::Kind::Accept;
  } else if (!allowed.any_single()) {
    for (const auto second : kFactors)
      if (allowed.pair(factor, second)) decision.next.emplace_back(second);
    if (!decision.next.empty()) decision.kind = MethodDecision::Kind::Partial;
  }
  return decision;
}

}  // namespace slipway::session
