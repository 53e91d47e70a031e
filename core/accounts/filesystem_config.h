// Where the files of a user, group or virtual folder are kept: the contract's FilesystemConfig.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_text.h"
#include "core/crypto/secrets.h"

namespace slipway::accounts {

// Numbers of the account model. Others are kept as they are and refused by validation.
enum class FsProvider : int {
  Local = 0,
  S3 = 1,
  Gcs = 2,
  AzureBlob = 3,
  Crypt = 4,
  Sftp = 5,
  Http = 6,
  Ftp = 7,
  Module = 100,  // a storage module by name: "module" and "moduleconfig"
};

// In every struct here `extra` is a JSON object of members that this server does not know: kept from load to dump.

struct OsFsConfig {
  std::int64_t read_buffer_size = 0;   // MB
  std::int64_t write_buffer_size = 0;  // MB
  JsonText extra;
  bool operator==(const OsFsConfig&) const = default;
};

struct CryptFsConfig {
  crypto::Secret passphrase;
  std::int64_t read_buffer_size = 0;   // MB
  std::int64_t write_buffer_size = 0;  // MB
  JsonText extra;
  bool operator==(const CryptFsConfig&) const = default;
};

struct S3FsConfig {
  std::string bucket;
  std::string region;
  std::string access_key;
  crypto::Secret access_secret;
  crypto::Secret sse_customer_key;
  std::string role_arn;
  std::string session_token;
  std::string endpoint;
  std::string storage_class;
  std::string acl;
  std::int64_t upload_part_size = 0;  // MB
  std::int64_t upload_concurrency = 0;
  std::int64_t upload_part_max_time = 0;  // seconds
  std::int64_t download_part_size = 0;    // MB
  std::int64_t download_concurrency = 0;
  std::int64_t download_part_max_time = 0;  // seconds
  bool force_path_style = false;
  bool skip_tls_verify = false;
  std::string key_prefix;
  std::string checksum_algorithm;
  JsonText extra;
  bool operator==(const S3FsConfig&) const = default;
};

struct GcsFsConfig {
  std::string bucket;
  crypto::Secret credentials;
  std::int64_t automatic_credentials = 0;
  std::int64_t hns = 0;
  std::string storage_class;
  std::string acl;
  std::string key_prefix;
  std::int64_t upload_part_size = 0;      // MB
  std::int64_t upload_part_max_time = 0;  // seconds
  std::string universe_domain;
  JsonText extra;
  bool operator==(const GcsFsConfig&) const = default;
};

struct AzureBlobFsConfig {
  std::string container;
  std::string account_name;
  crypto::Secret account_key;
  crypto::Secret sas_url;
  std::string endpoint;
  std::int64_t upload_part_size = 0;  // MB
  std::int64_t upload_concurrency = 0;
  std::int64_t download_part_size = 0;  // MB
  std::int64_t download_concurrency = 0;
  std::string access_tier;
  std::string key_prefix;
  bool use_emulator = false;
  JsonText extra;
  bool operator==(const AzureBlobFsConfig&) const = default;
};

struct SftpFsConfig {
  std::string endpoint;
  std::string username;
  crypto::Secret password;
  crypto::Secret private_key;
  crypto::Secret key_passphrase;
  std::vector<std::string> fingerprints;
  std::string prefix;
  bool disable_concurrent_reads = false;
  bool disable_concurrent_writes = false;
  std::int64_t buffer_size = 0;  // MB
  std::int64_t equality_check_mode = 0;
  std::string socks_proxy;
  std::string socks_username;
  crypto::Secret socks_password;
  JsonText extra;
  bool operator==(const SftpFsConfig&) const = default;
};

struct HttpFsConfig {
  std::string endpoint;
  std::string username;
  crypto::Secret password;
  crypto::Secret api_key;
  bool skip_tls_verify = false;
  std::int64_t equality_check_mode = 0;
  JsonText extra;
  bool operator==(const HttpFsConfig&) const = default;
};

struct FtpFsConfig {
  std::string endpoint;
  std::string username;
  crypto::Secret password;
  std::int64_t tls_mode = 0;  // 0 off, 1 explicit, 2 implicit
  bool skip_tls_verify = false;
  JsonText extra;
  bool operator==(const FtpFsConfig&) const = default;
};

// Validation clears every sub-config but the selected one.
struct FilesystemConfig {
  FsProvider provider = FsProvider::Local;
  OsFsConfig osconfig;
  S3FsConfig s3config;
  GcsFsConfig gcsconfig;
  AzureBlobFsConfig azblobconfig;
  CryptFsConfig cryptconfig;
  SftpFsConfig sftpconfig;
  HttpFsConfig httpconfig;
  FtpFsConfig ftpconfig;
  std::string module;     // provider Module: the instance name of a storage module
  JsonText moduleconfig;  // its mount options, a JSON object; objects shaped like a Secret are sealed on save
  JsonText extra;
  bool operator==(const FilesystemConfig&) const = default;
};

// Whether files are kept on this machine's disks, below home_dir or mapped_path.
constexpr bool is_local(FsProvider provider) noexcept {
  return provider == FsProvider::Local || provider == FsProvider::Crypt;
}

}  // namespace slipway::accounts
