// What a token endpoint answers: a token is one word, its lifetime ends, no error holds a secret that it echoes.
// TARGETS: email_parts
#include <cstdlib>
#include <string>

#include "token_endpoint.h"

namespace {

using namespace slipway;
using namespace slipway::email;

void require(bool condition) {
  if (!condition) std::abort();
}

bool is_word(const std::string& text) {
  for (const unsigned char c : text)
    if (c <= ' ' || c >= 0x7f) return false;
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static const OAuth2Settings settings{
      OAuth2Settings::Provider::Google, "", "client", "s3cret-of-the-client", "the-refresh-t0ken", ""};
  const long status = data[0] % 2 == 0 ? 200 : 100L + data[1] * 2;
  const auto answer = read_answer(settings, status, {reinterpret_cast<const char*>(data) + 2, size - 2});
  if (answer) {
    require(!answer->access_token.empty() && is_word(answer->access_token) && is_word(answer->refresh_token));
    require(answer->lifetime >= std::chrono::seconds(0) && answer->lifetime <= std::chrono::hours(24));
  } else {
    const std::string text = answer.error().message();
    require(text.find(settings.client_secret) == text.npos && text.find(settings.refresh_token) == text.npos);
  }
  return 0;
}
