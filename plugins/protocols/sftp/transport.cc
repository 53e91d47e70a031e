#include "transport.h"

#include <unistd.h>

#include <fstream>

#include "auth_gate.h"
#include "public_key.h"

namespace slipway::sftp {
namespace {

constexpr const char* kIdentification = "Slipway_0.1.0";
constexpr std::size_t kMaxBanner = 64 * 1024;

std::string read_banner(const std::string& file, Logger& log) {
  if (file.empty()) return {};
  std::ifstream in(file, std::ios::binary);
  std::string text(kMaxBanner, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(in.gcount() > 0 ? static_cast<std::size_t>(in.gcount()) : 0);
  if (text.empty()) log.warn("the login banner cannot be read; there will be none", {{"file", file}});
  return text;
}

}  // namespace

Result<std::shared_ptr<const Transport>> Transport::make(const Settings& settings, const StoredSettings& stored,
                                                         const std::string& config_dir, Logger& log) {
  std::shared_ptr<Transport> transport(new Transport);
  std::vector<std::string> unknown;
  SLIPWAY_ASSIGN(auto lists, choose_algorithms(extended(settings.algorithms, stored.algorithms, unknown)));
  for (const auto& name : unknown)
    log.warn("an algorithm of the database's settings is not available and is left out", {{"algorithm", name}});
  for (const auto& warning : lists.warnings) log.warn(warning);
  const HostKeySources sources{settings.host_key_files, stored.host_keys, settings.host_certificate_files,
                               stored.host_certificates};
  SLIPWAY_ASSIGN(auto keys, load_host_keys(config_dir, sources, log));
  transport->host_key_offer_ = HostKeyOffer::make(keys, lists.host_keys);
  if (!transport->host_key_offer_.certificates.empty()) {
    if (auth_gate_available()) {
      log.info("host certificates", {{"algorithms", transport->host_key_offer_.certificates}});
    } else {
      log.warn("host certificates are not shown: this build links libssh dynamically");
    }
  }

  if (!settings.verifier_path.empty()) {
    SLIPWAY_ASSIGN(auto verifier, KeyVerifier::make(settings.verifier_path, settings.verifier_checksum));
    SLIPWAY_ASSIGN(transport->user_certificates_,
                   UserCertificates::load(config_dir, std::move(verifier), settings.revoked_file));
    log.info("user certificates are verified by a program",
             {{"path", settings.verifier_path}, {"revoked", transport->user_certificates_->revoked()}});
  }
  if (!settings.trusted_authority_files.empty()) {
    SLIPWAY_ASSIGN(transport->user_certificates_,
                   UserCertificates::load(config_dir, settings.trusted_authority_files, settings.revoked_file));
    log.info("user certificates", {{"authorities", transport->user_certificates_->authorities()},
                                   {"revoked", transport->user_certificates_->revoked()}});
  }

  transport->bind_.reset(ssh_bind_new());
  if (!transport->bind_) return Error(Errc::Internal, "ssh", "out of memory");
  transport->key_exchange_offer_ = KeyExchangeOffer::make(lists.key_exchanges);
  if (lists.key_exchanges.find("group-exchange") != lists.key_exchanges.npos) {
    const int least = settings.algorithms.min_group_exchange_bits;
    auto moduli = GroupModuli::make(least);
    if (!moduli && least > GroupModuli::kSmallest) return moduli.error();
    if (moduli) {
      transport->group_moduli_ = *std::move(moduli);
    } else {
      log.warn("the groups of group exchange are those of the system", {{"error", moduli.error().message()}});
    }
  }
  SLIPWAY_TRY(transport->set_options(lists));
  for (auto& key : keys) {
    transport->fingerprints_.push_back(key.label + " " + key.fingerprint);
    transport->host_key_facts_.push_back(
        {key.source, key.fingerprint, ssh_key_type_to_char(ssh_key_type(key.key.get()))});
    if (ssh_bind_options_set(transport->bind_.get(), SSH_BIND_OPTIONS_IMPORT_KEY, key.key.get()) != SSH_OK)
      return Error(Errc::InvalidArgument, key.source, ssh_get_error(transport->bind_.get()));
    (void)key.key.release();  // the bind's now
  }
  transport->algorithms_ = std::move(lists);
  transport->login_banner_ = read_banner(settings.banner_file, log);
  transport->max_auth_tries_ = settings.max_auth_tries;
  transport->login_grace_ = settings.login_grace;
  transport->keepalive_ = settings.keepalive;
  transport->rekey_bytes_ = settings.rekey_bytes;
  transport->rekey_seconds_ =
      static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(settings.rekey_interval).count());
  transport->password_authentication_ = settings.password_authentication;
  transport->keyboard_interactive_authentication_ = settings.keyboard_interactive_authentication;
  transport->interactive_hook_ = settings.interactive_hook;
  return std::shared_ptr<const Transport>(std::move(transport));
}

Status Transport::set_options(const AlgorithmLists& lists) {
  const bool process_config = false;  // /etc/ssh is not ours
  const std::pair<ssh_bind_options_e, const void*> options[] = {
      {SSH_BIND_OPTIONS_PROCESS_CONFIG, &process_config},
      {SSH_BIND_OPTIONS_BANNER, kIdentification},
      {SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, lists.host_keys.c_str()},
      {SSH_BIND_OPTIONS_KEY_EXCHANGE, key_exchange_offer_.internal.c_str()},
      {SSH_BIND_OPTIONS_CIPHERS_C_S, lists.ciphers.c_str()},
      {SSH_BIND_OPTIONS_CIPHERS_S_C, lists.ciphers.c_str()},
      {SSH_BIND_OPTIONS_HMAC_C_S, lists.macs.c_str()},
      {SSH_BIND_OPTIONS_HMAC_S_C, lists.macs.c_str()},
      {SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES, lists.public_keys.c_str()},
  };
  for (const auto& [option, value] : options) {
    if (ssh_bind_options_set(bind_.get(), option, value) != SSH_OK)
      return Error(Errc::InvalidArgument, "ssh algorithms", ssh_get_error(bind_.get()));
  }
  if (!group_moduli_) return ok();
  if (ssh_bind_options_set(bind_.get(), SSH_BIND_OPTIONS_MODULI, group_moduli_->path().c_str()) != SSH_OK)
    return Error(Errc::Internal, "ssh", ssh_get_error(bind_.get()));
  return ok();
}

Status Transport::attach(ssh_session session, int fd) const {
  bool process_config = false;
  ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &process_config);
  // Decompression multiplies what a client can make this server handle; most files are compressed already.
  ssh_options_set(session, SSH_OPTIONS_COMPRESSION, "none");
  if (rekey_bytes_ != 0) ssh_options_set(session, SSH_OPTIONS_REKEY_DATA, &rekey_bytes_);
  if (rekey_seconds_ != 0) ssh_options_set(session, SSH_OPTIONS_REKEY_TIME, &rekey_seconds_);
  std::lock_guard lock(mutex_);
  if (ssh_bind_accept_fd(bind_.get(), session, fd) == SSH_OK) return ok();
  if (ssh_get_fd(session) != fd) ::close(fd);
  return Error(Errc::Internal, "ssh", ssh_get_error(bind_.get()));
}

bool Transport::accepts_signature(std::string_view algorithm) const {
  return is_listed(algorithms_.public_keys, algorithm);
}

std::string Transport::signature_algorithm(ssh_key key) const {
  switch (ssh_key_type(key)) {
    case SSH_KEYTYPE_RSA:
    case SSH_KEYTYPE_RSA_CERT01:
      for (const auto* weaker : {"ssh-rsa", "rsa-sha2-256"}) {
        if (accepts_signature(weaker)) return weaker;
      }
      return "rsa-sha2-512";
    default:
      return plain_algorithm(ssh_key_type_to_char(ssh_key_type(key)));
  }
}

}  // namespace slipway::sftp
