// protocol-sftp: options, descriptor and factory.
#include <array>
#include <memory>

#include "server.h"
#include "slipway/server_settings.h"
#include "slipway/switches.h"

namespace {

using namespace slipway;

constexpr std::array kOptions = {
    OptionSpec{"bindings[].port", OptionType::Integer, "2022", "port to listen on; 0 turns the binding off", 0, 65535},
    OptionSpec{"bindings[].address", OptionType::String, "", "address to listen on; empty: all interfaces"},
    OptionSpec{"bindings[].apply_proxy_config", OptionType::Boolean, "true",
               "whether the PROXY protocol settings of the common section apply"},
    OptionSpec{"max_auth_tries", OptionType::Integer, "0",
               "failed attempts after which a connection is closed; 0: 6, negative: no limit", -1, 1000},
    OptionSpec{"host_keys", OptionType::StringList, "",
               "private host key files, one of each type; empty: id_ed25519, id_ecdsa and id_rsa in the configuration "
               "directory, made when missing"},
    OptionSpec{"host_certificates", OptionType::StringList, "",
               "files with OpenSSH certificates of the host keys; one that matches none of them is left out"},
    OptionSpec{"host_key_algorithms", OptionType::StringList, "",
               "signature algorithms of the host keys; empty: secure ones"},
    OptionSpec{"kex_algorithms", OptionType::StringList, "",
               "key exchange algorithms, preferred first; empty: secure ones"},
    OptionSpec{"ciphers", OptionType::StringList, "", "ciphers, preferred first; empty: secure ones"},
    OptionSpec{"macs", OptionType::StringList, "", "message authentication codes, preferred first; empty: secure ones"},
    OptionSpec{"public_key_algorithms", OptionType::StringList, "",
               "signature algorithms accepted from users' keys; empty: secure ones"},
    OptionSpec{"min_dh_group_exchange_key_size", OptionType::Integer, "2048",
               "smallest group of the Diffie-Hellman group exchange, in bits: 2048 or 3072", 2048, 3072},
    OptionSpec{"trusted_user_ca_keys", OptionType::StringList, "",
               "files with public keys of authorities that may sign user certificates, one key a line"},
    OptionSpec{"revoked_user_certs_file", OptionType::Path, "",
               "JSON array of SHA256 fingerprints of revoked user certificates or their keys; read again on reload"},
    OptionSpec{"opkssh_path", OptionType::String, "",
               "absolute path of the program opkssh, which verifies certificates of OpenPubkey; not together with "
               "trusted_user_ca_keys"},
    OptionSpec{"opkssh_checksum", OptionType::String, "",
               "SHA-256 checksum that the program must have, in hexadecimal digits; empty: any"},
    OptionSpec{
        "enabled_ssh_commands", OptionType::StringList, "md5sum,sha1sum,sha256sum,cd,pwd,scp",
        "commands that clients may have executed; also sha384sum, sha512sum, uname, slipway-copy, slipway-remove; "
        "*: all of them"},
    OptionSpec{"login_banner_file", OptionType::Path, "", "text file that is shown before the login"},
    OptionSpec{"password_authentication", OptionType::Boolean, "true",
               "whether passwords are accepted, alone or after a public key"},
    OptionSpec{"keyboard_interactive_authentication", OptionType::Boolean, "true",
               "whether users may be asked questions (keyboard-interactive)"},
    OptionSpec{"keyboard_interactive_auth_hook", OptionType::String, "",
               "program (absolute path) or URL that asks the questions instead of the server"},
    OptionSpec{"login_grace_time", OptionType::Duration, "2m",
               "how long a client may take from connecting to being logged in", 1000, 3'600'000, nullptr, true},
    OptionSpec{"keepalive_interval", OptionType::Duration, "0",
               "send something to a client that was quiet for this long, so that devices in between remember the "
               "connection; 0: never",
               0, 86'400'000, nullptr, true},
    OptionSpec{"rekey_limit", OptionType::Bytes, "0",
               "exchange keys anew after this many bytes, at least 1M; 0: as the cipher needs it (RFC 4344)", 0,
               INT64_MAX, nullptr, true},
    OptionSpec{"rekey_interval", OptionType::Duration, "0", "exchange keys anew after this time; 0: never", 0,
               86'400'000, nullptr, true},
};

class SftpModule final : public ProtocolModule, private ServerIdentity, private ServiceStatus {
 public:
  explicit SftpModule(Host& host) : host_(host) {}

  Status configure(const OptionView& options) override {
    SLIPWAY_ASSIGN(auto settings, sftp::read_settings(options));
    if (server_) SLIPWAY_TRY(server_->configure(settings));
    settings_ = std::move(settings);
    return ok();
  }

  Status start() override {
    auto* sessions = host_.service<SessionService>();
    auto* paths = host_.service<PathResolver>();
    auto* listeners = host_.service<ListenerService>();
    if (sessions == nullptr || paths == nullptr || listeners == nullptr) {
      return Error(Errc::NotSupported, "protocol-sftp",
                   "the module needs slipway.sessions.v1, slipway.paths.v1 and slipway.listeners.v1, and this server "
                   "denies it one");
    }
    const auto* switches = host_.service<Switches>();
    auto server = std::make_unique<sftp::Server>(
        sftp::Services{host_.logger(), *sessions, *paths}, *listeners, host_.service<ServerSettings>(),
        switches != nullptr ? sftp::read_switches(switches->switches()) : sftp::SwitchSettings(),
        std::string(host_.config_dir()));
    SLIPWAY_TRY(server->start(settings_));
    server_ = std::move(server);
    return ok();
  }

  void drain(std::chrono::steady_clock::time_point deadline) noexcept override {
    if (server_) server_->drain(deadline);
  }
  void stop() noexcept override { server_.reset(); }

  std::vector<Endpoint> listening() const override { return server_ ? server_->listening() : std::vector<Endpoint>(); }

  void* query(std::string_view interface_id) noexcept override {
    if (interface_id == ServerIdentity::kInterfaceId) return static_cast<ServerIdentity*>(this);
    if (interface_id == ServiceStatus::kInterfaceId) return static_cast<ServiceStatus*>(this);
    return nullptr;
  }

 private:
  std::string_view service() const noexcept override { return "ssh"; }
  std::string document() const override { return server_ ? server_->status() : R"({"is_active":false})"; }
  std::vector<std::string> fingerprints() const override {
    return server_ ? server_->fingerprints() : std::vector<std::string>();
  }
  std::vector<std::string> how_to_connect(std::string_view user) const override {
    std::vector<std::string> lines;
    for (const Endpoint& endpoint : listening()) {
      const std::string& address = endpoint.address;
      const bool everywhere = address.empty() || address == "::" || address == "0.0.0.0";
      const bool v6 = address.find(':') != std::string::npos;
      const std::string host = everywhere ? "localhost" : v6 ? "[" + address + "]" : address;
      lines.push_back("sftp -P " + std::to_string(endpoint.port) + " " + std::string(user) + "@" + host);
    }
    return lines;
  }

  Host& host_;
  sftp::Settings settings_;
  std::unique_ptr<sftp::Server> server_;
};

}  // namespace

SLIPWAY_MODULE(SftpModule, .kind = slipway::ModuleKind::Protocol, .name = "protocol-sftp", .version = "0.1.0",
               .summary = "Serves files over SSH: SFTP version 3 with the OpenSSH extensions, SCP and commands",
               .provides = "sftp", .section = "sftpd", .options = kOptions.data(), .option_count = kOptions.size());
