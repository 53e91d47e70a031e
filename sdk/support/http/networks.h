// A set of IP networks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/result.h"

namespace slipway::http {

// An IPv4 address counts as its IPv4-mapped IPv6 address.
using AddressBytes = std::array<std::uint8_t, 16>;
std::optional<AddressBytes> parse_address(std::string_view text);
// "192.0.2.1" and "::ffff:192.0.2.1" as "192.0.2.1"; IPv6 in its shortest form.
std::string format_address(const AddressBytes& address);

class Networks {
 public:
  // "10.0.0.0/8", "2001:db8::/32", or an address alone.
  Status add(std::string_view text);
  bool contains(const AddressBytes& address) const noexcept;
  bool empty() const noexcept { return networks_.empty(); }

 private:
  struct Network {
    AddressBytes prefix{};
    unsigned bits = 128;
  };
  std::vector<Network> networks_;
};

}  // namespace slipway::http
