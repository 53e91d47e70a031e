#include "support/http/networks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "support/http/characters.h"

namespace slipway::http {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const AddressBytes& address) { return std::equal(kMapped.begin(), kMapped.end(), address.begin()); }

bool same_prefix(const AddressBytes& a, const AddressBytes& b, unsigned bits) {
  const auto whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
  return (a[whole] & mask) == (b[whole] & mask);
}

}  // namespace

std::optional<AddressBytes> parse_address(std::string_view text) {
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  const std::string terminated(text);
  AddressBytes bytes{};
  if (text.find(':') != std::string_view::npos) {
    if (::inet_pton(AF_INET6, terminated.c_str(), bytes.data()) != 1) return std::nullopt;
    return bytes;
  }
  std::copy(kMapped.begin(), kMapped.end(), bytes.begin());
  if (::inet_pton(AF_INET, terminated.c_str(), bytes.data() + kMapped.size()) != 1) return std::nullopt;
  return bytes;
}

std::string format_address(const AddressBytes& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_mapped(address)) {
    ::inet_ntop(AF_INET, address.data() + kMapped.size(), text, sizeof(text));
  } else {
    ::inet_ntop(AF_INET6, address.data(), text, sizeof(text));
  }
  return text;
}

Status Networks::add(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) {
    return Error(Errc::InvalidArgument, std::string(text), "not an address or a network such as 10.0.0.0/8");
  }
  unsigned bits = 128;
  if (slash != std::string_view::npos) {
    const bool v4 = text.find(':') == std::string_view::npos;
    const auto length = parse_decimal(text.substr(slash + 1), v4 ? 32 : 128);
    if (!length) return Error(Errc::InvalidArgument, std::string(text), "its prefix length is out of range");
    bits = static_cast<unsigned>(*length) + (v4 ? 96 : 0);
  }
  networks_.push_back({*address, bits});
  return ok();
}

bool Networks::contains(const AddressBytes& address) const noexcept {
  return std::any_of(networks_.begin(), networks_.end(),
                     [&](const Network& network) { return same_prefix(address, network.prefix, network.bits); });
}

}  // namespace slipway::http
