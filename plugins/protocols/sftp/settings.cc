#include "settings.h"

#include <algorithm>
#include <utility>

namespace slipway::sftp {
namespace {

constexpr int kDefaultTries = 6;
constexpr std::size_t kMaxSystemName = 4096;

std::vector<std::string> list(const OptionView& options, std::string_view name) {
  std::vector<std::string> items;
  for (std::size_t i = 0, count = options.count(name); i < count; ++i) items.emplace_back(options.item(name, i));
  return items;
}

}  // namespace

Result<Settings> read_settings(const OptionView& options) {
  Settings settings;
  const auto bindings = options.count("bindings");
  for (std::size_t i = 0; i < bindings; ++i) {
    const auto element = "bindings[" + std::to_string(i) + "].";
    Binding binding;
    binding.address = options.string(element + "address");
    binding.port = static_cast<std::uint16_t>(options.integer(element + "port"));
    binding.apply_proxy_config = options.flag(element + "apply_proxy_config");
    if (binding.port != 0) settings.bindings.push_back(std::move(binding));
  }
  if (bindings == 0) settings.bindings.emplace_back();

  const auto tries = options.integer("max_auth_tries");
  settings.max_auth_tries = tries == 0 ? kDefaultTries : tries < 0 ? 0 : static_cast<int>(tries);
  settings.host_key_files = list(options, "host_keys");
  settings.host_certificate_files = list(options, "host_certificates");
  settings.algorithms.host_keys = list(options, "host_key_algorithms");
  settings.algorithms.key_exchanges = list(options, "kex_algorithms");
  settings.algorithms.ciphers = list(options, "ciphers");
  settings.algorithms.macs = list(options, "macs");
  settings.algorithms.public_keys = list(options, "public_key_algorithms");
  settings.algorithms.min_group_exchange_bits = static_cast<int>(options.integer("min_dh_group_exchange_key_size"));
  settings.commands = known_commands(list(options, "enabled_ssh_commands"), settings.unknown_commands);
  settings.banner_file = options.string("login_banner_file");
  settings.trusted_authority_files = list(options, "trusted_user_ca_keys");
  settings.revoked_file = options.string("revoked_user_certs_file");
  settings.verifier_path = options.string("opkssh_path");
  settings.verifier_checksum = options.string("opkssh_checksum");
  if (!settings.verifier_path.empty() && !settings.verifier_path.starts_with('/'))
    return Error(Errc::InvalidArgument, "sftpd.opkssh_path", "must be an absolute path");
  if (!settings.verifier_path.empty() && !settings.trusted_authority_files.empty())
    return Error(Errc::InvalidArgument, "sftpd.opkssh_path", "cannot be used together with trusted_user_ca_keys");
  settings.login_grace = std::chrono::milliseconds(options.integer("login_grace_time"));
  settings.keepalive = std::chrono::milliseconds(options.integer("keepalive_interval"));
  settings.rekey_bytes = static_cast<std::uint64_t>(options.integer("rekey_limit"));
  settings.rekey_interval = std::chrono::milliseconds(options.integer("rekey_interval"));
  constexpr std::uint64_t kLeastBytes = 1024 * 1024;
  if (settings.rekey_bytes != 0 && settings.rekey_bytes < kLeastBytes)
    return Error(Errc::InvalidArgument, "rekey_limit", "less than 1M would spend the time on exchanging keys");
  settings.password_authentication = options.flag("password_authentication");
  settings.keyboard_interactive_authentication = options.flag("keyboard_interactive_authentication");
  settings.interactive_hook = options.string("keyboard_interactive_auth_hook");
  const auto& hook = settings.interactive_hook;
  if (!hook.empty() && !hook.starts_with('/') && !hook.starts_with("http://") && !hook.starts_with("https://"))
    return Error(Errc::InvalidArgument, "sftpd.keyboard_interactive_auth_hook",
                 "must be an absolute path or an http:// or https:// URL");
  SLIPWAY_TRY(choose_algorithms(settings.algorithms));
  return settings;
}

SwitchSettings read_switches(const OptionView& switches) {
  SwitchSettings settings;
  settings.dot_entries = !switches.flag("disable_dot_entries");
  std::string name(switches.string("sshd_uname_output"));
  std::erase_if(name, [](char c) { return c == '\n' || c == '\r'; });
  if (name.size() > kMaxSystemName) name.resize(kMaxSystemName);
  if (!name.empty()) settings.system_name = std::move(name);
  return settings;
}

}  // namespace slipway::sftp
