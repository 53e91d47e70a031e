#include <span>

#include "core/base/text.h"
#include "core/crypto/digest.h"
#include "core/crypto/password_formats.h"
#include "core/crypto/passwords.h"

namespace slipway::crypto::formats {

bool verify_digest(std::string_view hash, std::string_view password) {
  struct Kind {
    std::string_view prefix;
    DigestKind digest;
  };
  constexpr Kind kinds[] = {
      {"{MD5}", DigestKind::Md5}, {"{SHA256}", DigestKind::Sha256}, {"{SHA512}", DigestKind::Sha512}};
  for (const Kind& kind : kinds) {
    if (!hash.starts_with(kind.prefix)) continue;
    const auto bytes = digest(kind.digest, password);
    if (!bytes) return false;
    const std::string text = hex({reinterpret_cast<const unsigned char*>(bytes->data()), bytes->size()});
    return constant_time_equal(text, hash.substr(kind.prefix.size()));
  }
  return false;
}

}  // namespace slipway::crypto::formats
