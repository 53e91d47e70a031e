// Stands before libssh's handler of authentication requests: sees them as they came, and answers those that libssh
// drops without a word.
#pragma once

#include <libssh/libssh.h>

#include <cstdint>
#include <functional>

#include "userauth_request.h"

namespace slipway::sftp {

// libssh sends no answer to a public key that it cannot parse, to a wrong signature and to a malformed request: the
// client waits for ever instead of trying its next key. Where libssh is linked statically (docs/decisions/074), its
// handler is reached through this object, which sees to an answer; else it does nothing. Belongs to the connection's
// thread.
class AuthGate {
 public:
  // Asked before libssh sees a request whose form is right: whether it may.
  using Admit = std::function<bool(const UserauthRequest&)>;

  explicit AuthGate(Admit admit) : admit_(std::move(admit)) {}
  AuthGate(const AuthGate&) = delete;
  AuthGate& operator=(const AuthGate&) = delete;

  // While it lives, libssh's requests on this thread come to `gate`.
  class Use {
   public:
    explicit Use(AuthGate& gate) noexcept;
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
  };

  // To be called by libssh's callbacks: the request has reached them and gets its answer.
  void answered() noexcept { answered_ = true; }

  int request(ssh_session session, std::uint8_t type, ssh_buffer packet, void* user) noexcept;

 private:
  const Admit admit_;
  bool answered_ = false;
};

bool auth_gate_available() noexcept;

}  // namespace slipway::sftp
