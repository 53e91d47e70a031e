#include "core/base/ip_network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace slipway {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN];
  text = text.substr(0, text.find('%'));
  if (text.empty() || text.size() >= sizeof buffer) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';

  IpAddress address;
  if (in_addr v4; ::inet_pton(AF_INET, buffer, &v4) == 1) {
    std::ranges::copy(kMappedPrefix, address.bytes_.begin());
    std::memcpy(address.bytes_.data() + kMappedPrefix.size(), &v4, sizeof v4);
    return address;
  }
  if (::inet_pton(AF_INET6, buffer, address.bytes_.data()) == 1) return address;
  return std::nullopt;
}

bool IpAddress::is_v4() const noexcept {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin());
}

std::string IpAddress::to_string() const {
  char buffer[INET6_ADDRSTRLEN];
  const bool v4 = is_v4();
  ::inet_ntop(v4 ? AF_INET : AF_INET6, bytes_.data() + (v4 ? kMappedPrefix.size() : 0), buffer, sizeof buffer);
  return buffer;
}

IpAddress IpAddress::masked(unsigned prefix) const noexcept {
  IpAddress masked = *this;
  const unsigned whole = std::min(prefix / 8, 16u);
  for (unsigned i = whole; i < 16; ++i)
    masked.bytes_[i] &= i == whole ? static_cast<std::uint8_t>(0xFF00u >> (prefix % 8)) : std::uint8_t{0};
  return masked;
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text, bool allow_address) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos && !allow_address) return std::nullopt;
  const std::string_view address_text = text.substr(0, slash);
  const auto address = IpAddress::parse(address_text);
  if (!address || address_text.find('%') != std::string_view::npos) return std::nullopt;

  const bool dotted = address_text.find(':') == std::string_view::npos;
  const unsigned width = dotted ? 32 : 128;
  unsigned prefix = width;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc() || end != digits.data() + digits.size() || prefix > width) return std::nullopt;
  }
  IpNetwork network;
  network.prefix_ = prefix + (dotted ? 96 : 0);
  network.address_ = address->masked(network.prefix_);
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const noexcept {
  const auto& ours = address_.bytes();
  const auto& theirs = address.bytes();
  const unsigned whole = prefix_ / 8;
  if (!std::equal(ours.begin(), ours.begin() + whole, theirs.begin())) return false;
  const unsigned rest = prefix_ % 8;
  return rest == 0 || ((ours[whole] ^ theirs[whole]) >> (8 - rest)) == 0;
}

bool in_any_network(std::string_view address, std::span<const std::string> networks) {
  const auto ip = IpAddress::parse(address);
  if (!ip) return false;
  return std::ranges::any_of(networks, [&](const std::string& text) {
    const auto network = IpNetwork::parse(text, true);
    return network && network->contains(*ip);
  });
}

}  // namespace slipway
