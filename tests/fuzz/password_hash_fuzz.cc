// ROOMS: base crypto
// Stored password hashes are read from backups and imports: no text may crash the parser or buy more work than allowed.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/crypto/password_formats.h"
#include "core/crypto/passwords.h"

namespace {

// The limits admit seconds of honest work; the fuzzer needs cheap cases, so that what is merely slow is only parsed.
bool is_cheap(std::string_view hash) {
  using namespace slipway::crypto::formats;
  if (const auto cost = bcrypt_cost(hash)) return *cost <= 4;
  if (const auto cost = argon2id_cost(hash)) return cost->memory <= 256 && cost->passes <= 2 && cost->lanes <= 2;
  if (const auto iterations = pbkdf2_iterations(hash)) return *iterations <= 1000;
  return !hash.starts_with("$y$") && hash.find("rounds=") == hash.npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view hash(reinterpret_cast<const char*>(data), size);
  (void)slipway::crypto::is_password_hash(hash);
  (void)slipway::crypto::needs_upgrade(hash, {});
  (void)slipway::crypto::password_entropy(hash);
  if (is_cheap(hash)) (void)slipway::crypto::verify_password(hash, "correct horse");
  return 0;
}
