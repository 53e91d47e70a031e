// Asks an administrator's program (opkssh) whether a certificate is good for a user: the certificates of OpenPubkey are
// signed by the user's own key and carry the token of an identity provider, which the program knows how to verify.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/module.h"

namespace slipway::sftp {

// A line of authorized_keys (sshd(8)), as such a program prints it.
struct AuthorizedKey {
  std::string blob;
  std::optional<std::vector<std::string>> principals;  // of the option principals="a,b"
};

// The first line of `text` that is one; other lines are passed over. The key is of a kind that parse_public_key()
// takes.
std::optional<AuthorizedKey> first_authorized_key(std::string_view text);

// Thread-safe.
class KeyVerifier {
 public:
  static constexpr std::chrono::seconds kPatience{10};
  static constexpr unsigned kMaxPrograms = 8;  // at once; others wait for their turn

  // InvalidArgument unless `path` is absolute and names a regular file that can be executed, with the SHA-256
  // `checksum` (64 hexadecimal digits; empty: any).
  static Result<std::shared_ptr<const KeyVerifier>> make(const std::string& path, const std::string& checksum);

  // Runs "PATH verify USER LINE TYPE", where LINE is the certificate as a line of authorized_keys. What it vouches for:
  // the first key it prints, when it ends with 0 within kPatience, and before `op` says so. PermissionDenied, with the
  // reason as cause, when it does not.
  Result<AuthorizedKey> ask(const OpContext& op, const std::string& user, std::string_view certificate_blob,
                            const std::string& algorithm) const;

 private:
  class Turn;
  explicit KeyVerifier(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any freed_;
  mutable unsigned running_ = 0;
};

}  // namespace slipway::sftp
