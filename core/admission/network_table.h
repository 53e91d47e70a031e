// Networks and what is said of them: the most specific one that holds an address decides.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "core/admission/protocols.h"
#include "core/base/ip_network.h"

namespace slipway::admission {

enum class ListMode : std::uint8_t { Allow = 1, Deny = 2 };

// Built once, then read by many threads. A look-up costs one hash for each prefix length that is in use.
class NetworkTable {
 public:
  void add(const IpNetwork& network, ProtocolMask protocols, ListMode mode);
  // Of the longest prefix that holds `address` and is about `protocol`; where two entries name the same network, Deny.
  std::optional<ListMode> find(const IpAddress& address, ProtocolMask protocol) const;
  std::size_t size() const noexcept { return size_; }

 private:
  struct Said {
    ProtocolMask allowed = 0, denied = 0;
  };
  struct Length {
    unsigned prefix = 0;
    std::unordered_map<IpAddress, Said> networks;
  };

  std::vector<Length> lengths_;  // longest first
  std::size_t size_ = 0;
};

}  // namespace slipway::admission
