// OpenSSH certificates (PROTOCOL.certkeys of OpenSSH): what one says, and whether its authority said it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "slipway/result.h"

namespace slipway::sftp {

struct Certificate {
  enum class Type : std::uint32_t { User = 1, Host = 2 };

  std::string algorithm;  // "ssh-ed25519-cert-v01@openssh.com"
  std::string key_blob;   // the certified key as a plain one
  std::uint64_t serial = 0;
  Type type = Type::User;
  std::string key_id;
  std::vector<std::string> principals;
  std::uint64_t valid_after = 0, valid_before = 0;                    // seconds since 1970; the end is not part of it
  std::vector<std::pair<std::string, std::string>> critical_options;  // name and its value, still packed
  std::string authority_blob;                                         // the key that signed
  std::string signature;
  std::string signed_part;  // the bytes that the signature is over
};

// InvalidArgument for anything that is not exactly one certificate: fields missing or left over, a type of its own,
// options that repeat or are not in order, more than 256 principals, an authority that is a certificate itself. The
// signature is not verified.
Result<Certificate> parse_certificate(std::string_view blob);

// Whether the authority's key made the signature; an SHA-1 one does not count.
bool signed_by_authority(const Certificate& certificate);

}  // namespace slipway::sftp
