// The fields of SSH_MSG_USERAUTH_REQUEST (RFC 4252 5 and 7), as far as they decide whether it can be answered.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace slipway::sftp {

// The public key method's part.
struct KeyRequest {
  std::string algorithm;  // as the client names it: "rsa-sha2-512", "ssh-ed25519-cert-v01@openssh.com"
  std::string blob;       // the key or certificate
  bool is_signed = false;
  std::string signature_algorithm;       // with a signature: what it was really made with
  std::optional<std::uint8_t> sk_flags;  // with a signature of a security key: what the device says it saw
};

struct UserauthRequest {
  std::string user, service, method;
  std::optional<KeyRequest> key;  // for "publickey"
};

// `payload` is the message without its type byte. Nothing when fields are missing or (in the key's part) left over,
// when a name holds a NUL byte, which C code would take for its end, or when the blob's own type is not the
// algorithm's.
std::optional<UserauthRequest> parse_userauth_request(std::span<const std::byte> payload);

// "rsa-sha2-512", "rsa-sha2-256" and "ssh-rsa" are algorithms of keys of type "ssh-rsa"; others are types themselves.
std::string key_type_of(std::string_view algorithm);

// The same fields for another method, which libssh does not know and therefore refuses.
std::string unanswerable_request(const std::string& user);

}  // namespace slipway::sftp
