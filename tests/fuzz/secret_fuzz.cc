// ROOMS: base crypto
// A sealed secret comes from backups and from the API: status, key, owner, mode and payload, a line each.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/text.h"
#include "core/crypto/secrets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slipway::crypto;
  static const SecretKeeper keeper = *SecretKeeper::make({"", "master key text", {"older key"}});
  auto lines = slipway::split({reinterpret_cast<const char*>(data), size}, '\n');
  lines.resize(5);
  Secret secret{lines[0], lines[4], lines[1], lines[2], lines[3] == "1" ? 1 : 0};
  (void)keeper.open(secret);
  Secret copy = secret;
  if (keeper.seal(copy, "owner") && copy.status != secret.status && keeper.open(copy).code() != slipway::Errc::Ok) {
    std::abort();  // what was just sealed must open
  }
  return 0;
}
