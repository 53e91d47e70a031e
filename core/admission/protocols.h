// The login protocols of the account model as the bits that IP lists and rate limiters know them by.
#pragma once

#include <cstdint>
#include <string_view>

namespace slipway::admission {

using ProtocolMask = std::uint32_t;

inline constexpr ProtocolMask kAllProtocols = ~ProtocolMask{0};

// One bit. A protocol that the account model does not know has a bit that only kAllProtocols covers.
constexpr ProtocolMask protocol_bit(std::string_view protocol) noexcept {
  constexpr std::string_view known[] = {"SSH", "FTP", "DAV", "HTTP"};
  for (unsigned i = 0; i < 4; ++i)
    if (known[i] == protocol) return 1u << i;
  return 1u << 31;
}

// As an entry of a list stores it: 0 is all.
constexpr ProtocolMask mask_of_entry(int protocols) noexcept {
  return protocols == 0 ? kAllProtocols : static_cast<ProtocolMask>(protocols);
}

}  // namespace slipway::admission
