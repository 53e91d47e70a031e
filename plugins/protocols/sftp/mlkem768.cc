#include "mlkem768.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>

// Names and numbers of algorithms are those of FIPS 203.
namespace slipway::sftp::mlkem768 {
namespace {

constexpr std::uint32_t kQ = 3329;
constexpr std::size_t kN = 256, kRank = 3;
constexpr unsigned kDu = 10, kDv = 4;

using Polynomial = std::array<std::uint16_t, kN>;  // coefficients below q
using Vector = std::array<Polynomial, kRank>;

// For x below 2^24, without a division: those of some processors take as long as their operands want.
constexpr std::uint16_t reduce(std::uint32_t x) {
  const auto quotient = static_cast<std::uint32_t>((static_cast<std::uint64_t>(x) * 5039) >> 24);  // 2^24 / q
  std::uint32_t rest = x - quotient * kQ;
  rest -= kQ & (0u - static_cast<std::uint32_t>(((kQ - 1 - rest) >> 31) & 1));
  return static_cast<std::uint16_t>(rest);
}
constexpr std::uint16_t add(std::uint16_t a, std::uint16_t b) { return reduce(std::uint32_t{a} + b); }
constexpr std::uint16_t sub(std::uint16_t a, std::uint16_t b) { return reduce(std::uint32_t{a} + kQ - b); }
constexpr std::uint16_t mul(std::uint16_t a, std::uint16_t b) { return reduce(std::uint32_t{a} * b); }

constexpr std::uint16_t power_of_root(unsigned exponent) {
  std::uint16_t result = 1;
  for (unsigned i = 0; i < exponent; ++i) result = mul(result, 17);
  return result;
}
constexpr unsigned reversed(unsigned seven_bits) {
  unsigned out = 0;
  for (int i = 0; i < 7; ++i) out |= (seven_bits >> i & 1) << (6 - i);
  return out;
}
constexpr auto kZetas = [] {
  std::array<std::uint16_t, 128> table{};
  for (unsigned i = 0; i < 128; ++i) table[i] = power_of_root(reversed(i));
  return table;
}();
constexpr auto kGammas = [] {
  std::array<std::uint16_t, 128> table{};
  for (unsigned i = 0; i < 128; ++i) table[i] = power_of_root(2 * reversed(i) + 1);
  return table;
}();

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

bool hash(const EVP_MD* function, std::span<const std::uint8_t> first, std::span<const std::uint8_t> second,
          std::span<std::uint8_t> out) {
  const std::unique_ptr<EVP_MD_CTX, ContextDeleter> context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), function, nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), first.data(), first.size()) != 1 ||
      EVP_DigestUpdate(context.get(), second.data(), second.size()) != 1)
    return false;
  if ((EVP_MD_get_flags(function) & EVP_MD_FLAG_XOF) != 0)
    return EVP_DigestFinalXOF(context.get(), out.data(), out.size()) == 1;
  unsigned length = 0;
  return EVP_DigestFinal_ex(context.get(), out.data(), &length) == 1 && length == out.size();
}

// Algorithm 9.
void ntt(Polynomial& f) {
  std::size_t next = 1;
  for (std::size_t length = 128; length >= 2; length /= 2) {
    for (std::size_t start = 0; start < kN; start += 2 * length) {
      const auto zeta = kZetas[next++];
      for (std::size_t j = start; j < start + length; ++j) {
        const auto t = mul(zeta, f[j + length]);
        f[j + length] = sub(f[j], t);
        f[j] = add(f[j], t);
      }
    }
  }
}

// Algorithm 10.
void inverse_ntt(Polynomial& f) {
  std::size_t next = 127;
  for (std::size_t length = 2; length <= 128; length *= 2) {
    for (std::size_t start = 0; start < kN; start += 2 * length) {
      const auto zeta = kZetas[next--];
      for (std::size_t j = start; j < start + length; ++j) {
        const auto t = f[j];
        f[j] = add(t, f[j + length]);
        f[j + length] = mul(zeta, sub(f[j + length], t));
      }
    }
  }
  for (auto& coefficient : f) coefficient = mul(coefficient, 3303);
}

// Algorithms 11 and 12: the product is added to `sum`.
void multiply_add(Polynomial& sum, const Polynomial& f, const Polynomial& g) {
  for (std::size_t i = 0; i < kN / 2; ++i) {
    const auto a0 = f[2 * i], a1 = f[2 * i + 1], b0 = g[2 * i], b1 = g[2 * i + 1];
    sum[2 * i] = add(sum[2 * i], add(mul(a0, b0), mul(mul(a1, b1), kGammas[i])));
    sum[2 * i + 1] = add(sum[2 * i + 1], add(mul(a0, b1), mul(a1, b0)));
  }
}

// Algorithm 7. What it branches on is public: it comes from the public key.
bool sample_ntt(std::span<const std::uint8_t> rho, std::uint8_t j, std::uint8_t i, Polynomial& a) {
  const std::array<std::uint8_t, 2> position{j, i};
  std::array<std::uint8_t, 5 * 168> stream{};  // 256 of 560 candidates are wanted, and 4 in 5 are good
  if (!hash(EVP_shake128(), rho, position, stream)) return false;
  std::size_t found = 0;
  for (std::size_t at = 0; at + 3 <= stream.size() && found < kN; at += 3) {
    const auto first = static_cast<std::uint16_t>(stream[at] | (stream[at + 1] & 15) << 8);
    const auto second = static_cast<std::uint16_t>(stream[at + 1] >> 4 | stream[at + 2] << 4);
    if (first < kQ) a[found++] = first;
    if (second < kQ && found < kN) a[found++] = second;
  }
  return found == kN;
}

