// A protocol module turns bytes on sockets into calls of a session's filesystem.
#pragma once

#include "slipway/session.h"

namespace slipway {

// A connection that was accepted; the descriptor is the receiver's to close. Blocking, close-on-exec, TCP_NODELAY.
struct AcceptedConnection {
  int fd = -1;
  Endpoint remote, local;  // after the PROXY protocol, where it is in use
};

class Listener {
 public:
  virtual ~Listener() = default;                          // closes the socket
  virtual const Endpoint& endpoint() const noexcept = 0;  // the real port when 0 was asked for
  // Waits for a connection; Cancelled once close() was called. One thread at a time.
  virtual Result<AcceptedConnection> accept() = 0;
  // Refuses new connections and ends accept(); from any thread.
  virtual void close() noexcept = 0;
};

struct ListenRequest {
  Endpoint endpoint;  // address empty: all interfaces, IPv6 and IPv4
  bool apply_proxy_config = true;
};

class ListenerService {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.listeners.v1";
  // Errors name the address and what to change: in use, not permitted, not local.
  virtual Result<std::unique_ptr<Listener>> listen(const ListenRequest&) = 0;

 protected:
  ~ListenerService() = default;
};

// Optional, by Module::query: how a client can tell that it met this server and no other.
class ServerIdentity {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.identity.v1";
  // After start(), one line each, as clients print them: "ED25519 SHA256:...".
  virtual std::vector<std::string> fingerprints() const = 0;
  // What `user` would type on this machine to connect, one line each: "sftp -P 2022 anna@localhost".
  virtual std::vector<std::string> how_to_connect(std::string_view user) const {
    (void)user;
    return {};
  }

 protected:
  ~ServerIdentity() = default;
};

// Optional, by Module::query: what administrators see of the service.
class ServiceStatus {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.service-status.v1";
  // The member of the REST contract's ServicesStatus: "ssh", "ftp", "webdav".
  virtual std::string_view service() const noexcept = 0;
  // After start(): its value, a JSON object with "is_active".
  virtual std::string document() const = 0;

 protected:
  ~ServiceStatus() = default;
};

class ProtocolModule : public Module {
 public:
  // After start(): where it listens. Empty when all its bindings are off.
  virtual std::vector<Endpoint> listening() const = 0;
};

}  // namespace slipway
