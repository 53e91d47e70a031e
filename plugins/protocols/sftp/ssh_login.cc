#include "ssh_login.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <chrono>

#include "algorithms.h"
#include "public_key.h"
#include "sftp_codec.h"

namespace slipway::sftp {
namespace {

constexpr std::size_t kMaxUser = 255, kMaxPassword = 4096;

constexpr std::uint8_t kUserPresent = 1;  // PROTOCOL.u2f: somebody touched the device

std::uint64_t unix_now() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(duration_cast<seconds>(system_clock::now().time_since_epoch()).count());
}

}  // namespace

SshLogin::SshLogin(ssh_session session, const Transport& transport, LoginAttempt& attempt, OpContext context,
                   std::string address, Logger& log)
    : session_(session),
      transport_(transport),
      attempt_(attempt),
      context_(std::move(context)),
      address_(std::move(address)),
      log_(log) {
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
  if (!std::exchange(banner_sent_, true) && !transport_.login_banner().empty()) show(transport_.login_banner());
  return user_->size() <= kMaxUser;
}

void SshLogin::show(const std::string& text) {
  StringPtr banner(ssh_string_from_char(text.c_str()));
  if (banner) ssh_send_issue_banner(session_, banner.get());
}

bool SshLogin::admit(const UserauthRequest& request) {
  key_request_ = request.key;
  if (!request.key) return true;
  const auto& key = *request.key;
  const bool accepted = transport_.accepts_signature(plain_algorithm(key.algorithm)) &&
                        (!key.is_signed || transport_.accepts_signature(key.signature_algorithm));
  // libssh does not ask whether somebody was there.
  const bool present = !key.sk_flags || (*key.sk_flags & kUserPresent) != 0;
  if (!accepted || !present) {
    log_.debug(
        present ? "a public key of an algorithm that is not accepted" : "a security key signed without being touched",
        {{"connection_id", context_.connection_id}, {"algorithm", key.algorithm}});
  }
  return accepted && present;
}

// Fills in what the certificate proves; false when it proves nothing.
bool SshLogin::certify(const std::string& blob, PublicKeyCredential& credential) {
  const auto* certificates = transport_.user_certificates();
  if (certificates == nullptr) return false;
  auto certificate = parse_certificate(blob);
  auto proved = certificate ? certificates->check(*certificate, blob, *user_, address_, unix_now(), context_)
                            : Result<ProvedCertificate>(certificate.error());
  if (!proved) {
    log_.info("a user certificate is refused", {{"connection_id", context_.connection_id},
                                                {"username", *user_},
                                                {"client_ip", address_},
                                                {"key_id", certificate ? certificate->key_id : std::string()},
                                                {"error", proved.error().cause()}});
    return false;
  }
  credential.blob = certificate->key_blob;
  credential.fingerprint = fingerprint_of(certificate->key_blob);
  credential.certificate = *std::move(proved);
  return true;
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
  const auto request = std::exchange(key_request_, std::nullopt);
  std::string blob = request ? request->blob : std::string();
  if (!request && !decode_base64(base64_of(key), blob)) return refuse();
  PublicKeyCredential credential;
  credential.algorithm = !request             ? transport_.signature_algorithm(key)
                         : request->is_signed ? request->signature_algorithm
                                              : plain_algorithm(request->algorithm);
  credential.proof =
      state == SSH_PUBLICKEY_STATE_VALID ? PublicKeyCredential::Proof::Signed : PublicKeyCredential::Proof::Probe;
  const bool probe = credential.proof == PublicKeyCredential::Proof::Probe;
  if (is_certificate_algorithm(FieldReader(std::as_bytes(std::span(blob))).string())) {
    const auto* certificates = transport_.user_certificates();
    // Before a program is asked, a client has to sign; and nobody learns here which users there are, because anybody
    // can make a certificate that would get as far.
    if (probe && certificates != nullptr && certificates->asks_program())
      return parse_certificate(blob) ? SSH_AUTH_SUCCESS : refuse();
    if (!certify(blob, credential)) return refuse();
  } else {
    credential.fingerprint = fingerprint_of(blob);
    credential.blob = std::move(blob);
  }
  auto step = submit(std::move(credential));
  if (!probe) return conclude(std::move(step));
  // "Success" tells the client to sign; nobody is logged in by it.
  if (step.outcome == LoginStep::Outcome::Partial) return SSH_AUTH_SUCCESS;
  offer(step.methods);
  return refuse();
}

int SshLogin::message(ssh_message message) {
  if (ssh_message_type(message) != SSH_REQUEST_AUTH) return 1;
  if (ssh_message_subtype(message) != SSH_AUTH_METHOD_INTERACTIVE) {
    refuse();  // a method that nobody offered, or a request that AuthGate has taken from libssh
    return 1;
  }
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

LoginStep SshLogin::submit(const Credential& credential) {
  std::string weakness = weakness_;
  const auto* key = std::get_if<PublicKeyCredential>(&credential);
  if (weakness.empty() && key != nullptr && !is_secure_algorithm(key->algorithm))
    weakness = "the signature algorithm " + key->algorithm;
  attempt_.set_weakness(weakness);
  return attempt_.submit(context_, *user_, credential);
}

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
      if (!transport_.keyboard_interactive_authentication()) {
        log_.info("a one-time passcode is needed, and keyboard-interactive, which asks for it, is off",
                  {{"connection_id", context_.connection_id}, {"username", *user_}});
        return refuse();
      }
      offer({"keyboard-interactive"});
      pending_ = std::move(step);
      return SSH_AUTH_PARTIAL;
    case LoginStep::Outcome::Refused:
      break;
  }
  if (!step.notice.empty()) show(step.notice + "\r\n");
  if (step.final) exhausted_ = true;
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
