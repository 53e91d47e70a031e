// IP addresses and CIDR networks, IPv4 and IPv6 alike.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace slipway {

// 128 bits; IPv4 addresses are held IPv4-mapped (RFC 4291 2.5.5.2), so that ::ffff:192.0.2.1 equals 192.0.2.1.
class IpAddress {
 public:
  // Without brackets; a zone ("%eth0") is dropped. Nothing for anything else.
  static std::optional<IpAddress> parse(std::string_view text);
  bool is_v4() const noexcept;
  std::string to_string() const;  // IPv4-mapped addresses as IPv4
  const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }
  // With everything but the first `prefix` of 128 bits cleared.
  IpAddress masked(unsigned prefix) const noexcept;
  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

class IpNetwork {
 public:
  // "192.0.2.0/24", "2001:db8::/32"; host bits are ignored. A bare address is a network of one when `allow_address`.
  static std::optional<IpNetwork> parse(std::string_view text, bool allow_address = false);
  bool contains(const IpAddress&) const noexcept;
  const IpAddress& address() const noexcept { return address_; }  // the first one
  unsigned prefix() const noexcept { return prefix_; }            // of 128

 private:
  IpAddress address_;
  unsigned prefix_ = 0;
};

// Whether `address` lies in one of `networks`; texts that are no network match nothing.
bool in_any_network(std::string_view address, std::span<const std::string> networks);

}  // namespace slipway

template <>
struct std::hash<slipway::IpAddress> {
  std::size_t operator()(const slipway::IpAddress& address) const noexcept {
    const auto& bytes = address.bytes();
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
};
