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
  int mode = 0;

  bool empty() const noexcept { return status.empty() && payload.empty(); }
  bool is_plain() const noexcept { return status == "Plain"; }
  bool is_redacted() const noexcept { return status == "Redacted"; }
  bool operator==(const Secret&) const = default;
};

// Thread-safe after construction.
class SecretKeeper {
 public:
  struct Settings {
    std::string url;  // "", "aes256gcm://", "local://"
    std::string master_key;
    std::vector<std::string> additional_master_keys;  // decrypt only
  };
  // InvalidArgument: additional keys without an active one, an unknown url.
  static Result<SecretKeeper> make(Settings);

  // Seals a Plain secret; leaves a sealed one alone; InvalidArgument for an empty payload, Redacted, or a malformed
  // sealed one. `additional_data` says what it belongs to (user name, "folder_" + name...).
  Status seal(Secret& secret, std::string_view additional_data) const;
  // The plain text. NotSupported for a status whose provider is not loaded; AuthFailed when no key opens it.
  Result<std::string> open(const Secret& secret) const;

 private:
  Settings settings_;
};

}  // namespace slipway::crypto
