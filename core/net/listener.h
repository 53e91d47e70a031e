// TCP listeners for protocol modules: the host's side of ListenerService.
#pragma once

#include <memory>

#include "slipway/protocol.h"

namespace slipway::net {

// Opens listening sockets. An empty address, "::" and "*" listen on IPv6 and IPv4 together, or on IPv4 alone where the
// machine has no IPv6; a host name stands for its first address. Thread-safe; listeners may outlive it.
class Listeners final : public ListenerService {
 public:
  Result<std::unique_ptr<Listener>> listen(const ListenRequest& request) override;
};

}  // namespace slipway::net
