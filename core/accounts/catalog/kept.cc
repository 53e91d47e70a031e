#include "core/accounts/catalog/kept.h"

#include "core/accounts/json_secrets.h"

namespace slipway::accounts {

void keep_stored(crypto::Secret& incoming, const crypto::Secret& stored) {
  const bool redacted = incoming.is_redacted() || (incoming.is_plain() && incoming.payload == "[**redacted**]");
  if (redacted) incoming.status = "Redacted";
  if (incoming.empty() || (incoming.is_plain() && !redacted)) return;
  if (redacted || !stored.empty()) incoming = stored;
}

void keep_stored(FilesystemConfig& incoming, const FilesystemConfig& stored) {
  keep_stored(incoming.extra, stored.extra);
  // Another provider's secrets are of no use to this one.
  static const FilesystemConfig kNone;
  const FilesystemConfig& kept = incoming.provider == stored.provider ? stored : kNone;
  const auto keep = [&](auto config, auto... secrets) {
    auto& in = incoming.*config;
    const auto& old = kept.*config;
    (keep_stored(in.*secrets, old.*secrets), ...);
    keep_stored(in.extra, old.extra);
  };
  keep(&FilesystemConfig::osconfig);
  keep(&FilesystemConfig::s3config, &S3FsConfig::access_secret, &S3FsConfig::sse_customer_key);
  keep(&FilesystemConfig::azblobconfig, &AzureBlobFsConfig::account_key, &AzureBlobFsConfig::sas_url);
  keep(&FilesystemConfig::cryptconfig, &CryptFsConfig::passphrase);
  keep(&FilesystemConfig::sftpconfig, &SftpFsConfig::password, &SftpFsConfig::private_key,
       &SftpFsConfig::key_passphrase, &SftpFsConfig::socks_password);
  keep(&FilesystemConfig::httpconfig, &HttpFsConfig::password, &HttpFsConfig::api_key);
  keep(&FilesystemConfig::ftpconfig, &FtpFsConfig::password);
  keep(&FilesystemConfig::gcsconfig, &GcsFsConfig::credentials);
  if (incoming.gcsconfig.credentials.empty()) incoming.gcsconfig.credentials = kept.gcsconfig.credentials;
  keep_stored_secrets(incoming.moduleconfig, kept.moduleconfig);
}

}  // namespace slipway::accounts
