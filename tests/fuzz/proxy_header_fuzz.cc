// ROOMS: net
// PROXY protocol headers: what is complete does not depend on the bytes behind it, and no part of it is complete.
#include <cstdint>
#include <cstdlib>

#include "core/base/ip_network.h"
#include "core/net/proxy_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slipway;
  using Kind = net::ProxyHeader::Kind;
  const std::span<const std::uint8_t> bytes(data, size);
  const auto require = [](bool condition) {
    if (!condition) std::abort();
  };
  const auto header = net::parse_proxy_header(bytes);
  if (header.kind == Kind::Partial) require(header.size > size && header.size <= net::kMaxProxyHeader);
  if (header.kind == Kind::Malformed) require(!header.problem.empty());
  if (header.kind != Kind::Client && header.kind != Kind::Local) return 0;
  require(header.size > 0 && header.size <= size && header.size <= net::kMaxProxyHeader);
  const auto alone = net::parse_proxy_header(bytes.first(header.size));
  require(alone.kind == header.kind && alone.size == header.size && alone.source == header.source &&
          alone.destination == header.destination);
  for (std::size_t part = 0; part < header.size; part += 1 + header.size / 64)
    require(net::parse_proxy_header(bytes.first(part)).kind == Kind::Partial);
  if (header.kind == Kind::Client)
    require(IpAddress::parse(header.source.address) && IpAddress::parse(header.destination.address));
  return 0;
}
