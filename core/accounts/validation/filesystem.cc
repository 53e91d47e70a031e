#include <algorithm>

#include "core/accounts/placeholders.h"
#include "core/accounts/validation/checks.h"
#include "core/accounts/validation/keys.h"
#include "core/base/json.h"
#include "core/base/text.h"

#include <boost/json.hpp>

namespace slipway::accounts {

namespace {

// Checks the members of one sub-config: `at` is its pointer.
class Section {
 public:
  Section(std::string at, std::string_view owner, const ValidationContext& context)
      : at_(std::move(at)), owner_(owner), context_(context) {}

  Error error(std::string_view member, std::string_view message) const {
    return invalid(json_pointer(at_, member), message);
  }
  Status required(std::string_view member, const std::string& value) const {
    return value.empty() ? Status(error(member, "is required")) : ok();
  }
  Status range(std::string_view member, std::int64_t value, std::int64_t least, std::int64_t most) const {
    if (value >= least && value <= most) return ok();
    return error(member, "must be between " + std::to_string(least) + " and " + std::to_string(most));
  }
  Status choice(std::string_view member, const std::string& value, const std::vector<std::string_view>& known) const {
    if (value.empty() || std::find(known.begin(), known.end(), value) != known.end()) return ok();
    std::string text;
    for (const auto& word : known) text += (text.empty() ? "" : ", ") + std::string(word);
    return error(member, "must be empty or one of " + text);
  }
  Status secret(std::string_view member, crypto::Secret& value, SecretStrength strength = SecretStrength::Any) const {
    return seal(value, strength, owner_, context_, json_pointer(at_, member));
  }
  Status key_prefix(std::string& prefix) const {
    if (prefix.empty()) return ok();
    SLIPWAY_TRY(check_path_text(prefix, json_pointer(at_, "key_prefix")));
    const auto clean = virtual_path(prefix);
    if (clean == "/") return error("key_prefix", "means the root; leave it empty for that");
    prefix = clean.substr(1) + "/";
    return ok();
  }

