#include "core/app/settings.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

#include "core/base/text.h"
#include "core/config/core_options.h"
#include "core/crypto/totp.h"
#include "core/log/log.h"

namespace slipway::app {
namespace {

using config::OptionValues;

constexpr std::size_t kMaxKeyFile = 64 * 1024;  // bytes

vfs::UploadMode upload_mode(std::int64_t flags) {
  if ((flags & 2) != 0) return vfs::UploadMode::AtomicResume;
  return (flags & 1) != 0 ? vfs::UploadMode::Atomic : vfs::UploadMode::Direct;
}

session::SessionSettings session_settings(const OptionValues& common, const OptionValues& data) {
  session::SessionSettings s;
  const auto count = [&](std::string_view name) {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, common.integer(name)));
  };
  s.limits.max_total_connections = count("max_total_connections");
  s.limits.max_per_host_connections = count("max_per_host_connections");
  s.limits.max_total_transfers = count("max_total_transfers");
  s.limits.max_per_host_transfers = count("max_per_host_transfers");
  s.idle_timeout = std::chrono::minutes(common.integer("idle_timeout"));
  s.upload_mode = upload_mode(common.integer("upload_mode"));
  s.setstat_mode = static_cast<vfs::SetstatMode>(common.integer("setstat_mode"));
  s.recursive_store_rename = common.integer("rename_mode") == 1;
  s.symlink_mode = static_cast<unsigned>(common.integer("symlink_mode"));
  s.temp_path = common.string("temp_path");
  s.local_time = common.string("tz") == "local";
  s.quota_tracking = static_cast<session::QuotaTracking>(data.integer("track_quota"));
  if (common.flag("defender.enabled")) {
    s.failed_delay = std::chrono::milliseconds(common.integer("defender.login_delay.password_failed"));
    s.success_delay = std::chrono::milliseconds(common.integer("defender.login_delay.success"));
  }
  return s;
}

crypto::HashSettings hash_settings(const OptionValues& data) {
  crypto::HashSettings h;
  const std::string_view algorithm = data.string("password_hashing.algo");
  h.algorithm = algorithm == "argon2id"        ? crypto::HashSettings::Algorithm::Argon2id
                : algorithm == "pbkdf2-sha256" ? crypto::HashSettings::Algorithm::Pbkdf2Sha256
                                               : crypto::HashSettings::Algorithm::Bcrypt;
  h.bcrypt_cost = static_cast<int>(data.integer("password_hashing.bcrypt_options.cost"));
  h.argon2_memory = static_cast<std::uint32_t>(data.integer("password_hashing.argon2_options.memory"));
  h.argon2_iterations = static_cast<std::uint32_t>(data.integer("password_hashing.argon2_options.iterations"));
  h.argon2_parallelism = static_cast<std::uint8_t>(data.integer("password_hashing.argon2_options.parallelism"));
  h.pbkdf2_iterations = static_cast<int>(data.integer("password_hashing.pbkdf2_options.iterations"));
  h.pbkdf2_salt_length = static_cast<int>(data.integer("password_hashing.pbkdf2_options.salt_length"));
  return h;
}

accounts::PasswordRules password_rules(const OptionValues& data, const std::string& who) {
  const auto number = [&](const char* name) {
    return static_cast<int>(data.integer("password_validation." + who + "." + name));
  };
  accounts::PasswordRules rules;
  rules.min_entropy = data.number("password_validation." + who + ".min_entropy");
  rules.policy.length = number("length");
  rules.policy.uppers = number("uppers");
  rules.policy.lowers = number("lowers");
  rules.policy.digits = number("digits");
  rules.policy.specials = number("specials");
  return rules;
}

std::vector<accounts::TotpKind> totp_kinds(const OptionValues& mfa, std::vector<config::Problem>& problems) {
  std::vector<accounts::TotpKind> kinds;
  for (std::size_t i = 0; i < mfa.count("totp"); ++i) {
    const std::string at = "totp[" + std::to_string(i) + "].";
    accounts::TotpKind kind;
    kind.name = mfa.string(at + "name");
    kind.issuer = mfa.string(at + "issuer");
    kind.digest = crypto::totp_digest(mfa.string(at + "algo")).value_or(crypto::DigestKind::Sha1);
    if (kind.name.empty()) problems.push_back({"mfa." + at + "name", "must not be empty"});
    if (kind.issuer.empty()) problems.push_back({"mfa." + at + "issuer", "must not be empty"});
    if (std::ranges::find(kinds, kind.name, &accounts::TotpKind::name) != kinds.end())
      problems.push_back({"mfa." + at + "name", "\"" + kind.name + "\" is there twice"});
    kinds.push_back(std::move(kind));
  }
  if (kinds.empty()) kinds.emplace_back();
  return kinds;
}

