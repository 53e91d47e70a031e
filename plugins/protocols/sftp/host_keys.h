// The server's SSH host keys: read from files, made on the first start.
#pragma once

#include <string>
#include <vector>

#include "slipway/module.h"
#include "ssh_handles.h"

namespace slipway::sftp {

struct HostKey {
  KeyPtr key;
  std::string file;
  std::string label;        // "ED25519", "ECDSA", "RSA"
  std::string fingerprint;  // "SHA256:..."
};

// Reads the keys of `files` (relative ones start at `config_dir`); without any, id_ed25519, id_ecdsa and id_rsa of
// `config_dir`. A missing file with one of these three names is made, with a public one beside it, both for the owner
// only. An unreadable or encrypted key and two keys of one type are errors.
Result<std::vector<HostKey>> load_host_keys(const std::string& config_dir, const std::vector<std::string>& files,
                                            Logger& log);

}  // namespace slipway::sftp
