#include "core/accounts/validation/checks.h"
#include "core/base/ip_network.h"
#include "core/base/text.h"

namespace slipway::accounts {

namespace {

constexpr int kDefenderList = 2, kLastList = 4;
constexpr int kAllProtocols = 1 | 2 | 4 | 8;

// A bare address becomes a network of one; IPv4-mapped addresses become IPv4. Host bits stay as they were typed.
Status check_network(std::string& text) {
  text = std::string(trim(text));
  const auto network = IpNetwork::parse(text, true);
  if (!network) return invalid("/ipornet", "is not an IP address or network, write 192.0.2.1 or 192.0.2.0/24");
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return invalid("/ipornet", "is not an IP address or network, write 192.0.2.1 or 192.0.2.0/24");
  const bool mapped = address->is_v4() && text.find(':') != std::string::npos;
  if (slash == std::string::npos)
    text = address->to_string() + (address->is_v4() ? "/32" : "/128");
  else if (mapped && network->prefix() >= 96)
    text = address->to_string() + "/" + std::to_string(network->prefix() - 96);
  return ok();
}

}  // namespace

Status validate(IpListEntry& entry, const ValidationContext&) {
  SLIPWAY_TRY(check_network(entry.ipornet));
  if (entry.type < 1 || entry.type > kLastList) {
    return invalid("/type", "must be 1 (allow), 2 (defender), 3 (rate limiter safe) or 4 (trusted)");
  }
  if (entry.mode != 1 && !(entry.mode == 2 && entry.type == kDefenderList)) {
    return invalid("/mode",
                   entry.type == kDefenderList ? "must be 1 (allow) or 2 (deny)" : "must be 1 (allow) in this list");
  }
  if (entry.protocols < 0 || entry.protocols > kAllProtocols) {
    return invalid("/protocols", "must be 0 (all) or a sum of 1 (SSH), 2 (FTP), 4 (DAV), 8 (HTTP)");
  }
  if (entry.protocols == kAllProtocols) entry.protocols = 0;
  return ok();
}

}  // namespace slipway::accounts
