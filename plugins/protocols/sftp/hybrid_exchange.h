// The key exchange mlkem768x25519-sha256 (draft-ietf-sshm-mlkem-hybrid-kex) around libssh's curve25519-sha256.
#pragma once

#include <libssh/libssh.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mlkem768.h"

namespace slipway::sftp {

// What a server offers, and what libssh is told that it offers. Immutable, shared by its connections.
struct KeyExchangeOffer {
  // `offered` is the list for clients.
  static KeyExchangeOffer make(std::string_view offered);

  std::string offered;   // in KEXINIT
  std::string internal;  // libssh's; the same without the hybrid exchange
  bool hybrid = false;
};

// libssh 0.10 does a curve25519 exchange under one of its two names; this adds what the hybrid one has more: names in
// both KEXINITs, ML-KEM's parts of the two messages, and the secret made of both in the exchange hash and in the keys
// (docs/decisions/102). Only where libssh is linked statically. Belongs to the connection's thread.
class HybridExchange {
 public:
  explicit HybridExchange(const KeyExchangeOffer& offer) noexcept : offer_(offer) {}
  ~HybridExchange() { forget(); }
  HybridExchange(const HybridExchange&) = delete;
  HybridExchange& operator=(const HybridExchange&) = delete;

  // While it lives, libssh's calls on this thread come to `exchange`.
  class Use {
   public:
    explicit Use(HybridExchange& exchange) noexcept;
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
  };

  // The exchange in use, by the client's last KEXINIT: its first algorithm that is offered here (RFC 4253 7.1). Empty:
  // not known.
  const std::string& negotiated() const noexcept { return negotiated_; }
  // What client and server have not in common, as libssh says it; empty while they agree. libssh's own last error is
  // another one when its socket was closed meanwhile.
  const std::string& disagreement() const noexcept { return disagreement_; }

  // What libssh's functions become; see hybrid_exchange.cc.
  void kexinit(ssh_buffer packet);
  void disagreed(std::string error);
  void client_message(ssh_buffer packet);
  // What goes into a buffer in the place of `text`; nothing: `text` itself.
  std::optional<std::string> replacement(std::string_view text);
  std::optional<std::string> hash_input(std::string_view input);
  const std::string& secret() const noexcept { return secret_; }

 private:
  void forget() noexcept;
  void forget_halves() noexcept;

  const KeyExchangeOffer& offer_;
  std::string negotiated_, disagreement_;
  // Of the client's KEXINIT: as sent, until it is hashed; as libssh sees it; as sent, once it is hashed.
  std::string client_list_, told_list_, sent_list_;
  std::string client_message_;  // both halves, while the exchange is under way
  std::unique_ptr<mlkem768::Encapsulated> encapsulated_;
  std::string server_point_;  // libssh's half of the answer, once it is known
  std::string secret_;        // of both halves, as a string of RFC 4251 5; until the next exchange
};

}  // namespace slipway::sftp
