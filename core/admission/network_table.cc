#include "core/admission/network_table.h"

#include <algorithm>

namespace slipway::admission {

void NetworkTable::add(const IpNetwork& network, ProtocolMask protocols, ListMode mode) {
  auto at = std::ranges::find_if(lengths_, [&](const Length& length) { return length.prefix <= network.prefix(); });
  if (at == lengths_.end() || at->prefix != network.prefix()) at = lengths_.insert(at, {network.prefix(), {}});
  Said& said = at->networks[network.address()];
  (mode == ListMode::Deny ? said.denied : said.allowed) |= protocols;
  ++size_;
}

std::optional<ListMode> NetworkTable::find(const IpAddress& address, ProtocolMask protocol) const {
  for (const Length& length : lengths_) {
    const auto found = length.networks.find(address.masked(length.prefix));
    if (found == length.networks.end()) continue;
    if ((found->second.denied & protocol) != 0) return ListMode::Deny;
    if ((found->second.allowed & protocol) != 0) return ListMode::Allow;
  }
  return std::nullopt;
}

}  // namespace slipway::admission
