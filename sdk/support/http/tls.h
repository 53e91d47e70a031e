// TLS for bindings: certificates, versions, ciphers, client certificates and their revocation, and their reload.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "slipway/result.h"

namespace slipway::http {

enum class ClientAuth : std::uint8_t { None, Require, VerifyIfGiven };

struct TlsConfig {
  // The first is for clients that name no host or an unknown one. Each is a chain, the leaf first, with its key. PEM.
  struct Certificate {
    std::string certificate_file, key_file;
  };
  std::vector<Certificate> certificates;
  int min_version = 12;                    // 10 to 13: TLS 1.0 to 1.3
  std::vector<std::string> cipher_suites;  // of TLS 1.2 and before, by IANA name; empty: the usual strong ones
  ClientAuth client_auth = ClientAuth::None;
  std::vector<std::string> ca_files;  // authorities of client certificates
  // PEM. A certificate that is listed here is refused; those of an authority without a list are not looked up.
  std::vector<std::string> crl_files;
};

// Shared by connections and threads. A connection keeps what it began with.
class TlsContext {
 public:
  // Errors name the file or the value and what is wrong with it.
  static Result<std::shared_ptr<TlsContext>> make(TlsConfig config);
  virtual ~TlsContext() = default;
  // Reads the files again, for new connections; keeps what it had on failure. Sessions of before cannot be resumed.
  virtual Status reload() = 0;
  // When the first certificate ends.
  virtual std::chrono::sys_seconds expires() const = 0;
  // An SSL_CTX with a reference for the caller.
  virtual std::shared_ptr<void> native() const = 0;
};

}  // namespace slipway::http
