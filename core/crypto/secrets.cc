#include "core/crypto/secrets.h"

#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/crypto/passwords.h"
#include "core/crypto/secret_formats.h"

namespace slipway::crypto {
namespace {

constexpr std::string_view kPlain = "Plain";
constexpr std::string_view kSecretbox = "Secretbox";
constexpr std::string_view kAesGcm = "AES-256-GCM";
// Sealed by key services that come as modules; the text of such a secret is not ours to judge.
constexpr std::array<std::string_view, 5> kRemote = {"AWS", "GCP", "VaultTransit", "AzureKeyVault", "OracleKeyVault"};
constexpr std::size_t kKeyTextLength = 2 * formats::kSaltLength;
constexpr int kMasterKeyMode = 1;

bool is_local(std::string_view status) { return status == kSecretbox || status == kAesGcm; }
bool is_remote(std::string_view status) { return std::find(kRemote.begin(), kRemote.end(), status) != kRemote.end(); }

Error invalid(std::string cause) { return {Errc::InvalidArgument, "secret", std::move(cause)}; }

Status check_sealed(const Secret& secret) {
  if (secret.payload.empty()) return invalid("sealed, but without payload");
  const bool remote = is_remote(secret.status);
  if (!remote && !is_local(secret.status)) {
    return invalid("unknown status " + printable(secret.status.substr(0, 64)));
  }
  if (remote && secret.key.empty()) return ok();
  if (secret.key.size() != kKeyTextLength) return invalid("the key of a sealed secret has 64 characters");
  return ok();
}

// The key that encrypts: from the master key where there is one, else from the salt alone. The two forms differ in
// whether what the salt alone gives goes through HKDF (GAPS-DATA 1.2, 1.3).
Result<std::string> encryption_key(std::string_view status, const std::string* master_key, std::string_view salt,
                                   std::string_view additional_data) {
  if (master_key) return formats::derived_key(*master_key, salt, additional_data);
  SLIPWAY_ASSIGN(std::string material, formats::salt_only_key(salt, additional_data));
  if (status == kAesGcm) return material;
  return formats::derived_key(material, salt, additional_data);
}

Result<std::string> open_with(const Secret& secret, const std::string* master_key, std::string_view salt) {
  SLIPWAY_ASSIGN(std::string key, encryption_key(secret.status, master_key, salt, secret.additional_data));
  auto plain = secret.status == kSecretbox ? formats::open_secretbox(key, secret.payload)
                                           : formats::open_aes_gcm(key, secret.additional_data, secret.payload);
  wipe(key);
  return plain;
}

}  // namespace

Result<std::string> parse_master_key(std::string_view file_content) {
  const std::string_view key = trim(file_content);
  if (key.empty()) return Error(Errc::InvalidArgument, "master key file", "is empty");
  return std::string(key);
}

std::vector<std::string> parse_master_keys(std::string_view file_content) {
  std::vector<std::string> keys;
  for (const std::string& line : split(file_content, '\n')) {
    std::string key(trim(line));
    if (!key.empty() && std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
  }
  return keys;
}

SecretKeeper::SecretKeeper(Provider provider, Settings settings)
    : provider_(provider), settings_(std::move(settings)) {}

Result<SecretKeeper> SecretKeeper::make(Settings settings) {
  const std::string_view url = settings.url;
  Provider provider = Provider::Secretbox;
  if (url.starts_with("aes256gcm://")) {
    provider = Provider::AesGcm;
  } else if (url.starts_with("builtin://")) {
    provider = Provider::AesGcmWithoutMasterKey;
  } else if (!url.empty() && !url.starts_with("local://")) {
    return Error(Errc::InvalidArgument, "kms.secrets.url",
                 "names no known provider; use \"local://\" or \"aes256gcm://\", or leave it empty");
  }
  if (!settings.additional_master_keys.empty() && settings.master_key.empty()) {
    return Error(Errc::InvalidArgument, "kms.secrets.additional_master_keys",
                 "needs an active master key in kms.secrets.master_key or master_key_path");
  }
  return SecretKeeper(provider, std::move(settings));
}

Status SecretKeeper::seal(Secret& secret, std::string_view additional_data) const {
  if (secret.empty()) return ok();
  if (secret.is_redacted()) return invalid("is redacted; give its value or leave it out");
  if (!secret.is_plain()) return check_sealed(secret);
  if (secret.payload.empty()) return invalid("is empty; leave it out to clear it");
  if (secret.payload.size() > formats::kMaxSecretLength) return Error(Errc::TooLarge, "secret", "longer than 1 MiB");

  const bool with_master_key = !settings_.master_key.empty() && provider_ != Provider::AesGcmWithoutMasterKey;
  Secret sealed;
  sealed.status = provider_ == Provider::Secretbox ? kSecretbox : kAesGcm;
  sealed.additional_data = additional_data;
  sealed.mode = with_master_key ? kMasterKeyMode : 0;
  const std::string salt = random_bytes(formats::kSaltLength);
  sealed.key = hex({reinterpret_cast<const unsigned char*>(salt.data()), salt.size()});
  SLIPWAY_ASSIGN(std::string key, encryption_key(sealed.status, with_master_key ? &settings_.master_key : nullptr, salt,
                                                 additional_data));
  if (provider_ == Provider::Secretbox) {
    sealed.payload = formats::seal_secretbox(key, random_bytes(formats::kSecretboxNonceLength), secret.payload);
  } else {
    SLIPWAY_ASSIGN(sealed.payload,
                   formats::seal_aes_gcm(key, random_bytes(formats::kGcmNonceLength), additional_data, secret.payload));
  }
  wipe(key);
  wipe(secret.payload);
  secret = std::move(sealed);
  return ok();
}

Result<std::string> SecretKeeper::open(const Secret& secret) const {
  if (secret.empty()) return std::string();
  if (secret.status == kPlain) return secret.payload;
  if (secret.is_redacted()) return invalid("is redacted and cannot be opened");
  SLIPWAY_TRY(check_sealed(secret));
  if (!is_local(secret.status)) {
    return Error(Errc::NotSupported, "secret", "sealed by " + secret.status + ", whose key module is not loaded");
  }
  const auto salt = formats::hex_decode(secret.key);
  if (!salt) return invalid("the key of a sealed secret is hexadecimal");
  if (secret.payload.size() > 4 * formats::kMaxSecretLength)
    return Error(Errc::TooLarge, "secret", "longer than 1 MiB");
  if (secret.mode != kMasterKeyMode) return open_with(secret, nullptr, *salt);
  if (settings_.master_key.empty()) {
    return Error(Errc::AuthFailed, "secret", "sealed with a master key, and none is configured");
  }
  auto plain = open_with(secret, &settings_.master_key, *salt);
  for (const std::string& key : settings_.additional_master_keys) {
    if (plain || plain.code() != Errc::AuthFailed) break;
    plain = open_with(secret, &key, *salt);
  }
  return plain;
}

}  // namespace slipway::crypto
