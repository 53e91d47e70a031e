// What all connections of a server share of SSH: host keys, algorithms, banner, the rules of logging in.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "group_moduli.h"
#include "host_key_gate.h"
#include "host_keys.h"
#include "hybrid_exchange.h"
#include "json_documents.h"
#include "settings.h"
#include "user_certificates.h"

namespace slipway::sftp {

// Immutable once made; a reload makes another, and connections keep theirs. Thread-safe.
class Transport {
 public:
  // Reads (or makes) the host keys. What is stored adds to the settings. Errors name the option or the file and what to
  // change.
  static Result<std::shared_ptr<const Transport>> make(const Settings& settings, const StoredSettings& stored,
                                                       const std::string& config_dir, Logger& log);

  // Makes `session` the server's end of the connection on `fd`, which belongs to it from then on, also on failure.
  Status attach(ssh_session session, int fd) const;

  // "ED25519 SHA256:..."
  const std::vector<std::string>& fingerprints() const noexcept { return fingerprints_; }
  // What administrators see of a host key.
  struct HostKeyFact {
    std::string source, fingerprint, type;  // "SHA256:...", "ssh-rsa"
  };
  const std::vector<HostKeyFact>& host_key_facts() const noexcept { return host_key_facts_; }
  const AlgorithmLists& algorithms() const noexcept { return algorithms_; }
  const KeyExchangeOffer& key_exchange_offer() const noexcept { return key_exchange_offer_; }
  const HostKeyOffer& host_key_offer() const noexcept { return host_key_offer_; }
  const std::string& login_banner() const noexcept { return login_banner_; }  // empty: none
  std::chrono::milliseconds login_grace() const noexcept { return login_grace_; }
  std::chrono::milliseconds keepalive() const noexcept { return keepalive_; }  // 0: none
  int max_auth_tries() const noexcept { return max_auth_tries_; }              // 0: no limit
  bool password_authentication() const noexcept { return password_authentication_; }
  bool keyboard_interactive_authentication() const noexcept { return keyboard_interactive_authentication_; }
  const std::string& interactive_hook() const noexcept { return interactive_hook_; }  // empty: none
  // Whether a user's signature may be made with it.
  bool accepts_signature(std::string_view algorithm) const;
  // Null when no authority is trusted.
  const UserCertificates* user_certificates() const noexcept { return user_certificates_.get(); }
  // What a signature by a key of this type was made with, where AuthGate cannot tell: for RSA the weakest that is
  // accepted.
  std::string signature_algorithm(ssh_key key) const;

 private:
  Transport() = default;
  Status set_options(const AlgorithmLists& lists);

  std::optional<GroupModuli> group_moduli_;  // where group exchange is offered; connections open it by name
  mutable std::mutex mutex_;                 // ssh_bind is not thread-safe
  BindPtr bind_;
  AlgorithmLists algorithms_;
  HostKeyOffer host_key_offer_;
  KeyExchangeOffer key_exchange_offer_;
  std::shared_ptr<const UserCertificates> user_certificates_;
  std::vector<std::string> fingerprints_;
  std::vector<HostKeyFact> host_key_facts_;
  std::string login_banner_;
  int max_auth_tries_ = 0;
  std::chrono::milliseconds login_grace_{0}, keepalive_{0};
  std::uint64_t rekey_bytes_ = 0;
  std::uint32_t rekey_seconds_ = 0;
  bool password_authentication_ = true, keyboard_interactive_authentication_ = true;
  std::string interactive_hook_;
};

}  // namespace slipway::sftp