// Algorithm 8 with eta = 2, over algorithm PRF.
bool sample_noise(std::span<const std::uint8_t> seed, std::uint8_t& nonce, Polynomial& f) {
  std::array<std::uint8_t, 128> bytes{};
  if (!hash(EVP_shake256(), seed, std::span(&nonce, 1), bytes)) return false;
  ++nonce;
  for (std::size_t i = 0; i < kN; ++i) {
    const unsigned bits = bytes[i / 2] >> (4 * (i % 2));
    const auto x = static_cast<std::uint16_t>((bits & 1) + (bits >> 1 & 1));
    const auto y = static_cast<std::uint16_t>((bits >> 2 & 1) + (bits >> 3 & 1));
    f[i] = sub(x, y);
  }
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return true;
}

// Compress of 4.2.1: round(x * 2^d / q) modulo 2^d, again without a division.
std::uint32_t compress(std::uint16_t x, unsigned d) {
  const std::uint64_t scaled = (std::uint64_t{x} << d) + kQ / 2 + 1;
  return static_cast<std::uint32_t>((scaled * 1290167) >> 32) & ((1u << d) - 1);  // 2^32 / q
}

// Algorithm 5 over Compress.
std::uint8_t* encode(const Polynomial& f, unsigned d, std::uint8_t* out) {
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (const auto coefficient : f) {
    buffer |= compress(coefficient, d) << bits;
    for (bits += d; bits >= 8; bits -= 8) {
      *out++ = static_cast<std::uint8_t>(buffer);
      buffer >>= 8;
    }
  }
  return out;
}

struct Secrets {
  Vector y{}, e1{};
  Polynomial e2{}, v{};
  std::array<std::uint8_t, 64> secret_and_seed{};
  ~Secrets() { OPENSSL_cleanse(this, sizeof *this); }
};

}  // namespace

std::optional<Encapsulated> encapsulate_with(std::span<const std::uint8_t, kPublicKey> public_key,
                                             std::span<const std::uint8_t, kRandomness> randomness) {
  const auto rho = public_key.last(32);
  Vector t;
  for (std::size_t i = 0; i < kRank * kN; i += 2) {
    const auto* bytes = public_key.data() + i / 2 * 3;
    const auto first = static_cast<std::uint16_t>(bytes[0] | (bytes[1] & 15) << 8);
    const auto second = static_cast<std::uint16_t>(bytes[1] >> 4 | bytes[2] << 4);
    if (first >= kQ || second >= kQ) return std::nullopt;  // the check of 7.2
    t[i / kN][i % kN] = first;
    t[i / kN][i % kN + 1] = second;
  }

  Secrets secrets;
  std::array<std::uint8_t, 32> key_hash{};
  if (!hash(EVP_sha3_256(), public_key, {}, key_hash) ||
      !hash(EVP_sha3_512(), randomness, key_hash, secrets.secret_and_seed))
    return std::nullopt;
  const auto seed = std::span(secrets.secret_and_seed).last(32);

  // Algorithm 14.
  std::uint8_t nonce = 0;
  for (auto& polynomial : secrets.y) {
    if (!sample_noise(seed, nonce, polynomial)) return std::nullopt;
    ntt(polynomial);
  }
  for (auto& polynomial : secrets.e1) {
    if (!sample_noise(seed, nonce, polynomial)) return std::nullopt;
  }
  if (!sample_noise(seed, nonce, secrets.e2)) return std::nullopt;

  Encapsulated result;
  std::uint8_t* out = result.ciphertext.data();
  for (std::size_t i = 0; i < kRank; ++i) {
    Polynomial u{};
    for (std::size_t j = 0; j < kRank; ++j) {
      Polynomial a;
      if (!sample_ntt(rho, static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(j), a)) return std::nullopt;
      multiply_add(u, a, secrets.y[j]);
    }
    inverse_ntt(u);
    for (std::size_t k = 0; k < kN; ++k) u[k] = add(u[k], secrets.e1[i][k]);
    out = encode(u, kDu, out);
  }
  for (std::size_t i = 0; i < kRank; ++i) multiply_add(secrets.v, t[i], secrets.y[i]);
  inverse_ntt(secrets.v);
  for (std::size_t k = 0; k < kN; ++k) {
    const auto bit = static_cast<std::uint16_t>(randomness[k / 8] >> (k % 8) & 1);
    secrets.v[k] = add(add(secrets.v[k], secrets.e2[k]), static_cast<std::uint16_t>((0u - bit) & ((kQ + 1) / 2)));
  }
  encode(secrets.v, kDv, out);
  for (std::size_t k = 0; k < kSecret; ++k) result.secret[k] = secrets.secret_and_seed[k];
  return result;
}

std::optional<Encapsulated> encapsulate(std::span<const std::uint8_t, kPublicKey> public_key) {
  std::array<std::uint8_t, kRandomness> randomness{};
  if (RAND_priv_bytes(randomness.data(), randomness.size()) != 1) return std::nullopt;
  auto result = encapsulate_with(public_key, randomness);
  OPENSSL_cleanse(randomness.data(), randomness.size());
  return result;
}

}  // namespace slipway::sftp::mlkem768
