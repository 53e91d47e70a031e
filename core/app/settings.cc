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

std::vector<std::string> texts(const OptionValues& values, std::string_view list) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < values.count(list); ++i) all.emplace_back(values.item(list, i));
  return all;
}

void add_problems(const std::string& where, const std::vector<admission::SettingsProblem>& found,
                  std::vector<config::Problem>& problems) {
  for (const auto& [key, message] : found) problems.push_back({where + key, message});
}

admission::DefenderSettings defender_settings(const OptionValues& common, std::vector<config::Problem>& problems) {
  const auto number = [&](const char* name) { return common.integer("defender." + std::string(name)); };
  const auto score = [&](const char* name) { return static_cast<int>(std::max<std::int64_t>(0, number(name))); };
  admission::DefenderSettings d;
  d.enabled = common.flag("defender.enabled");
  if (common.string("defender.driver") == "provider") d.driver = admission::DefenderSettings::Driver::Provider;
  d.ban_time = std::chrono::minutes(number("ban_time"));
  d.ban_time_increment = static_cast<int>(number("ban_time_increment"));
  d.threshold = static_cast<int>(number("threshold"));
  d.score_invalid = score("score_invalid");
  d.score_valid = score("score_valid");
  d.score_limit_exceeded = score("score_limit_exceeded");
  d.score_no_auth = score("score_no_auth");
  d.observation_time = std::chrono::minutes(number("observation_time"));
  d.entries_soft_limit = static_cast<std::size_t>(number("entries_soft_limit"));
  d.entries_hard_limit = static_cast<std::size_t>(number("entries_hard_limit"));
  add_problems("common.defender.", check(d), problems);
  return d;
}

admission::AdmissionSettings admission_settings(const OptionValues& common, std::vector<config::Problem>& problems) {
  admission::AdmissionSettings a;
  a.allow_list = common.integer("allowlist_status") == 1;
  a.defender = defender_settings(common, problems);
  for (std::size_t i = 0; i < common.count("rate_limiters"); ++i) {
    const std::string element = "rate_limiters[" + std::to_string(i) + "].";
    const auto number = [&](const char* name) { return common.integer(element + name); };
    admission::RateLimiterSettings r;
    r.average = number("average");
    r.period = std::chrono::milliseconds(number("period"));
    r.burst = static_cast<int>(number("burst"));
    r.type = static_cast<admission::RateLimiterSettings::Type>(number("type"));
    r.protocols = texts(common, element + "protocols");
    r.generate_defender_events = common.flag(element + "generate_defender_events");
    r.entries_soft_limit = static_cast<std::size_t>(number("entries_soft_limit"));
    r.entries_hard_limit = static_cast<std::size_t>(number("entries_hard_limit"));
    add_problems("common." + element, check(r), problems);
    if (r.average > 0) a.rate_limiters.push_back(std::move(r));
  }
  return a;
}

net::ProxySettings proxy_settings(const OptionValues& common, std::vector<config::Problem>& problems) {
  net::ProxySettings p;
  p.mode = static_cast<net::ProxySettings::Mode>(common.integer("proxy_protocol"));
  const auto networks = [&](const char* key) {
    std::vector<IpNetwork> parsed;
    for (const auto& text : texts(common, key)) {
      if (const auto network = IpNetwork::parse(text, true))
        parsed.push_back(*network);
      else
        problems.push_back({std::string("common.") + key,
                            "\"" + text + "\" is not an IP address or network, write 192.0.2.1 or 192.0.2.0/24"});
    }
    return parsed;
  };
  p.allowed = networks("proxy_allowed");
  p.skipped = networks("proxy_skipped");
  if (p.mode == net::ProxySettings::Mode::Required && p.allowed.empty())
    problems.push_back({"common.proxy_allowed",
                        "is empty: with proxy_protocol 2 nobody can connect but the addresses of proxy_skipped",
                        false});
  return p;
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
  d.is_shared = data.integer("is_shared") == 1;
  d.backups_path = data.string("backups_path");
  return d;
}

// Those that a module runs. A program that is missing is said here, not at the first login.
std::vector<std::string> login_hooks(const OptionValues& data, std::vector<config::Problem>& problems) {
  std::vector<std::string> configured;
  for (const char* name : {"external_auth_hook", "pre_login_hook", "check_password_hook", "post_login_hook"}) {
    const std::string hook(data.string(name));
    if (hook.empty()) continue;
    const std::string where = "data_provider." + std::string(name);
    const bool url = hook.starts_with("http://") || hook.starts_with("https://");
    if (!url && !hook.starts_with('/'))
      problems.push_back({where, "must be an absolute path or an http:// or https:// URL"});
    else if (!url && ::access(hook.c_str(), X_OK) != 0)
      problems.push_back({where, "there is no program at " + hook});
    if (std::string_view(name) != "post_login_hook") configured.push_back(where);
  }
  return configured;
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
  settings.admission = admission_settings(common, problems);
  settings.proxy = proxy_settings(common, problems);
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
  settings.accounts.validation.external_auth = !data.string("external_auth_hook").empty();
  settings.login_hooks = login_hooks(data, problems);
  settings.switches = config::read_switches(configuration, problems);
  settings.accounts.validation.legacy_admin_permissions = settings.switches.flag("legacy_admin_perms");
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
