#include <algorithm>
#include <set>

#include "core/accounts/validation/checks.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace slipway::accounts {

namespace {

const std::vector<std::string_view> kLoginMethods = {"publickey",          "password",
                                                     "password-over-SSH",  "keyboard-interactive",
                                                     "publickey+password", "publickey+keyboard-interactive",
                                                     "password+publickey", "keyboard-interactive+publickey",
                                                     "TLSCertificate",     "TLSCertificate+password"};
const std::vector<std::string_view> kProtocols = {"SSH", "FTP", "DAV", "HTTP"};
const std::vector<std::string_view> kTwoFactorProtocols = {"SSH", "FTP", "HTTP"};
const std::vector<std::string_view> kWebClientOptions = {"publickey-change-disabled",
                                                         "tls-cert-change-disabled",
                                                         "write-disabled",
                                                         "mfa-disabled",
                                                         "password-change-disabled",
                                                         "api-key-auth-change-disabled",
                                                         "info-change-disabled",
                                                         "shares-disabled",
                                                         "password-reset-disabled",
                                                         "shares-without-password-disabled",
                                                         "shares-require-email-auth",
                                                         "shares-policy-change-disabled",
                                                         "wopi-disabled",
                                                         "rest-api-disabled"};
const std::vector<std::string_view> kShareScopes = {"read", "write", "read_write"};

void at_least_zero(std::int64_t& number) { number = std::max<std::int64_t>(0, number); }
void at_least_zero(int& number) { number = std::max(0, number); }

Status check_sources(std::vector<std::string>& sources, const std::string& at) {
  if (sources.empty()) return invalid(at + "/sources", "name at least one network");
  return check_networks(sources, at + "/sources");
}

Status check_bandwidth_limits(BaseUserFilters& filters, const std::string& at) {
  for (std::size_t i = 0; i < filters.bandwidth_limits.size(); ++i) {
    auto& limit = filters.bandwidth_limits[i];
    SLIPWAY_TRY(check_sources(limit.sources, at_index(at + "/bandwidth_limits", i)));
    at_least_zero(limit.upload_bandwidth);
    at_least_zero(limit.download_bandwidth);
  }
  for (std::size_t i = 0; i < filters.data_transfer_limits.size(); ++i) {
    auto& limit = filters.data_transfer_limits[i];
    SLIPWAY_TRY(check_sources(limit.sources, at_index(at + "/data_transfer_limits", i)));
    at_least_zero(limit.upload_data_transfer);
    at_least_zero(limit.download_data_transfer);
    at_least_zero(limit.total_data_transfer);
    if (limit.total_data_transfer > 0) limit.upload_data_transfer = limit.download_data_transfer = 0;
  }
  return ok();
}

bool is_time(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return false;
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 100; };
  return digit(0) * 10 + digit(1) < 24 && digit(3) * 10 + digit(4) < 60;
}

Status check_access_times(const std::vector<TimePeriod>& periods, const std::string& at) {
  for (std::size_t i = 0; i < periods.size(); ++i) {
    const auto& period = periods[i];
    const auto here = at_index(at, i);
    if (period.day_of_week < 0 || period.day_of_week > 6) {
      return invalid(here + "/day_of_week", "must be 0 (Sunday) to 6 (Saturday)");
    }
    if (!is_time(period.from)) return invalid(here + "/from", "must be a time like 08:30");
    if (!is_time(period.to)) return invalid(here + "/to", "must be a time like 17:30");
    if (period.to <= period.from) return invalid(here + "/to", "must be later than \"from\"");
  }
  return ok();
}

Status check_globs(std::vector<std::string>& patterns, const std::string& at) {
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    patterns[i] = to_lower(patterns[i]);
    if (patterns[i].empty() || !is_valid_glob(patterns[i])) {
      return invalid(at_index(at, i), "is not a valid pattern; use *, ?, [a-z] and \\ before a special character");
    }
  }
  drop_duplicates(patterns);
  return ok();
}

Status check_patterns(std::vector<PatternsFilter>& filters, const std::string& at) {
  std::set<std::string> paths;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    auto& filter = filters[i];
    const auto here = at_index(at, i);
    if (!filter.path.starts_with('/')) return invalid(here + "/path", "must be an absolute path");
    SLIPWAY_TRY(check_path_text(filter.path, here + "/path"));
    filter.path = virtual_path(filter.path);
    if (!paths.insert(filter.path).second) return invalid(here + "/path", "there is another entry for this path");
    if (filter.allowed_patterns.empty() && filter.denied_patterns.empty()) {
      return invalid(here, "at least one allowed or denied pattern is required");
    }
    if (filter.deny_policy != 0 && filter.deny_policy != 1) {
      return invalid(here + "/deny_policy", "must be 0 (shown) or 1 (hidden)");
    }
    SLIPWAY_TRY(check_globs(filter.allowed_patterns, here + "/allowed_patterns"));
    SLIPWAY_TRY(check_globs(filter.denied_patterns, here + "/denied_patterns"));
  }
  return ok();
}

