#include "ssh_login.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

namespace slipway::sftp {
namespace {

constexpr std::size_t kMaxUser = 255, kMaxPassword = 4096;

std::string decode_base64(const std::string& text) {
  std::string bytes(text.size(), '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (length < 0) return {};
  const auto padding = text.ends_with("==") ? 2u : text.ends_with('=') ? 1u : 0u;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

}  // namespace

SshLogin::SshLogin(ssh_session session, const Transport& transport, LoginAttempt& attempt, OpContext context,
                   Logger& log)
    : session_(session), transport_(transport), attempt_(attempt), context_(std::move(context)), log_(log) {
  offer(attempt_.methods());
}

// Whether the request may be looked at. The banner goes out before the first answer.
bool SshLogin::begin_request(const char* user) {
  if (login_ || exhausted_ || user == nullptr) return false;
  if (!user_) user_ = std::string(user).substr(0, kMaxUser + 1);
  if (*user_ != user) {
    log_.info("the client changed the user name while logging in", {{"connection_id", context_.connection_id}});
    exhausted_ = true;
    return false;
  }
  if (!banner_sent_ && !transport_.login_banner().empty()) {
    StringPtr banner(ssh_string_from_char(transport_.login_banner().c_str()));
    if (banner) ssh_send_issue_banner(session_, banner.get());
  }
  banner_sent_ = true;
  return user_->size() <= kMaxUser;
}

int SshLogin::none(const char* user) {
  begin_request(user);
  return SSH_AUTH_DENIED;
}

int SshLogin::password(const char* user, const char* password) {
  if (!begin_request(user)) return refuse();
  if (!transport_.password_authentication() || std::char_traits<char>::length(password) > kMaxPassword) return refuse();
  Credential credential = PasswordCredential{password};
  auto step = submit(credential);
  auto& text = std::get<PasswordCredential>(credential).password;
  OPENSSL_cleanse(text.data(), text.size());
  return conclude(std::move(step));
}

int SshLogin::public_key(const char* user, ssh_key key, ssh_publickey_state_e state) {
  if (!begin_request(user)) return refuse();
  if (state != SSH_PUBLICKEY_STATE_NONE && state != SSH_PUBLICKEY_STATE_VALID) return refuse();
  PublicKeyCredential credential;
  credential.blob = decode_base64(base64_of(key));
  credential.algorithm = transport_.signature_algorithm(key);
  credential.fingerprint = fingerprint_of(key);
  credential.proof =
      state == SSH_PUBLICKEY_STATE_VALID ? PublicKeyCredential::Proof::Signed : PublicKeyCredential::Proof::Probe;
  if (credential.blob.empty()) return refuse();
  const bool probe = credential.proof == PublicKeyCredential::Proof::Probe;
  auto step = submit(std::move(credential));
  if (!probe) return conclude(std::move(step));
  // "Success" tells the client to sign; nobody is logged in by it.
  if (step.outcome == LoginStep::Outcome::Partial) return SSH_AUTH_SUCCESS;
  offer(step.methods);
  return refuse();
}

int SshLogin::message(ssh_message message) {
  if (ssh_message_type(message) != SSH_REQUEST_AUTH || ssh_message_subtype(message) != SSH_AUTH_METHOD_INTERACTIVE)
    return 1;
  const bool response = ssh_message_auth_kbdint_is_response(message) == 1;
  const char* user = response && user_ ? user_->c_str() : ssh_message_auth_user(message);
  const bool expected = prompted_ || !response;
  prompted_ = false;
  if (!begin_request(user) || !expected || !transport_.keyboard_interactive_authentication()) {
    refuse();
    return 1;
  }
  if (!response && pending_) {
    const auto step = *std::exchange(pending_, std::nullopt);
    return ask(message, step.instruction, step.prompts);
  }
  InteractiveCredential credential;
  if (response) {
    for (int i = 0, count = ssh_userauth_kbdint_getnanswers(session_); i < count; ++i) {
      const char* answer = ssh_userauth_kbdint_getanswer(session_, static_cast<unsigned>(i));
      credential.answers.emplace_back(answer == nullptr ? "" : answer);
      if (credential.answers.back().size() > kMaxPassword) {
        refuse();
        return 1;
      }
    }
  }
  auto step = submit(std::move(credential));
  if (step.outcome == LoginStep::Outcome::Ask) return ask(message, step.instruction, step.prompts);
  const int verdict = conclude(std::move(step));
  if (verdict == SSH_AUTH_DENIED) return 1;
  ssh_message_auth_reply_success(message, verdict == SSH_AUTH_PARTIAL);
  return 0;
}

int SshLogin::ask(ssh_message message, const std::string& instruction, const std::vector<Prompt>& prompts) {
  std::vector<const char*> texts;
  std::string echo;
  for (const auto& prompt : prompts) {
    texts.push_back(prompt.text.c_str());
    echo.push_back(prompt.echo ? 1 : 0);
  }
  ssh_message_auth_interactive_request(message, "", instruction.c_str(), static_cast<unsigned>(texts.size()),
                                       texts.data(), echo.data());
  prompted_ = true;
  return 0;
}

LoginStep SshLogin::submit(const Credential& credential) { return attempt_.submit(context_, *user_, credential); }

int SshLogin::conclude(LoginStep step) {
  pending_.reset();
  switch (step.outcome) {
    case LoginStep::Outcome::Accepted:
      if (!step.login) return refuse();
      login_ = std::move(step.login);
      return SSH_AUTH_SUCCESS;
    case LoginStep::Outcome::Partial:
      offer(step.methods);
      return SSH_AUTH_PARTIAL;
    case LoginStep::Outcome::Ask:
      // Neither a password nor a key request can carry questions; the method that can comes next.
      offer({"keyboard-interactive"});
      pending_ = std::move(step);
      return SSH_AUTH_PARTIAL;
    case LoginStep::Outcome::Refused:
      break;
  }
  offer(step.methods);
  return refuse();
}

int SshLogin::refuse() {
  ++failures_;
  if (transport_.max_auth_tries() > 0 && failures_ >= transport_.max_auth_tries()) exhausted_ = true;
  return SSH_AUTH_DENIED;
}

// Empty: as before.
void SshLogin::offer(const std::vector<std::string>& methods) {
  int offered = 0;
  for (const auto& method : methods) {
    if (method == "publickey") offered |= SSH_AUTH_METHOD_PUBLICKEY;
    if (method == "password" && transport_.password_authentication()) offered |= SSH_AUTH_METHOD_PASSWORD;
    if (method == "keyboard-interactive" && transport_.keyboard_interactive_authentication())
      offered |= SSH_AUTH_METHOD_INTERACTIVE;
  }
  if (offered != 0) ssh_set_auth_methods(session_, offered);
}

}  // namespace slipway::sftp
