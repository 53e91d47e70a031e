#include <argon2.h>

#include <algorithm>

#include "core/crypto/password_formats.h"
#include "core/crypto/passwords.h"
#include "slipway/base64.h"

namespace slipway::crypto::formats {
namespace {

constexpr std::string_view kPrefix = "$argon2id$v=19$";
constexpr std::size_t kKeyLength = 32;
constexpr std::uint32_t kMaxThreads = 4;

struct Parsed {
  Argon2Cost cost;
  std::string salt;
  std::string key;
};

// The text up to `separator`, which is removed from `rest` with it; nothing when there is no separator.
std::optional<std::string_view> take_until(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return part;
}

std::optional<std::uint32_t> take_parameter(std::string_view& rest, std::string_view name, char separator) {
  if (!rest.starts_with(name)) return std::nullopt;
  rest.remove_prefix(name.size());
  const auto digits = take_until(rest, separator);
  return digits ? parse_number(*digits) : std::nullopt;
}

bool is_affordable(const Argon2Cost& cost) {
  return cost.passes >= 1 && cost.lanes >= 1 && cost.lanes <= kMaxArgon2Lanes && cost.memory >= 8 * cost.lanes &&
         cost.memory <= kMaxArgon2Memory && std::uint64_t{cost.memory} * cost.passes <= kMaxArgon2Work;
}

std::optional<Parsed> parse(std::string_view hash) {
  if (!hash.starts_with(kPrefix)) return std::nullopt;
  hash.remove_prefix(kPrefix.size());
  const auto memory = take_parameter(hash, "m=", ',');
  const auto passes = take_parameter(hash, "t=", ',');
  const auto lanes = take_parameter(hash, "p=", '$');
  const auto salt_text = take_until(hash, '$');
  if (!memory || !passes || !lanes || !salt_text) return std::nullopt;
  auto salt = base64_decode(*salt_text, Base64::Unpadded);
  auto key = base64_decode(hash, Base64::Unpadded);
  if (!salt || !key || salt->size() < ARGON2_MIN_SALT_LENGTH || salt->size() > 256) return std::nullopt;
  if (key->size() < 16 || key->size() > 256) return std::nullopt;
  return Parsed{{*memory, *passes, *lanes}, *std::move(salt), *std::move(key)};
}

std::optional<std::string> derive(std::string_view password, const Argon2Cost& cost, std::string_view salt,
                                  std::size_t length) {
  std::string key(length, '\0');
  std::string phrase(password), salt_copy(salt);
  argon2_context context{};
  context.out = reinterpret_cast<std::uint8_t*>(key.data());
  context.outlen = static_cast<std::uint32_t>(key.size());
  context.pwd = reinterpret_cast<std::uint8_t*>(phrase.data());
  context.pwdlen = static_cast<std::uint32_t>(phrase.size());
  context.salt = reinterpret_cast<std::uint8_t*>(salt_copy.data());
  context.saltlen = static_cast<std::uint32_t>(salt_copy.size());
  context.t_cost = cost.passes;
  context.m_cost = cost.memory;
  context.lanes = cost.lanes;
  context.threads = std::min(cost.lanes, kMaxThreads);  // changes the time, not the result
  context.version = ARGON2_VERSION_13;
  const int status = argon2_ctx(&context, Argon2_id);
  wipe(phrase);
  if (status != ARGON2_OK) return std::nullopt;
  return key;
}

}  // namespace

std::optional<Argon2Cost> argon2id_cost(std::string_view hash) {
  const auto parsed = parse(hash);
  if (!parsed) return std::nullopt;
  return parsed->cost;
}

bool verify_argon2id(std::string_view hash, std::string_view password) {
  const auto parsed = parse(hash);
  if (!parsed || !is_affordable(parsed->cost)) return false;
  const auto computed = derive(password, parsed->cost, parsed->salt, parsed->key.size());
  return computed && constant_time_equal(*computed, parsed->key);
}

Status check_argon2id(const Argon2Cost& cost) {
  if (is_affordable(cost)) return ok();
  return Error(Errc::InvalidArgument, "argon2id options",
               "memory must be at least 8 KiB a lane and at most 512 MiB, memory times iterations at most 4 GiB, "
               "parallelism at most 64");
}

Result<std::string> make_argon2id(std::string_view password, const Argon2Cost& cost, std::string_view salt) {
  const auto key = derive(password, cost, salt, kKeyLength);
  if (!key) return Error(Errc::Unavailable, "argon2id", "not enough memory or threads for its options", true);
  return std::string(kPrefix) + "m=" + std::to_string(cost.memory) + ",t=" + std::to_string(cost.passes) +
         ",p=" + std::to_string(cost.lanes) + "$" + base64_encode(salt, Base64::Unpadded) + "$" +
         base64_encode(*key, Base64::Unpadded);
}

}  // namespace slipway::crypto::formats
