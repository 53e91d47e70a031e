// TCP listeners for protocol modules: the host's side of ListenerService.
#pragma once

#include <memory>

#include "core/base/lock_guarded.h"
#include "core/net/proxy_settings.h"
#include "slipway/protocol.h"

namespace slipway::net {

// Opens listening sockets. An empty address, "::" and "*" listen on IPv6 and IPv4 together, or on IPv4 alone where the
// machine has no IPv6; a host name stands for its first address. Thread-safe; listeners may outlive it.
class Listeners final : public ListenerService {
 public:
  explicit Listeners(ProxySettings proxy = {});
  // For connections that are accepted from now on, by all listeners that want the PROXY settings.
  void configure(ProxySettings proxy);
  Result<std::unique_ptr<Listener>> listen(const ListenRequest& request) override;

  // What listeners share with this, for they may outlive it.
  using SharedSettings = LockGuarded<std::shared_ptr<const ProxySettings>>;

 private:
  const std::shared_ptr<SharedSettings> proxy_;
};

}  // namespace slipway::net