accounts::AccountsSettings accounts_settings(const OptionValues& common, const OptionValues& data,
                                             const OptionValues& mfa, std::vector<config::Problem>& problems) {
  accounts::AccountsSettings a;
  a.validation.naming_rules = static_cast<unsigned>(data.integer("naming_rules"));
  a.validation.users_base_dir = data.string("users_base_dir");
  a.validation.hashing = hash_settings(data);
  a.validation.user_passwords = password_rules(data, "users");
  a.validation.admin_passwords = password_rules(data, "admins");
  a.validation.secret_min_entropy = common.number("secret_min_entropy");
  a.validation.totp_kinds = totp_kinds(mfa, problems);
  a.password_caching = data.flag("password_caching");
  a.track_quota = static_cast<int>(data.integer("track_quota"));
  return a;
}

DataProviderSettings data_provider_settings(const OptionValues& data) {
  DataProviderSettings d;
  d.driver = data.string("driver");
  d.database = data.string("name");
  d.connection_string = data.string("connection_string");
  d.pool_size = static_cast<std::size_t>(data.integer("pool_size"));
  d.table_prefix = data.string("sql_tables_prefix");
  d.update_mode = static_cast<int>(data.integer("update_mode"));
  d.create_default_admin = data.flag("create_default_admin");
  d.backups_path = data.string("backups_path");
  return d;
}

// One key, or one a line; the ends of lines are no part of a key.
std::string read_key_file(std::string_view path, const char* option, std::vector<config::Problem>& problems) {
  std::ifstream file{std::string(path)};
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) problems.push_back({std::string("kms.secrets.") + option, "unable to read " + std::string(path)});
  if (text.size() > kMaxKeyFile)
    problems.push_back({std::string("kms.secrets.") + option, "the file is beyond 64 KiB"});
  return text;
}

crypto::SecretKeeper::Settings secret_settings(const OptionValues& kms, std::vector<config::Problem>& problems) {
  crypto::SecretKeeper::Settings s;
  s.url = kms.string("secrets.url");
  s.master_key = kms.string("secrets.master_key");
  if (const auto path = kms.string("secrets.master_key_path"); !path.empty()) {
    const std::size_t before = problems.size();
    auto key = crypto::parse_master_key(read_key_file(path, "master_key_path", problems));
    if (key)
      s.master_key = *std::move(key);
    else if (problems.size() == before)  // an empty key would seal without one, and nobody would notice
      problems.push_back({"kms.secrets.master_key_path", key.error().message()});
  }
  for (std::size_t i = 0; i < kms.count("secrets.additional_master_keys"); ++i)
    s.additional_master_keys.emplace_back(kms.item("secrets.additional_master_keys", i));
  if (const auto path = kms.string("secrets.additional_master_keys_path"); !path.empty()) {
    s.additional_master_keys = crypto::parse_master_keys(read_key_file(path, "additional_master_keys_path", problems));
  }
  return s;
}

std::optional<mode_t> umask_of(std::string_view octal, std::vector<config::Problem>& problems) {
  if (octal.empty()) return std::nullopt;
  unsigned value = 0;
  const auto end = octal.data() + octal.size();
  const auto [used, error] = std::from_chars(octal.data(), end, value, 8);
  if (error == std::errc() && used == end && value <= 0777) return static_cast<mode_t>(value);
  problems.push_back({"common.umask", "'" + std::string(octal) + "' is no octal mask; write one like 022"});
  return std::nullopt;
}

}  // namespace

std::span<const std::string_view> core_sections() { return config::core_sections(); }

CoreSettings read_core_settings(const config::Configuration& configuration, std::vector<config::Problem>& problems) {
  const OptionValues common = configuration.section("common", config::kCommonOptions, problems);
  const OptionValues data = configuration.section("data_provider", config::kDataProviderOptions, problems);
  const OptionValues kms = configuration.section("kms", config::kKmsOptions, problems);
  const OptionValues mfa = configuration.section("mfa", config::kMfaOptions, problems);
  const OptionValues modules =
      configuration.section("modules", config::kModulesOptions, problems, config::kModulesElsewhere);

  CoreSettings settings;
  settings.sessions = session_settings(common, data);
  settings.accounts = accounts_settings(common, data, mfa, problems);
  if (auto usable = crypto::check_hash_settings(settings.accounts.validation.hashing); !usable)
    problems.push_back({"data_provider.password_hashing", usable.error().message()});
  settings.data_provider = data_provider_settings(data);
  settings.umask = umask_of(common.string("umask"), problems);
  settings.blocking_threads = static_cast<std::size_t>(modules.integer("blocking_threads"));
  settings.secrets = secret_settings(kms, problems);
  const OptionValues scripts = configuration.section("lua", config::kLuaOptions, problems);
  settings.lua = lua::LuaSettings::from(scripts, configuration.config_dir());
  settings.hooks = events::HookSettings::from(common, data);
  return settings;
}

Status report(const config::Configuration& configuration, const std::vector<config::Problem>& problems) {
  std::string fatal;
  std::size_t count = 0;
  for (const auto& problem : problems) {
    if (!problem.fatal) {
      log::warn("config", problem.message, {{"key", problem.where}});
      continue;
    }
    ++count;
    fatal += "\n  " + problem.where + ": " + problem.message;
  }
  if (count == 0) return ok();
  const std::string& file = configuration.file();
  return Error(Errc::InvalidArgument, file.empty() ? "the environment" : file,
               std::to_string(count) + (count == 1 ? " problem" : " problems") + fatal);
}

}  // namespace slipway::app
