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
  std::string instruction;
  std::vector<Prompt> prompts;
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

 protected:
  ~AccountService() = default;
};

}  // namespace slipway
