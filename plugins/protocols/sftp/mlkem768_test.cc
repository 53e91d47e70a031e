#include "mlkem768.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <string>

namespace slipway::sftp::mlkem768 {
namespace {

using PublicKey = std::array<std::uint8_t, kPublicKey>;

// Coefficients that count up, and a seed that does; not a key that anybody could have made, but a well-formed one.
PublicKey counting_key() {
  PublicKey key{};
  for (std::size_t i = 0; i < 768; i += 2) {
    const auto a = (i * 7 + 1) % 3329, b = ((i + 1) * 7 + 1) % 3329;
    key[i / 2 * 3] = static_cast<std::uint8_t>(a);
    key[i / 2 * 3 + 1] = static_cast<std::uint8_t>(a >> 8 | b << 4);
    key[i / 2 * 3 + 2] = static_cast<std::uint8_t>(b >> 4);
  }
  for (std::size_t i = 0; i < 32; ++i) key[1152 + i] = static_cast<std::uint8_t>(i);
  return key;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const auto byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// The answer of another implementation (tests/integration/hybrid_client.py), which was compared with OpenSSL 3.5's.
TEST(MlKem768, GivesTheKnownAnswer) {
  std::array<std::uint8_t, kRandomness> randomness{};
  for (std::size_t i = 0; i < randomness.size(); ++i) randomness[i] = static_cast<std::uint8_t>(32 + i);
  const auto result = encapsulate_with(counting_key(), randomness);
  ASSERT_TRUE(result);
  EXPECT_EQ(hex(result->secret), "7adc267e0122d961a580c978bb183061ac0d8076d4fc9fce221304a01d39cf1f");
  std::array<std::uint8_t, 32> hash{};
  EVP_Digest(result->ciphertext.data(), result->ciphertext.size(), hash.data(), nullptr, EVP_sha256(), nullptr);
  EXPECT_EQ(hex(hash), "6d10e4ea3bfaff48eff5116f8014688490ea4acb3f32345865c0486b8f346d80");
}

TEST(MlKem768, IsAnotherSecretEachTime) {
  const auto one = encapsulate(counting_key()), two = encapsulate(counting_key());
  ASSERT_TRUE(one && two);
  EXPECT_NE(one->secret, two->secret);
  EXPECT_NE(one->ciphertext, two->ciphertext);
}

TEST(MlKem768, RefusesCoefficientsThatAreNotReduced) {
  for (const std::size_t at : {0u, 3u, 600u, 1149u}) {
    auto key = counting_key();
    key[at] = 0x01;  // 3329, the least that is wrong
    key[at + 1] = static_cast<std::uint8_t>((key[at + 1] & 0xf0) | 0x0d);
    EXPECT_FALSE(encapsulate(key)) << at;
    key[at] = 0x00;
    EXPECT_TRUE(encapsulate(key)) << at;
  }
}

}  // namespace
}  // namespace slipway::sftp::mlkem768
