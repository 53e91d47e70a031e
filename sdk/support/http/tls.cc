#include "support/http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "support/http/fields.h"

namespace slipway::http {
namespace {

constexpr std::string_view kStrongCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr std::string_view kOldCiphers = ":ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA";

using ContextPtr = std::shared_ptr<SSL_CTX>;

std::string last_error() {
  const auto error = ERR_peek_last_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  return reason != nullptr ? reason : "it cannot be used";
}

Error bad_file(const std::string& file) { return {Errc::InvalidArgument, file, last_error()}; }

int version_number(int version) {
  switch (version) {
    case 10:
      return TLS1_VERSION;
    case 11:
      return TLS1_1_VERSION;
    case 12:
      return TLS1_2_VERSION;
    default:
      return TLS1_3_VERSION;
  }
}

// The names of OpenSSL for IANA's. Two are known under a shorter name as well.
Result<std::string> cipher_list(SSL_CTX* context, const std::vector<std::string>& names, int min_version) {
  std::string list;
  if (names.empty()) {
    list = kStrongCiphers;
    if (min_version < 12) list += kOldCiphers;
    return list;
  }
  if (SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0") != 1) return Error(Errc::Internal, "ciphers", last_error());
  for (std::string name : names) {
    if (name.ends_with("CHACHA20_POLY1305")) name += "_SHA256";
    const char* found = nullptr;
    const auto* ciphers = SSL_CTX_get_ciphers(context);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
      const auto* cipher = sk_SSL_CIPHER_value(ciphers, i);
      const char* standard = SSL_CIPHER_standard_name(cipher);
      if (standard != nullptr && name == standard) found = SSL_CIPHER_get_name(cipher);
    }
    if (found == nullptr) return Error(Errc::InvalidArgument, "tls_cipher_suites", "'" + name + "' is not known");
    // Those of TLS 1.3 are always on.
    if (name.starts_with("TLS_AES_") || name.starts_with("TLS_CHACHA20_")) continue;
    if (!list.empty()) list += ':';
    list += found;
  }
  return list.empty() ? std::string(kStrongCiphers) : list;
}

// HTTP/1.1 or nothing: a client that only wants what is not spoken here is told so (RFC 7301 3.2).
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                    void*) {
  const std::string_view offered(reinterpret_cast<const char*>(in), in_size);
  for (std::size_t at = 0; at < offered.size();) {
    const auto size = static_cast<unsigned char>(offered[at]);
    const auto name = offered.substr(at + 1, size);
    if (name == "http/1.1" || name == "http/1.0") {
      *out = in + at + 1;
      *out_size = size;
      return SSL_TLSEXT_ERR_OK;
    }
    at += 1 + std::size_t{size};
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Authorities without a revocation list are not checked for one.
int verify_client(int good, X509_STORE_CTX* store) {
  if (good == 1 || X509_STORE_CTX_get_error(store) != X509_V_ERR_UNABLE_TO_GET_CRL) return good;
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

Status load_authorities(SSL_CTX* context, const TlsConfig& config) {
  STACK_OF(X509_NAME)* names = sk_X509_NAME_new_null();
  SSL_CTX_set_client_CA_list(context, names);  // takes it
  for (const auto& file : config.ca_files) {
    ERR_clear_error();
    if (SSL_CTX_load_verify_file(context, file.c_str()) != 1) return bad_file(file);
    if (SSL_add_file_cert_subjects_to_stack(names, file.c_str()) != 1) return bad_file(file);
  }
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  if (config.crl_files.empty()) return ok();
  X509_LOOKUP* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  for (const auto& file : config.crl_files) {
    ERR_clear_error();
    if (lookup == nullptr || (X509_load_crl_file(lookup, file.c_str(), X509_FILETYPE_PEM) <= 0 &&
                              X509_load_crl_file(lookup, file.c_str(), X509_FILETYPE_ASN1) <= 0))
      return bad_file(file);
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return ok();
}

std::chrono::sys_seconds end_of(const X509* certificate) {
  std::tm time{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return {};
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&time)));
}

// A context for one of the configured certificates.
Result<ContextPtr> make_context(const TlsConfig& config, const TlsConfig::Certificate& certificate) {
  ERR_clear_error();
  ContextPtr context(SSL_CTX_new(TLS_server_method()), [](SSL_CTX* c) { SSL_CTX_free(c); });
  if (!context) return Error(Errc::Internal, "TLS", last_error());
  SSL_CTX* const c = context.get();
  SLIPWAY_ASSIGN(auto ciphers, cipher_list(c, config.cipher_suites, config.min_version));
  // TLS 1.0 and 1.1 sign with SHA-1, which the usual level refuses.
  if (config.min_version < 12) ciphers += ":@SECLEVEL=0";
  SSL_CTX_set_security_level(c, config.min_version < 12 ? 0 : 2);
  if (SSL_CTX_set_min_proto_version(c, version_number(config.min_version)) != 1 ||
      SSL_CTX_set_cipher_list(c, ciphers.c_str()) != 1)
    return Error(Errc::InvalidArgument, "tls_cipher_suites", last_error());
  // The hybrid group wants OpenSSL 3.5.
  if (SSL_CTX_set1_groups_list(c, "X25519MLKEM768:X25519:P-256:P-384:P-521") != 1)
    SSL_CTX_set1_groups_list(c, "X25519:P-256:P-384:P-521");
  ERR_clear_error();

  if (SSL_CTX_use_certificate_chain_file(c, certificate.certificate_file.c_str()) != 1)
    return bad_file(certificate.certificate_file);
  if (SSL_CTX_use_PrivateKey_file(c, certificate.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(c) != 1)
    return bad_file(certificate.key_file);

  if (config.client_auth != ClientAuth::None) {
    SLIPWAY_TRY(load_authorities(c, config));
    SSL_CTX_set_verify(
        c, SSL_VERIFY_PEER | (config.client_auth == ClientAuth::Require ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
        verify_client);
  }
  SSL_CTX_set_mode(c, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                             SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_read_ahead(c, 1);  // header and content of a record with one call of the system
  SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
  // Sessions resume by ticket. The keys are the context's: a session made before a reload, or under another binding's
  // idea of client certificates, is good for nothing here.
  constexpr unsigned char id[] = "slipway-http";
  SSL_CTX_set_session_id_context(c, id, sizeof(id) - 1);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(c, 1);
  return context;
}

// The contexts of all certificates; the first holds the others for its name callback.
struct Contexts {
  std::vector<ContextPtr> all;
  std::chrono::sys_seconds expires = std::chrono::sys_seconds::max();
};

bool is_for(SSL_CTX* context, const char* name) {
  X509* certificate = SSL_CTX_get0_certificate(context);
  return certificate != nullptr && X509_check_host(certificate, name, 0, 0, nullptr) == 1;
}

int choose_certificate(SSL* ssl, int*, void* argument) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const auto* contexts = static_cast<const Contexts*>(argument);
  if (name == nullptr || is_for(contexts->all.front().get(), name)) return SSL_TLSEXT_ERR_OK;
  for (const auto& context : contexts->all) {
    if (!is_for(context.get(), name)) continue;
    SSL_set_SSL_CTX(ssl, context.get());
    break;
  }
  return SSL_TLSEXT_ERR_OK;
}

Result<std::shared_ptr<Contexts>> make_contexts(const TlsConfig& config) {
  auto contexts = std::make_shared<Contexts>();
  for (const auto& certificate : config.certificates) {
    SLIPWAY_ASSIGN(auto context, make_context(config, certificate));
    contexts->expires = std::min(contexts->expires, end_of(SSL_CTX_get0_certificate(context.get())));
    contexts->all.push_back(std::move(context));
  }
  if (contexts->all.size() > 1) {
    SSL_CTX* const first = contexts->all.front().get();
    SSL_CTX_set_tlsext_servername_callback(first, choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(first, contexts.get());
  }
  return contexts;
}

class FileTlsContext final : public TlsContext {
 public:
  FileTlsContext(TlsConfig config, std::shared_ptr<Contexts> contexts)
      : config_(std::move(config)), contexts_(std::move(contexts)) {}

  Status reload() override {
    SLIPWAY_ASSIGN(auto contexts, make_contexts(config_));
    std::lock_guard lock(mutex_);
    contexts_ = std::move(contexts);
    return ok();
  }
  std::chrono::sys_seconds expires() const override {
    std::lock_guard lock(mutex_);
    return contexts_->expires;
  }
  std::shared_ptr<void> native() const override {
    std::lock_guard lock(mutex_);
    return {contexts_, contexts_->all.front().get()};
  }

 private:
  const TlsConfig config_;
  mutable std::mutex mutex_;
  std::shared_ptr<Contexts> contexts_;  // guarded by mutex_
};

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::make(TlsConfig config) {
  if (config.certificates.empty()) return Error(Errc::InvalidArgument, "certificate_file", "TLS needs a certificate");
  if (config.min_version < 10 || config.min_version > 13)
    return Error(Errc::InvalidArgument, "min_tls_version", "it is one of 10, 11, 12 and 13");
  if (config.client_auth != ClientAuth::None && config.ca_files.empty())
    return Error(Errc::InvalidArgument, "ca_certificates", "client certificates need an authority");
  SLIPWAY_ASSIGN(auto contexts, make_contexts(config));
  return std::shared_ptr<TlsContext>(std::make_shared<FileTlsContext>(std::move(config), std::move(contexts)));
}

}  // namespace slipway::http
