#include "tls_material.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>

namespace slipway::http {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using File = std::unique_ptr<BIO, Deleter<BIO_free>>;

std::vector<Certificate> read_certificates(const std::string& file) {
  std::vector<Certificate> out;
  const File bio(BIO_new_file(file.c_str(), "r"));
  while (bio) {
    Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    out.push_back(std::move(certificate));
  }
  ERR_clear_error();  // the end of the file is an error to OpenSSL
  return out;
}

Key read_key(const std::string& file) {
  const File bio(BIO_new_file(file.c_str(), "r"));
  // Without a callback OpenSSL would ask for a passphrase on the terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
  ERR_clear_error();
  return key;
}

}  // namespace

struct TlsMaterial::Data {
  struct Identity {
    Key key;
    std::vector<Certificate> chain;  // the first is the client's own
  };
  std::vector<Certificate> roots;
  std::vector<Identity> identities;
};

TlsMaterial::TlsMaterial() : data_(std::make_unique<Data>()) {}
TlsMaterial::~TlsMaterial() = default;

Result<std::shared_ptr<const TlsMaterial>> TlsMaterial::read(const std::vector<std::string>& root_files,
                                                             const std::vector<CertificateFiles>& certificates) {
  std::shared_ptr<TlsMaterial> out(new TlsMaterial());
  for (const std::string& file : root_files) {
    auto roots = read_certificates(file);
    if (roots.empty()) return Error{Errc::InvalidArgument, file, "holds no certificate in PEM form that can be read"};
    std::ranges::move(roots, std::back_inserter(out->data_->roots));
  }
  for (const CertificateFiles& files : certificates) {
    Data::Identity identity{read_key(files.key), read_certificates(files.certificate)};
    if (identity.chain.empty())
      return Error{Errc::InvalidArgument, files.certificate, "holds no certificate in PEM form that can be read"};
    if (!identity.key)
      return Error{Errc::InvalidArgument, files.key,
                   "holds no private key in PEM form, without a passphrase, that can be read"};
    if (X509_check_private_key(identity.chain.front().get(), identity.key.get()) != 1) {
      ERR_clear_error();
      return Error{Errc::InvalidArgument, files.key, "is not the key of the certificate " + files.certificate};
    }
    out->data_->identities.push_back(std::move(identity));
  }
  return std::shared_ptr<const TlsMaterial>(std::move(out));
}

bool TlsMaterial::empty() const noexcept { return data_->roots.empty() && data_->identities.empty(); }

bool TlsMaterial::apply(ssl_ctx_st* context) const {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const Certificate& root : data_->roots)
    if (X509_STORE_add_cert(store, root.get()) != 1) return false;  // one that is there already is not an error
  if (!data_->identities.empty()) SSL_CTX_set_cert_cb(context, &choose_certificate, const_cast<TlsMaterial*>(this));
  return true;
}

// The first certificate whose chain leads to an authority that the server named; the first of all when it named none.
int TlsMaterial::choose_certificate(ssl_st* ssl, void* material) {
  const Data& data = *static_cast<const TlsMaterial*>(material)->data_;
  const STACK_OF(X509_NAME)* const wanted = SSL_get0_peer_CA_list(ssl);
  const int count = wanted == nullptr ? 0 : sk_X509_NAME_num(wanted);
  const auto suits = [&](const Data::Identity& identity) {
    for (int i = 0; i < count; ++i)
      for (const Certificate& certificate : identity.chain)
        if (X509_NAME_cmp(X509_get_issuer_name(certificate.get()), sk_X509_NAME_value(wanted, i)) == 0) return true;
    return count == 0;
  };
  const auto found = std::ranges::find_if(data.identities, suits);
  if (found == data.identities.end()) return 1;  // goes on without; the server decides
  std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> rest(sk_X509_new_null(),
                                                                  [](STACK_OF(X509) * s) { sk_X509_free(s); });
  for (std::size_t i = 1; i < found->chain.size(); ++i) sk_X509_push(rest.get(), found->chain[i].get());
  return SSL_use_cert_and_key(ssl, found->chain.front().get(), found->key.get(), rest.get(), 1);
}

}  // namespace slipway::http
