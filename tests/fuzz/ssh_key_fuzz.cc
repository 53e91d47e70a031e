// TARGETS: sftp_keys
//
// Key blobs, certificates, lines of authorized keys, authentication requests and keys of a key exchange, as anybody may
// send them before logging in. What is accepted must hold together: a certificate's key is within its bounds, and
// nothing verifies that nobody signed.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "certificate.h"
#include "json_documents.h"
#include "key_verifier.h"
#include "mlkem768.h"
#include "public_key.h"
#include "user_certificates.h"
#include "userauth_request.h"

namespace {

using namespace slipway::sftp;

void require(bool condition) {
  if (!condition) std::abort();
}

void look_at_certificate(std::string_view blob) {
  const auto certificate = parse_certificate(blob);
  if (!certificate) return;
  require(certificate->signed_part.size() + certificate->signature.size() + 4 == blob.size());
  require(certificate->principals.size() <= 256);
  (void)parse_public_key(certificate->key_blob);
  (void)signed_by_authority(*certificate);
  for (const auto& [name, value] : certificate->critical_options) (void)source_address_allows(value, "192.0.2.1");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 7) {
    case 0:
      if (const auto key = parse_public_key(text)) require(!verify_signature(*key, text, text));
      break;
    case 1:
      look_at_certificate(text);
      break;
    case 2:
      if (const auto request = parse_userauth_request(std::as_bytes(std::span(text))); request && request->key) {
        (void)parse_public_key(request->key->blob);
        look_at_certificate(request->key->blob);
      }
      break;
    case 3:
      (void)source_address_allows(text, "192.0.2.1");
      (void)source_address_allows("2001:db8::/32,192.0.2.0/24", text);
      break;
    case 4:
      (void)parse_strings(text);
      (void)parse_stored_settings(text);
      break;
    case 5:
      if (text.size() >= mlkem768::kPublicKey)
        (void)mlkem768::encapsulate(
            std::span<const std::uint8_t, mlkem768::kPublicKey>(data + 1, mlkem768::kPublicKey));
      break;
    case 6:
      if (const auto key = first_authorized_key(text)) {
        require(parse_public_key(key->blob).ok());
        for (const auto& name : key->principals.value_or(std::vector<std::string>()))
          require(name.find_first_of(",\"") == std::string::npos);
      }
      break;
  }
  return 0;
}
