// Which user certificates this server believes: the authorities it trusts, the certificates that are revoked, and the
// checks of each login.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "certificate.h"
#include "key_verifier.h"
#include "slipway/session.h"

namespace slipway::sftp {

// Immutable once made, so thread-safe.
class UserCertificates {
 public:
  // Reads all files; relative names start at `config_dir`. A file of authorities holds one key a line as in
  // authorized_keys, without options; empty lines and lines that start with '#' are skipped. `revoked_file` is a JSON
  // array of "SHA256:..." fingerprints, at most 5 MiB; empty: nothing is revoked. Any file or line that cannot be read
  // is an error.
  static Result<std::shared_ptr<const UserCertificates>> load(const std::string& config_dir,
                                                              const std::vector<std::string>& authority_files,
                                                              const std::string& revoked_file);

  // As load(), but with a program in the place of the authorities.
  static Result<std::shared_ptr<const UserCertificates>> load(const std::string& config_dir,
                                                              std::shared_ptr<const KeyVerifier> verifier,
                                                              const std::string& revoked_file);

  // What the certificate proves for a login of `user` from `address` at `now` (seconds since 1970). PermissionDenied,
  // with the reason as cause, unless: it is a user's, a trusted authority signed it, neither it nor its key is revoked,
  // it is valid now, `user` is among its principals (there must be some), and its critical options are none but
  // source-address, which holds `address`.
  //
  // With a program: everything else holds, and the program, which is asked then, vouches for the key that signed it. It
  // decides about users: the certificate may name no principals, or some of those that the program names. It may block
  // until `op` ends.
  Result<ProvedCertificate> check(const Certificate& certificate, std::string_view certificate_blob,
                                  std::string_view user, std::string_view address, std::uint64_t now,
                                  const OpContext& op = {}) const;

  // Whether check() asks a program: what it costs, and that anybody can make certificates that get as far.
  bool asks_program() const noexcept { return verifier_ != nullptr; }
  std::size_t authorities() const noexcept { return authorities_.size(); }
  std::size_t revoked() const noexcept { return revoked_.size(); }

 private:
  struct Authority {
    std::string type, fingerprint;
  };
  Status load_revoked(const std::string& config_dir, const std::string& revoked_file);
  Status ask(const OpContext& op, const Certificate& certificate, std::string_view certificate_blob,
             std::string_view user) const;

  std::shared_ptr<const KeyVerifier> verifier_;                // null: authorities_ decide
  std::map<std::string, Authority, std::less<>> authorities_;  // by key blob
  std::set<std::string, std::less<>> revoked_;                 // fingerprints
};

// Whether `address` is in one of the networks of a source-address option: addresses and CIDR networks, separated by
// commas. A list with a malformed entry holds nothing.
bool source_address_allows(std::string_view list, std::string_view address);

}  // namespace slipway::sftp
