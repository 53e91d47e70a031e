// The user authentication of one SSH connection (RFC 4252, RFC 4256): libssh's requests as credentials of a
// LoginAttempt.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "slipway/session.h"
#include "transport.h"
#include "userauth_request.h"

namespace slipway::sftp {

// Lives on the connection's thread, and longer than the session's callbacks may run.
class SshLogin {
 public:
  // `address` is the client's.
  SshLogin(ssh_session session, const Transport& transport, LoginAttempt& attempt, OpContext context,
           std::string address, Logger& log);
  SshLogin(const SshLogin&) = delete;
  SshLogin& operator=(const SshLogin&) = delete;

  // What is weak about the connection's algorithms, once they are negotiated.
  void set_weakness(std::string weakness) { weakness_ = std::move(weakness); }
  // Whether libssh may see the request that comes next (AuthGate): its key's algorithms are among the accepted ones.
  bool admit(const UserauthRequest& request);

  // libssh's callbacks; each answers SSH_AUTH_SUCCESS, SSH_AUTH_PARTIAL or SSH_AUTH_DENIED, which libssh sends on.
  int none(const char* user);
  int password(const char* user, const char* password);
  int public_key(const char* user, ssh_key key, ssh_publickey_state_e state);
  // Keyboard-interactive has no callback of its own: 0 when the message was answered, 1 when libssh shall refuse it.
  int message(ssh_message message);

  // The user's login once it is accepted; null until then.
  Login* login() const noexcept { return login_.get(); }
  // The client has had all its tries; the connection must end.
  bool exhausted() const noexcept { return exhausted_; }

 private:
  bool begin_request(const char* user);
  int ask(ssh_message message, const std::string& instruction, const std::vector<Prompt>& prompts);

  bool certify(const std::string& blob, PublicKeyCredential& credential);
  LoginStep submit(const Credential& credential);
  int conclude(LoginStep step);
  int refuse();
  void offer(const std::vector<std::string>& methods);
  void show(const std::string& text);

  const ssh_session session_;
  const Transport& transport_;
  LoginAttempt& attempt_;
  const OpContext context_;
  const std::string address_;
  Logger& log_;
  std::string weakness_;
  std::optional<KeyRequest> key_request_;  // of the request that libssh is at; nothing where it cannot be seen

  std::optional<std::string> user_;  // of the first request; another one's ends the connection
  bool banner_sent_ = false, exhausted_ = false, prompted_ = false;
  int failures_ = 0;
  // Prompts that followed another method: shown when the client turns to keyboard-interactive.
  std::optional<LoginStep> pending_;
  std::unique_ptr<Login> login_;
};

}  // namespace slipway::sftp
