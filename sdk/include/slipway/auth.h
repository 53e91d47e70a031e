// An auth module says whether a credential proves who somebody is. It knows no permission and no limit.
#pragma once

#include <optional>

#include "slipway/session.h"

namespace slipway {

struct AuthRequest {
  std::string_view user;  // as the client sent it, normalised by the naming rules
  const Credential& credential;
  std::string_view protocol;  // "SSH", "FTP", "DAV", "HTTP"
  const Endpoint& remote;
  // The factors already proved on this connection, oldest first ("publickey").
  std::span<const std::string> passed;
  // What this attempt is: "password", "publickey", "keyboard-interactive". A password with the last one is the answer
  // to the host's own question for it, and the empty InteractiveCredential that began the conversation was seen before.
  std::string_view factor = {};
  // The answers belong to this AuthVerdict::conversation of the module; empty when they belong to none.
  std::string_view conversation = {};
  std::string_view interactive_hook = {};  // ConnectionRequest::interactive_hook
  // The account of this module's Unknown verdict was stored; the same question, once more.
  bool account_stored = false;
};

struct AuthVerdict {
  enum class Answer : std::uint8_t {
    Unknown,   // not a user of mine: ask the next module
    Accepted,  // the credential is right (for a Probe: would be, once signed)
    Refused,   // my user, wrong credential: the chain ends
    Ask,       // `prompts` want answers; the next InteractiveCredential comes back to this module
  };
  Answer answer = Answer::Unknown;
  // Accepted: the account's name if it differs from the request's.
  std::optional<std::string> user;
  // Accepted: members of the stored account to replace for this login, a JSON object of the contract's User; empty =
  // none.
  std::string account_patch;
  // Ask: shown above the prompts. Refused: shown to the client before it hears of the refusal; must not tell whether
  // the user exists.
  std::string instruction;
  std::vector<Prompt> prompts;
  // Ask: what the module knows this conversation by; see Conversations.
  std::string conversation = {};
  // Accepted: the module has seen to the second factor; the host asks for no passcode on top.
  bool second_factor_done = false;
  // Refused: nothing else may be tried on this connection.
  bool final = false;
  // Accepted, or Unknown (this module is then asked once more, about this account): the whole account as it is to be
  // stored before the login goes on, a JSON object of the contract's User with its username. The host adds it, or
  // replaces the stored one but for id, counters, times, TOTP and recovery codes. No provider event is sent, sessions
  // go on.
  std::string account = {};
  // Accepted: the credential becomes one of the stored account's own: the password replaces its password, the key is
  // added to its keys.
  bool store_credential = false;
};

// Optional, by Module::query, for modules that keep something of a conversation.
class Conversations {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.conversations.v1";
  // Nobody will answer the last Ask of this conversation: the client left, or turned to something else.
  virtual void end(std::string_view conversation) noexcept = 0;

 protected:
  ~Conversations() = default;
};

class AuthModule : public Module {
 public:
  // An error (not a verdict) means that the module could not decide: the login fails and the log says why.
  virtual Result<AuthVerdict> authenticate(const OpContext&, const AuthRequest&) = 0;
};

// What the host knows of local accounts, for auth modules that check credentials against it.
class AccountService {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.accounts.v1";
  struct Credentials {
    std::string password_hash;             // empty: no password
    std::vector<std::string> public_keys;  // authorized_keys lines (sshd(8)), without options
  };
  // NotFound for an unknown user.
  virtual Result<Credentials> credentials(std::string_view user) = 0;
  // Whether `password` is the user's. Expensive hashes are remembered for a while; a hash in an old format is replaced.
  // An unknown user or one without a password costs as much as a wrong password, and is false.
  virtual Result<bool> verify_password(std::string_view user, std::string_view password) = 0;

  // What a login hook is told of an account, and whether it is asked: not when it is off for the account, or the last
  // login is recent enough (external_auth_cache_time, pre_login_cache_time).
  struct HookView {
    std::string document;  // the stored account: the contract's User with hashes and sealed secrets
    bool external_auth = true, pre_login = true, check_password = true;
  };
  // NotFound for an unknown user.
  virtual Result<HookView> hook_view(std::string_view user) {
    return Error(Errc::NotSupported, std::string(user), "this host tells nothing of accounts");
  }
  // Whether `passcode` is the one-time passcode that the user's authenticator app shows; it is used up by that. False
  // for unknown users, those without one for `protocol`, and after too many wrong ones.
  virtual Result<bool> verify_passcode(std::string_view user, std::string_view protocol, std::string_view passcode) {
    (void)protocol, (void)passcode;
    return Error(Errc::NotSupported, std::string(user), "this host knows no passcodes");
  }

 protected:
  ~AccountService() = default;
};

}  // namespace slipway
