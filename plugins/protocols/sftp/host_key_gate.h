// Lets libssh show host certificates, which its server half cannot, and tells which host key algorithm was chosen.
#pragma once

#include <libssh/libssh.h>

#include <map>
#include <string>
#include <string_view>

#include "host_keys.h"

namespace slipway::sftp {

// The names and certificates that a server offers. Immutable, shared by its connections.
struct HostKeyOffer {
  // `allowed` is the configured list of host key algorithms.
  static HostKeyOffer make(const std::vector<HostKey>& keys, std::string_view allowed);

  std::string plain;         // as libssh lists its keys, before it looks at what is allowed
  std::string certificates;  // algorithms to put before them; empty: none
  std::map<std::string, std::string, std::less<>> blobs;  // certificate by algorithm
};

// libssh negotiates the names that it is given, signs with the plain key, and sends the key blob that it is given.
// Where it is linked statically (docs/decisions/075), the functions in between ask this object; else it does nothing.
// Belongs to the connection's thread.
class HostKeyGate {
 public:
  explicit HostKeyGate(const HostKeyOffer& offer) noexcept : offer_(offer) {}
  HostKeyGate(const HostKeyGate&) = delete;
  HostKeyGate& operator=(const HostKeyGate&) = delete;

  // While it lives, libssh's calls on this thread come to `gate`.
  class Use {
   public:
    explicit Use(HostKeyGate& gate) noexcept;
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
  };

  // The host key algorithm of the last key exchange; empty when it is not known.
  const std::string& negotiated() const noexcept { return negotiated_; }

  // What libssh's functions become; see host_key_gate.cc.
  char* matching(const char* available, const char* preferred) noexcept;
  const char* chosen(const char* algorithm) noexcept;
  const std::string* certificate() const noexcept;

 private:
  const HostKeyOffer& offer_;
  std::string negotiated_, plain_;
};

}  // namespace slipway::sftp
