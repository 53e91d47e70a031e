// Sealed secrets of the account model: {"status","payload","key","additional_data","mode"} (GAPS-DATA 1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "slipway/result.h"

namespace slipway::crypto {

struct Secret {
  std::string status;  // "", "Plain", "Redacted", "Secretbox", "AES-256-GCM", "AWS", "GCP", "VaultTransit", ...
  std::string payload;
  std::string key;
  std::string additional_data;
  int mode = 0;  // 1: a master key is needed to open it

  bool empty() const noexcept { return status.empty() && payload.empty(); }
  bool is_plain() const noexcept { return status == "Plain"; }
  bool is_redacted() const noexcept { return status == "Redacted"; }
  bool operator==(const Secret&) const = default;
};

// The key in a master key file: its content without white space around it. InvalidArgument when nothing is left.
Result<std::string> parse_master_key(std::string_view file_content);
// The keys of a key ring file, one a line, trimmed; blank and repeated lines dropped.
std::vector<std::string> parse_master_keys(std::string_view file_content);

// Seals with one provider, opens what either has sealed. Thread-safe after construction.
class SecretKeeper {
 public:
  struct Settings {
    // "" or "local://": Secretbox. "aes256gcm://": AES-256-GCM. "builtin://": AES-256-GCM, never with the master key.
    std::string url;
    std::string master_key;                           // its bytes as they are; any length
    std::vector<std::string> additional_master_keys;  // decrypt only, tried in order after `master_key`
  };
  // InvalidArgument: additional keys without an active one, an unknown url.
  static Result<SecretKeeper> make(Settings);

  // Seals a Plain secret; leaves a well-formed sealed one and an empty one alone; InvalidArgument for a Plain one
  // without payload, Redacted, an unknown status or a malformed sealed one. `additional_data` says what it belongs to
  // (user name, "folder_" + name...).
  Status seal(Secret& secret, std::string_view additional_data) const;
  // The plain text; that of an empty secret is empty. NotSupported for a status whose provider is not loaded;
  // AuthFailed when no key opens it; InvalidArgument for a malformed one.
  Result<std::string> open(const Secret& secret) const;

 private:
  enum class Provider { Secretbox, AesGcm, AesGcmWithoutMasterKey };
  explicit SecretKeeper(Provider provider, Settings settings);

  Provider provider_;
  Settings settings_;
};

}  // namespace slipway::crypto
