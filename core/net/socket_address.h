// Socket addresses as text and back.
#pragma once

#include <sys/socket.h>

#include <string>

#include "slipway/session.h"

namespace slipway::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

// IPv4-mapped addresses as IPv4, zones left out. Empty for a family that is not IP.
Endpoint to_endpoint(const SocketAddress& address);

// "192.0.2.1:22", "[2001:db8::1]:22", "*:22" for an empty address.
std::string to_string(const Endpoint& endpoint);

// The address of a socket; empty when the system does not say.
Endpoint local_endpoint(int fd);

}  // namespace slipway::net
