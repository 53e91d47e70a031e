// What an address can do wrong.
#pragma once

#include <cstdint>
#include <string_view>

namespace slipway::admission {

enum class Violation : std::uint8_t {
  NoAuthTried,      // left without trying to log in, or shares no algorithm with this server
  WrongCredential,  // of a known user
  UnknownUser,
  LimitExceeded,  // a rate limit, or the cap of connections of one address
};

// As the log calls it.
constexpr std::string_view to_string(Violation violation) noexcept {
  constexpr std::string_view names[] = {"no_auth_tried", "login_failed", "user_not_found", "limit_exceeded"};
  return names[static_cast<std::size_t>(violation)];
}

}  // namespace slipway::admission
