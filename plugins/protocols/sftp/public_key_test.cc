#include "public_key.h"

#include <gtest/gtest.h>

#include "certificate_maker.h"
#include "certificate_samples.h"

namespace slipway::sftp {
namespace {

using testing::packed;

std::string decoded(std::string_view base64) {
  std::string out;
  EXPECT_TRUE(decode_base64(base64, out));
  return out;
}

TEST(PublicKeys, OfTheThreeKindsAreRead) {
  EXPECT_EQ(parse_public_key(decoded(samples::kRsaAuthority))->type, "ssh-rsa");
  EXPECT_EQ(parse_public_key(decoded(samples::kEcdsaAuthority))->type, "ecdsa-sha2-nistp256");
  EXPECT_EQ(parse_public_key(decoded(samples::kEd25519Authority))->type, "ssh-ed25519");
}

TEST(PublicKeys, CutShortOrWithMoreBehindAreRefused) {
  for (const auto sample : {samples::kRsaAuthority, samples::kEcdsaAuthority, samples::kEd25519Authority}) {
    const auto blob = decoded(sample);
    for (std::size_t length = 0; length < blob.size(); ++length)
      EXPECT_FALSE(parse_public_key(std::string_view(blob).substr(0, length))) << length;
    EXPECT_FALSE(parse_public_key(blob + '\0'));
  }
}

TEST(PublicKeys, ThatAreWeakOrNotOnTheirCurveAreRefused) {
  EXPECT_FALSE(parse_public_key(packed("ssh-rsa") + packed("\x01\x00\x01") + packed(std::string(128, '\x7f'))));
  EXPECT_FALSE(parse_public_key(packed("ssh-rsa") + packed("\x02") + packed("\0" + std::string(256, '\xff'))));
  EXPECT_FALSE(
      parse_public_key(packed("ecdsa-sha2-nistp256") + packed("nistp256") + packed("\x04" + std::string(64, '\x01'))));
  EXPECT_FALSE(
      parse_public_key(packed("ecdsa-sha2-nistp256") + packed("nistp384") + packed("\x04" + std::string(64, '\x01'))));
  EXPECT_FALSE(parse_public_key(packed("ssh-dss") + packed("x")));
}

TEST(Signatures, AreVerifiedOverExactlyTheirData) {
  const testing::CertificateMaker maker;
  const auto key = parse_public_key(maker.authority());
  ASSERT_TRUE(key);
  auto signature = maker.sign("data");
  EXPECT_TRUE(verify_signature(*key, signature, "data"));
  EXPECT_FALSE(verify_signature(*key, signature, "Data"));
  EXPECT_FALSE(verify_signature(*key, signature + "x", "data"));
  EXPECT_FALSE(verify_signature(*key, "", "data"));
  EXPECT_EQ(signature_format(signature), "ssh-ed25519");
  signature.back() ^= 1;
  EXPECT_FALSE(verify_signature(*key, signature, "data"));
}

TEST(Signatures, OfAnotherFormatAreRefused) {
  const auto rsa = parse_public_key(decoded(samples::kRsaAuthority));
  ASSERT_TRUE(rsa);
  for (const auto* format : {"ssh-rsa", "rsa-sha2-256", "ssh-ed25519", ""})
    EXPECT_FALSE(verify_signature(*rsa, packed(format) + packed(std::string(384, '\x01')), "data"));
  const auto ecdsa = parse_public_key(decoded(samples::kEcdsaAuthority));
  EXPECT_FALSE(
      verify_signature(*ecdsa, packed("ecdsa-sha2-nistp256") + packed(packed("\x01") + packed("\xff")), "data"));
}

TEST(PublicKeys, HaveTheFingerprintThatClientsPrint) {
  EXPECT_EQ(fingerprint_of(decoded(samples::kUserKey)), samples::kUserFingerprint);
}

TEST(Base64, TakesNothingButBase64) {
  std::string out;
  EXPECT_TRUE(decode_base64("Zm9vYg==", out));
  EXPECT_EQ(out, "foob");
  for (const auto* text : {"", "Zm9", "Zm9v\n", " Zm9", "Z=9v", "Zm9vY===", "====", "Zm9v!mZv"})
    EXPECT_FALSE(decode_base64(text, out)) << text;
}

TEST(Algorithms, OfCertificatesHavePlainOnes) {
  EXPECT_EQ(plain_algorithm("ssh-ed25519-cert-v01@openssh.com"), "ssh-ed25519");
  EXPECT_EQ(plain_algorithm("rsa-sha2-512-cert-v01@openssh.com"), "rsa-sha2-512");
  EXPECT_EQ(plain_algorithm("sk-ssh-ed25519-cert-v01@openssh.com"), "sk-ssh-ed25519@openssh.com");
  EXPECT_EQ(plain_algorithm("ssh-rsa"), "ssh-rsa");
}

}  // namespace
}  // namespace slipway::sftp
