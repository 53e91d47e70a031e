// Public keys of SSH in their wire form (RFC 4253 6.6, RFC 5656, RFC 8709), and the signatures they verify.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "slipway/result.h"

struct evp_pkey_st;

namespace slipway::sftp {

struct EvpKeyDeleter {
  void operator()(evp_pkey_st* key) const noexcept;
};

// A key that can verify: RSA from 2048 bits, ECDSA over the NIST curves, Ed25519.
struct PublicKey {
  std::string type;  // "ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519"
  std::string blob;
  std::unique_ptr<evp_pkey_st, EvpKeyDeleter> key;
};

// InvalidArgument for anything that is not exactly one such key.
Result<PublicKey> parse_public_key(std::string_view blob);

// Whether `signature` (RFC 4253 6.6: a format and its bytes) is the key's over `data`. RSA with SHA-2 only.
bool verify_signature(const PublicKey& key, std::string_view signature, std::string_view data);

// The name of the format in a signature; empty when it is malformed.
std::string_view signature_format(std::string_view signature);

// "SHA256:..." as OpenSSH prints it.
std::string fingerprint_of(std::string_view blob);

// RFC 4648 4. False, with `out` unspecified, for anything else.
bool decode_base64(std::string_view text, std::string& out);

// "ssh-ed25519" for "ssh-ed25519-cert-v01@openssh.com"; other names as they are.
std::string plain_algorithm(std::string_view algorithm);
bool is_certificate_algorithm(std::string_view algorithm) noexcept;

}  // namespace slipway::sftp
