// Tokens, and the base64 that they are written in.
// TARGETS: http_api
#include <cstdlib>

#include "jwt.h"
#include "slipway/base64.h"

using namespace slipway;
using namespace slipway::httpd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const TokenKey key{};
  (void)verify_token(text, key, 1'800'000'000);
  // What is decoded has one spelling only.
  if (const auto bytes = base64_decode(text, Base64::Url); bytes && base64_encode(*bytes, Base64::Url) != text)
    std::abort();
  return 0;
}