 private:
  const std::string at_;
  const std::string owner_;
  const ValidationContext& context_;
};

void at_least_zero(std::int64_t& number) { number = std::max<std::int64_t>(0, number); }

template <class Config>
Status check_buffers(const Config& config, const Section& at) {
  SLIPWAY_TRY(at.range("read_buffer_size", config.read_buffer_size, 0, 10));
  return at.range("write_buffer_size", config.write_buffer_size, 0, 10);
}

Status check(CryptFsConfig& config, const Section& at) {
  if (config.passphrase.empty()) return at.error("passphrase", "is required");
  SLIPWAY_TRY(at.secret("passphrase", config.passphrase, SecretStrength::Strong));
  return check_buffers(config, at);
}

Status check_part_size(const Section& at, std::string_view member, std::int64_t size) {
  if (size == 0 || (size >= 5 && size <= 2000)) return ok();
  return at.error(member, "must be 0 (the default) or between 5 and 2000");
}

Status check(S3FsConfig& config, const Section& at) {
  SLIPWAY_TRY(at.required("bucket", config.bucket));
  if (config.region.empty() && config.endpoint.empty())
    return at.error("region", "a region or an endpoint is required");
  if (config.access_key.empty() != config.access_secret.empty()) {
    return at.error("access_secret", "access_key and access_secret go together: give both, or neither");
  }
  SLIPWAY_TRY(at.secret("access_secret", config.access_secret));
  SLIPWAY_TRY(at.secret("sse_customer_key", config.sse_customer_key, SecretStrength::Strong));
  SLIPWAY_TRY(at.key_prefix(config.key_prefix));
  config.storage_class = std::string(trim(config.storage_class));
  config.acl = std::string(trim(config.acl));
  SLIPWAY_TRY(check_part_size(at, "upload_part_size", config.upload_part_size));
  SLIPWAY_TRY(check_part_size(at, "download_part_size", config.download_part_size));
  SLIPWAY_TRY(at.range("upload_concurrency", config.upload_concurrency, 0, 64));
  SLIPWAY_TRY(at.range("download_concurrency", config.download_concurrency, 0, 64));
  at_least_zero(config.upload_part_max_time);
  at_least_zero(config.download_part_max_time);
  config.checksum_algorithm = to_lower(config.checksum_algorithm);
  return at.choice("checksum_algorithm", config.checksum_algorithm, {"crc32", "crc32c", "crc64nvme", "sha1", "sha256"});
}

Status check(GcsFsConfig& config, const Section& at) {
  SLIPWAY_TRY(at.required("bucket", config.bucket));
  SLIPWAY_TRY(at.range("automatic_credentials", config.automatic_credentials, 0, 1));
  SLIPWAY_TRY(at.range("hns", config.hns, 0, 1));
  if (config.automatic_credentials == 1)
    config.credentials = {};
  else if (config.credentials.empty())
    return at.error("credentials", "are required unless automatic_credentials is 1");
  SLIPWAY_TRY(at.secret("credentials", config.credentials));
  SLIPWAY_TRY(at.key_prefix(config.key_prefix));
  config.storage_class = std::string(trim(config.storage_class));
  config.acl = std::string(trim(config.acl));
  if (config.upload_part_size < 0 || config.upload_part_size > 2000) config.upload_part_size = 0;
  at_least_zero(config.upload_part_max_time);
  return ok();
}

Status check(AzureBlobFsConfig& config, const Section& at) {
  if (config.sas_url.empty()) {
    SLIPWAY_TRY(at.required("account_name", config.account_name));
    SLIPWAY_TRY(at.required("container", config.container));
  }
  SLIPWAY_TRY(at.secret("account_key", config.account_key));
  SLIPWAY_TRY(at.secret("sas_url", config.sas_url));
  SLIPWAY_TRY(at.key_prefix(config.key_prefix));
  SLIPWAY_TRY(at.range("upload_part_size", config.upload_part_size, 0, 2000));
  SLIPWAY_TRY(at.range("download_part_size", config.download_part_size, 0, 2000));
  SLIPWAY_TRY(at.range("upload_concurrency", config.upload_concurrency, 0, 64));
  SLIPWAY_TRY(at.range("download_concurrency", config.download_concurrency, 0, 64));
  return at.choice("access_tier", config.access_tier, {"Archive", "Hot", "Cool"});
}

// "host" gets `port`; an IPv6 address with a port is written "[2001:db8::1]:22".
Status check_endpoint(std::string& endpoint, std::string_view port, const Section& at) {
  endpoint = std::string(trim(endpoint));
  SLIPWAY_TRY(at.required("endpoint", endpoint));
  const bool bracketed = endpoint.front() == '[' && endpoint.back() == ']';
  if (endpoint.find(':') == std::string::npos || bracketed) endpoint += ":" + std::string(port);
  return ok();
}

Status check(SftpFsConfig& config, const Section& at) {
  SLIPWAY_TRY(check_endpoint(config.endpoint, "22", at));
  SLIPWAY_TRY(at.required("username", config.username));
  if (config.password.empty() && config.private_key.empty()) {
    return at.error("password", "a password or a private key is required");
  }
  if (config.private_key.is_plain()) {
    if (auto strong = check_private_key(config.private_key.payload); !strong) {
      return at.error("private_key", strong.error().cause());
    }
  }
  SLIPWAY_TRY(at.secret("password", config.password));
  SLIPWAY_TRY(at.secret("private_key", config.private_key));
  SLIPWAY_TRY(at.secret("key_passphrase", config.key_passphrase));
  SLIPWAY_TRY(at.secret("socks_password", config.socks_password));
  config.prefix = virtual_path(config.prefix);
  SLIPWAY_TRY(at.range("buffer_size", config.buffer_size, 0, 16));
  const auto& proxy = config.socks_proxy;
  if (!proxy.empty() && !proxy.starts_with("socks5://") && !proxy.starts_with("socks4://") &&
      !proxy.starts_with("socks4a://")) {
    return at.error("socks_proxy", "must be a URL that starts with socks5://, socks4:// or socks4a://");
  }
  return ok();
}

// http(s)://host[...]; "unix" as host means a socket, whose path stands in the query.
Status check(HttpFsConfig& config, const Section& at) {
  auto& endpoint = config.endpoint;
  endpoint = std::string(trim(endpoint));
  while (endpoint.ends_with('/')) endpoint.pop_back();
  SLIPWAY_TRY(at.required("endpoint", endpoint));
  const auto lower = to_lower(endpoint);
  const std::size_t scheme = lower.starts_with("http://") ? 7 : lower.starts_with("https://") ? 8 : 0;
  if (scheme == 0) return at.error("endpoint", "must be a URL that starts with http:// or https://");
  const auto rest = std::string_view(endpoint).substr(scheme);
  const auto host = rest.substr(0, rest.find_first_of("/?#"));
  if (host.empty()) return at.error("endpoint", "has no host");
  if (host == "unix") {
    const auto query = rest.find('?') == std::string_view::npos ? std::string_view() : rest.substr(rest.find('?') + 1);
    bool found = false;
    for (const auto& parameter : split(query, '&')) {
      found = found || parameter.starts_with("socket_path=/") || to_lower(parameter).starts_with("socket_path=%2f");
    }
    if (!found)
      return at.error("endpoint", "must name an absolute socket, like http://unix?socket_path=/run/store.sock");
  }
  SLIPWAY_TRY(at.secret("password", config.password));
  return at.secret("api_key", config.api_key);
}

Status check(FtpFsConfig& config, const Section& at) {
  SLIPWAY_TRY(check_endpoint(config.endpoint, "21", at));
  SLIPWAY_TRY(at.required("username", config.username));
  SLIPWAY_TRY(at.secret("password", config.password));
  return at.range("tls_mode", config.tls_mode, 0, 2);
}

Status check_module(FilesystemConfig& config, std::string_view owner, const ValidationContext& context,
                    const std::string& at) {
  if (config.module.empty()) return invalid(at + "/module", "name the storage module");
  if (config.moduleconfig.empty()) return ok();
  const auto options = parse_json(config.moduleconfig.text, {.refuse_duplicates = false});
  if (!options || !options->is_object()) return invalid(at + "/moduleconfig", "must be an object");
  return seal_all(config.moduleconfig, owner, context, at + "/moduleconfig");
}

}  // namespace

Status check_filesystem(FilesystemConfig& config, std::string_view additional_data, const ValidationContext& context,
                        std::string_view pointer) {
  const std::string at(pointer);
  const auto section = [&](std::string_view name) { return Section(json_pointer(at, name), additional_data, context); };
  FilesystemConfig kept;
  kept.provider = config.provider;
  kept.extra = std::move(config.extra);
  const auto keep = [&](auto member, std::string_view name) -> Status {
    SLIPWAY_TRY(check(config.*member, section(name)));
    kept.*member = std::move(config.*member);
    return ok();
  };
  switch (config.provider) {
    case FsProvider::Local:
      SLIPWAY_TRY(check_buffers(config.osconfig, section("osconfig")));
      kept.osconfig = std::move(config.osconfig);
      break;
    case FsProvider::S3:
      SLIPWAY_TRY(keep(&FilesystemConfig::s3config, "s3config"));
      break;
    case FsProvider::Gcs:
      SLIPWAY_TRY(keep(&FilesystemConfig::gcsconfig, "gcsconfig"));
      break;
    case FsProvider::AzureBlob:
      SLIPWAY_TRY(keep(&FilesystemConfig::azblobconfig, "azblobconfig"));
      break;
    case FsProvider::Crypt:
      SLIPWAY_TRY(keep(&FilesystemConfig::cryptconfig, "cryptconfig"));
      break;
    case FsProvider::Sftp:
      SLIPWAY_TRY(keep(&FilesystemConfig::sftpconfig, "sftpconfig"));
      break;
    case FsProvider::Http:
      SLIPWAY_TRY(keep(&FilesystemConfig::httpconfig, "httpconfig"));
      break;
    case FsProvider::Ftp:
      SLIPWAY_TRY(keep(&FilesystemConfig::ftpconfig, "ftpconfig"));
      break;
    case FsProvider::Module:
      SLIPWAY_TRY(check_module(config, additional_data, context, at));
      kept.module = std::move(config.module);
      kept.moduleconfig = std::move(config.moduleconfig);
      break;
    default:
      return invalid(at + "/provider", "must be 0 to 7, or 100 for a storage module by name");
  }
  config = std::move(kept);
  return ok();
}

}  // namespace slipway::accounts
