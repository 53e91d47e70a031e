// Restrictions and preferences that users and groups have in common: the contract's BaseUserFilters and its parts.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/json_text.h"
#include "core/crypto/secrets.h"

namespace slipway::accounts {

// Absolute directory (or pattern of directories) -> permission tokens.
using PermissionLists = std::map<std::string, std::vector<std::string>>;

struct PatternsFilter {
  std::string path;
  std::vector<std::string> allowed_patterns, denied_patterns;
  int deny_policy = 0;  // 1: what is denied is hidden too
  bool operator==(const PatternsFilter&) const = default;
};

struct HooksFilter {
  bool external_auth_disabled = false;
  bool pre_login_disabled = false;
  bool check_password_disabled = false;
  bool operator==(const HooksFilter&) const = default;
};

struct BandwidthLimit {
  std::vector<std::string> sources;     // CIDR
  std::int64_t upload_bandwidth = 0;    // KB/s
  std::int64_t download_bandwidth = 0;  // KB/s
  bool operator==(const BandwidthLimit&) const = default;
};

struct DataTransferLimit {
  std::vector<std::string> sources;                                                            // CIDR
  std::int64_t upload_data_transfer = 0, download_data_transfer = 0, total_data_transfer = 0;  // MB
  bool operator==(const DataTransferLimit&) const = default;
};

struct TimePeriod {
  int day_of_week = 0;   // 0 Sunday
  std::string from, to;  // "HH:MM", both included
  bool operator==(const TimePeriod&) const = default;
};

struct PasswordPolicy {
  int length = 0, uppers = 0, lowers = 0, digits = 0, specials = 0;
  bool operator==(const PasswordPolicy&) const = default;
};

struct TotpConfig {
  bool enabled = false;
  std::string config_name;
  crypto::Secret secret;
  std::vector<std::string> protocols;  // users only: "SSH", "FTP", "HTTP"
  bool operator==(const TotpConfig&) const = default;
};

struct RecoveryCode {
  crypto::Secret secret;
  bool used = false;
  bool operator==(const RecoveryCode&) const = default;
};

struct BaseUserFilters {
  std::vector<std::string> allowed_ip, denied_ip;  // CIDR
  std::vector<std::string> denied_login_methods;
  std::vector<std::string> denied_protocols;
  std::vector<PatternsFilter> file_patterns;
  std::int64_t max_upload_file_size = 0;  // bytes
  std::string tls_username;               // "", "None", "CommonName"
  HooksFilter hooks;
  bool disable_fs_checks = false;
  std::vector<std::string> web_client;
  bool allow_api_key_auth = false;
  std::string user_type;  // "", "LDAPUser", "OSUser"
  std::vector<BandwidthLimit> bandwidth_limits;
  std::vector<DataTransferLimit> data_transfer_limits;
  std::int64_t external_auth_cache_time = 0;  // seconds
  std::int64_t pre_login_cache_time = 0;      // seconds
  std::string start_directory;
  std::vector<std::string> two_factor_protocols;
  int ftp_security = 0;  // 1: TLS required
  bool is_anonymous = false;
  int default_shares_expiration = 0;  // days
  int max_shares_expiration = 0;      // days
  int password_expiration = 0;        // days
  int password_strength = 0;          // bits of entropy
  PasswordPolicy password_policy;
  std::vector<TimePeriod> access_time;
  bool enforce_secure_algorithms = false;
  std::vector<std::string> allowed_share_paths, denied_share_paths;
  std::vector<std::string> denied_share_scopes;  // "read", "write", "read_write"
  bool operator==(const BaseUserFilters&) const = default;
};

}  // namespace slipway::accounts
