#include "ssh_handles.h"

namespace slipway::sftp {

std::string base64_of(ssh_key key) {
  char* text = nullptr;
  if (ssh_pki_export_pubkey_base64(key, &text) != SSH_OK) return {};
  std::string base64 = text;
  ssh_string_free_char(text);
  return base64;
}

}  // namespace slipway::sftp
