// The user authentication of one SSH connection (RFC 4252, RFC 4256): libssh's requests as credentials of a
// LoginAttempt.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "slipway/session.h"
#include "transport.h"

namespace slipway::sftp {

// Lives on the connection's thread, and longer than the session's callbacks may run.
class SshLogin {
 public:
  SshLogin(ssh_session session, const Transport& transport, LoginAttempt& attempt, OpContext context, Logger& log);
  SshLogin(const SshLogin&) = delete;
  SshLogin& operator=(const SshLogin&) = delete;

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

  LoginStep submit(const Credential& credential);
  int conclude(LoginStep step);
  int refuse();
  void offer(const std::vector<std::string>& methods);

  const ssh_session session_;
  const Transport& transport_;
  LoginAttempt& attempt_;
  const OpContext context_;
  Logger& log_;

  std::optional<std::string> user_;  // of the first request; another one's ends the connection
  bool banner_sent_ = false, exhausted_ = false, prompted_ = false;
  int failures_ = 0;
  // Prompts that followed another method: shown when the client turns to keyboard-interactive.
  std::optional<LoginStep> pending_;
  std::unique_ptr<Login> login_;
};

}  // namespace slipway::sftp
