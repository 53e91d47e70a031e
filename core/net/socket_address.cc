#include "core/net/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstring>

namespace slipway::net {

Endpoint to_endpoint(const SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  Endpoint endpoint;
  if (address.storage.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address.storage, sizeof(v4));
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    endpoint.port = ntohs(v4.sin_port);
  } else if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address.storage, sizeof(v6));
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
    } else {
      ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    }
    endpoint.port = ntohs(v6.sin6_port);
  }
  endpoint.address = text.data();
  return endpoint;
}

std::string to_string(const Endpoint& endpoint) {
  const std::string port = ":" + std::to_string(endpoint.port);
  if (endpoint.address.empty()) return "*" + port;
  if (endpoint.address.find(':') != std::string::npos) return "[" + endpoint.address + "]" + port;
  return endpoint.address + port;
}

Endpoint local_endpoint(int fd) {
  SocketAddress address;
  if (::getsockname(fd, address.get(), &address.size) != 0) return {};
  return to_endpoint(address);
}

}  // namespace slipway::net
