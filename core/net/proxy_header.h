// The header that proxies put before a connection to say whose it is: PROXY protocol versions 1 and 2 (HAProxy,
// "The PROXY protocol", revision of 2020/03/05).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "slipway/session.h"

namespace slipway::net {

constexpr std::size_t kMaxProxyHeader = 16 * 1024;  // bytes; version 1 has 107 at most

struct ProxyHeader {
  enum class Kind : std::uint8_t {
    Absent,     // these bytes are the client's
    Partial,    // more bytes are needed
    Malformed,  // it begins like a header, and is none; `problem` says why
    Local,      // complete, and without an address: the connection is the proxy's own, or not of TCP
    Client,     // complete, with addresses
  };
  Kind kind = Kind::Absent;
  std::size_t size = 0;  // of Local and Client: how many bytes are the header's; of Partial: how many it has at least
  std::string_view problem;
  Endpoint source, destination;  // of Client; IPv4-mapped addresses as IPv4
};

// Looks at the first bytes of a connection. The checksum of version 2 is verified where there is one; its other
// additional values (TLVs) are checked for their form and left out.
ProxyHeader parse_proxy_header(std::span<const std::uint8_t> bytes);

}  // namespace slipway::net
