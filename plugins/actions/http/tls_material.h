// Additional roots and client certificates, read once and handed to every TLS connection.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "slipway/result.h"

// OpenSSL's objects by their struct names, so that its headers stay out of here.
struct ssl_ctx_st;
struct ssl_st;

namespace slipway::http {

// Thread-safe once read.
class TlsMaterial {
 public:
  struct CertificateFiles {
    std::string certificate, key;  // PEM; the certificate may be followed by its chain
  };
  // InvalidArgument names the file that cannot be read or does not hold what it should.
  static Result<std::shared_ptr<const TlsMaterial>> read(const std::vector<std::string>& root_files,
                                                         const std::vector<CertificateFiles>& certificates);
  ~TlsMaterial();

  bool empty() const noexcept;
  // Adds the roots to the context's store and lets it choose a client certificate when the server asks for one.
  // The material must outlive the context.
  bool apply(ssl_ctx_st* context) const;

 private:
  TlsMaterial();
  static int choose_certificate(ssl_st* ssl, void* material);
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace slipway::http
