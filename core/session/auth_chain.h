// The auth modules as one: asked in turn, the accounts that they find stored, answers taken to the one that asked.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/session/session_manager.h"
#include "slipway/auth.h"

namespace slipway::session {

// One connection's. One thread at a time.
class AuthChain {
 public:
  AuthChain(SessionManager& manager, const ConnectionRequest& request) : manager_(manager), request_(request) {}
  ~AuthChain() { end_conversation(); }
  AuthChain(const AuthChain&) = delete;
  AuthChain& operator=(const AuthChain&) = delete;

  struct Answer {
    AuthVerdict verdict;
    std::string user;  // whom the verdict is about: a module may know the client's name for somebody by another
  };
  // Unknown when no module knows the user. An error: a module could not decide, or what it found cannot be stored.
  // With an Accepted verdict, but for a Probe, the account it came with is stored.
  Result<Answer> ask(const OpContext& ctx, std::string_view user, const Credential& credential, std::string_view factor,
                     std::span<const std::string> passed);

  // Whether a module waits for answers: the next InteractiveCredential goes to it.
  bool conversing() const noexcept { return !asking_.empty(); }
  void end_conversation() noexcept;

 private:
  struct Probed {
    std::string user;
    PublicKeyCredential key;
    Answer answer;
  };

  Status store(Answer& answer, const Credential& credential);
  bool was_probed(std::string_view user, const Credential& credential) const;

  SessionManager& manager_;
  const ConnectionRequest& request_;
  std::string asking_, conversation_;  // the instance, and its name for what it asks about
  // The verdict on the last key that would do: its signature follows, and hooks are not asked about it twice.
  std::optional<Probed> probed_;
};

}  // namespace slipway::session
