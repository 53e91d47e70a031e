// What a verified client certificate says.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "support/http/request.h"

namespace slipway::http {

// Null when the client gave none, or none that was verified.
std::shared_ptr<const ClientCertificate> client_certificate(SSL* ssl);

}  // namespace slipway::http