Status check_share_paths(std::vector<std::string>& paths, const std::string& at) {
  for (std::size_t i = 0; i < paths.size(); ++i) {
    SLIPWAY_TRY(check_path_text(paths[i], at_index(at, i)));
    paths[i] = virtual_path(paths[i]);
  }
  drop_duplicates(paths);
  return ok();
}

// Fewer than all of them: a user who may use none should be disabled.
Status check_denied(std::vector<std::string>& denied, const std::vector<std::string_view>& known, std::string_view what,
                    const std::string& at) {
  SLIPWAY_TRY(check_words(denied, known, what, at));
  if (denied.size() < known.size()) return ok();
  return invalid(at, "denies every " + std::string(what) + "; disable the account instead");
}

}  // namespace

Status check_filters(BaseUserFilters& filters, const ValidationSettings& settings, std::string_view pointer) {
  const std::string at(pointer);
  SLIPWAY_TRY(check_networks(filters.allowed_ip, at + "/allowed_ip"));
  SLIPWAY_TRY(check_networks(filters.denied_ip, at + "/denied_ip"));
  SLIPWAY_TRY(check_bandwidth_limits(filters, at));
  at_least_zero(filters.max_upload_file_size);
  SLIPWAY_TRY(check_denied(filters.denied_login_methods, kLoginMethods, "login method", at + "/denied_login_methods"));
  SLIPWAY_TRY(check_denied(filters.denied_protocols, kProtocols, "protocol", at + "/denied_protocols"));
  SLIPWAY_TRY(check_words(filters.two_factor_protocols, kTwoFactorProtocols, "protocol", at + "/two_factor_protocols"));
  if (!filters.tls_username.empty() && filters.tls_username != "None" && filters.tls_username != "CommonName") {
    return invalid(at + "/tls_username", "must be None or CommonName");
  }
  for (auto& option : filters.web_client) {
    if (option == "reset-password-disabled") option = "password-reset-disabled";
  }
  SLIPWAY_TRY(check_words(filters.web_client, kWebClientOptions, "web client option", at + "/web_client"));
  at_least_zero(filters.default_shares_expiration);
  at_least_zero(filters.max_shares_expiration);
  if (filters.max_shares_expiration > 0 && filters.max_shares_expiration < filters.default_shares_expiration) {
    return invalid(at + "/max_shares_expiration", "must not be shorter than default_shares_expiration");
  }
  if (!filters.start_directory.empty()) {
    SLIPWAY_TRY(check_path_text(filters.start_directory, at + "/start_directory"));
    filters.start_directory = virtual_path(filters.start_directory);
    if (filters.start_directory == "/") filters.start_directory.clear();
  }
  SLIPWAY_TRY(check_access_times(filters.access_time, at + "/access_time"));
  SLIPWAY_TRY(check_patterns(filters.file_patterns, at + "/file_patterns"));
  if (!filters.user_type.empty() && filters.user_type != "LDAPUser" && filters.user_type != "OSUser") {
    return invalid(at + "/user_type", "must be empty, LDAPUser or OSUser");
  }
  if (filters.ftp_security != 0 && filters.ftp_security != 1) {
    return invalid(at + "/ftp_security", "must be 0 (the server's default) or 1 (TLS required)");
  }
  SLIPWAY_TRY(check_share_paths(filters.allowed_share_paths, at + "/allowed_share_paths"));
  SLIPWAY_TRY(check_share_paths(filters.denied_share_paths, at + "/denied_share_paths"));
  SLIPWAY_TRY(check_words(filters.denied_share_scopes, kShareScopes, "share scope", at + "/denied_share_scopes"));
  at_least_zero(filters.password_expiration);
  at_least_zero(filters.password_strength);
  at_least_zero(filters.pre_login_cache_time);
  at_least_zero(filters.external_auth_cache_time);
  if (!settings.external_auth || filters.hooks.external_auth_disabled) filters.external_auth_cache_time = 0;
  return ok();
}

}  // namespace slipway::accounts
