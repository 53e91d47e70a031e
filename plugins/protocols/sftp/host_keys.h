// The server's SSH host keys: read from files, made on the first start.
#pragma once

#include <string>
#include <vector>

#include "slipway/module.h"
#include "ssh_handles.h"

namespace slipway::sftp {

struct HostKey {
  KeyPtr key;
  std::string source;       // the file, or where else it is kept
  std::string label;        // "ED25519", "ECDSA", "RSA"
  std::string blob;         // the public half
  std::string fingerprint;  // "SHA256:..."
  std::string certificate;  // an OpenSSH host certificate for it; empty: none
};

// Where they come from. Relative files start at `config_dir`.
struct HostKeySources {
  std::vector<std::string> files;              // without any: id_ed25519, id_ecdsa and id_rsa of `config_dir`
  std::vector<std::string> stored;             // private keys themselves, kept with the accounts
  std::vector<std::string> certificate_files;  // public lines as ssh-keygen writes them
  std::vector<std::string> stored_certificates;
};

// A missing file with one of the three names is made, with a public one beside it, both for the owner only. A stored
// key takes the place of a file's of the same type, so that all nodes show the same one. Errors: a key that cannot be
// read or is encrypted, two files with keys of one type, a certificate that is not a host's. A certificate for none of
// the keys is left out with a warning.
Result<std::vector<HostKey>> load_host_keys(const std::string& config_dir, const HostKeySources& sources, Logger& log);

}  // namespace slipway::sftp
