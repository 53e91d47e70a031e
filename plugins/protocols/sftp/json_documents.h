// The JSON that the SSH module reads: lists of fingerprints, and its settings in the database.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "algorithms.h"
#include "slipway/result.h"

namespace slipway::sftp {

// An array of strings. InvalidArgument for anything else.
Result<std::vector<std::string>> parse_strings(std::string_view json);

// What administrators keep with the accounts; all of it adds to the configuration file's.
struct StoredSettings {
  std::vector<std::string> host_keys;          // private keys, PEM or OpenSSH's format
  std::vector<std::string> host_certificates;  // lines as in id_ed25519-cert.pub
  AlgorithmSettings algorithms;
};

// Members that are absent or null are empty, unknown ones are passed over. InvalidArgument names a member of another
// type than a list of strings.
Result<StoredSettings> parse_stored_settings(std::string_view json);

}  // namespace slipway::sftp
