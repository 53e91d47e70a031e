#include "core/crypto/passwords.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "core/crypto/password_formats.h"

namespace slipway::crypto {
namespace {

using Algorithm = HashSettings::Algorithm;

// Made by other programs: Python's crypt, bcrypt and hashlib, Go's argon2 and bcrypt, `openssl passwd`.
constexpr std::string_view kPassword = "correct horse é";
struct Known {
  const char* name;
  const char* hash;
};
void PrintTo(const Known& known, std::ostream* out) { *out << known.name; }

const Known kKnown[] = {
    {"Bcrypt2aOfPython", "$2a$05$hvv7om/glQfmDXI0l6/Phub.FSSREwV6XM0tzO8fOQ5vOeTN2CuXe"},
    {"Bcrypt2aOfGo", "$2a$05$.z/d3/6vg.4d1WmzdaWKTelwgX1DHf6dDh.92zs/9ablTEdWTfCNm"},
    {"Bcrypt2b", "$2b$04$lwyEdRPlH2vXDEoQ1APu.eqK7pptrYq/NIjY6ZSRNDYXiWExpkfnq"},
    {"Bcrypt2y", "$2y$04$lwyEdRPlH2vXDEoQ1APu.eqK7pptrYq/NIjY6ZSRNDYXiWExpkfnq"},
    {"Argon2idOneLane",
     "$argon2id$v=19$m=1024,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gtb83R/sfQoQAXqm6JitEbMgyCsr9LIsVWtwkrTkMW0"},
    {"Argon2idTwoLanes",
     "$argon2id$v=19$m=8192,t=1,p=2$MDEyMzQ1Njc4OWFiY2RlZg$gs+tVu/2lmmWAp5wb9CFSQP5hmpgCI84qWKwrAqhC9E"},
    {"Argon2idFourLanes",
     "$argon2id$v=19$m=256,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$oPJfErtgE9wrOJm0NqgDs5Ujcb0gDahtcDPNmzh+mk4"},
    {"Pbkdf2Sha1", "$pbkdf2-sha1$1000$salty text$G4h5nrvQC35HGgz7BwUnz7yf8Z4="},
    {"Pbkdf2Sha256", "$pbkdf2-sha256$1000$salty text$BbzRkIz40X9CK8xBAdVatD7bcqYvtTy0lBcjkoGKLls="},
    {"Pbkdf2Sha512",
     "$pbkdf2-sha512$1000$salty "
     "text$fxMLEo7qw/1l5162tqklwn09jZMLINcS1W7ezdklXRhBTmEBAv+6gTlZSPJu3JBjviqpgFkHnKoGs7ZfHzUX6w=="},
    {"Pbkdf2WithEncodedSalt",
     "$pbkdf2-b64salt-sha256$1000$AAECAwQFBgcICQoLDA0ODw==$cNDzb7yPqje6jbqQunfY1GpDX3Nkk8KLS7zNUXxwQVQ="},
    {"Md5Crypt", "$1$saltsalt$KhJsixuZP0mAb705KB9Yw."},
    {"Apr1", "$apr1$Fx3d9Lq2$qh5vrT1FE9GsFJkLCy8SL0"},
    {"Sha256Crypt", "$5$saltstring$aXLr59fnwrVg6Wz/o5uKtjZU0xGSbMc6YxPqiHv2NE."},
    {"Sha256CryptWithRounds", "$5$rounds=1234$saltstring$YSYxzndyP9gNOKwk1YXRns5Z6u.YwEelOXA2mChOug0"},
    {"Sha512Crypt",
     "$6$saltstring$Vy1qkR4howG25g0MrA26uBcI9k9c5cxzfoR6VfYPEDH6Qz8CJGsLsSf6i7jmz6/3LKpWlmhxHaJqvorDx2KhI."},
    {"Sha512CryptWithRounds",
     "$6$rounds=1400$anotherlongsalts$uTH3eilkZ4zbz2CifeyjFjxQfebtDZmSxxNxW."
     "FBYrIRJYTwT1yGQSJY5iErWjUUo9aq7jXfwtquU0nymTfnm1"},
    {"YescryptSmall", "$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/$ejyRAGlI3XbqQ/vRyxLplynz3vz4cFT6v7GqcK5nJd2"},
    {"YescryptDefault", "$y$j9T$k2XAnEHBqQ1Ct2aMXFKNa/$Q1D4kZTxsa/7YPcvJO1oR9to3KhIQb/QBIs4fTazBD/"},
    {"PlainMd5", "{MD5}99d4eaa3c4a60dc3228acb823b8924be"},
    {"PlainSha256", "{SHA256}7675923c7befcb5b8a69672a998c26693ea7c37c6722d34c2bffaa04cedca8f4"},
    {"PlainSha512",
     "{SHA512}"
     "3175030395c921bcc22f5ce487427b8bcd0d81260bcb4929a5dc529dd397f2478ec4f7e7f16359dc171314bd7a566e4591726d8cb0bdcdd4"
     "eccf934048dc6386"},
};

class KnownHash : public testing::TestWithParam<Known> {};

TEST_P(KnownHash, AcceptsItsPassword) { EXPECT_TRUE(verify_password(GetParam().hash, kPassword)); }

TEST_P(KnownHash, RefusesEveryOtherPassword) {
  const std::string right(kPassword);
  for (const std::string& wrong : {right + "x", right.substr(1), std::string("x"), std::string("Correct horse é"),
                                   std::string(), std::string("   "), right + '\0', std::string(600, 'x')}) {
    EXPECT_FALSE(verify_password(GetParam().hash, wrong)) << wrong.size();
  }
}

TEST_P(KnownHash, IsRefusedWhenCutOrChangedAnywhere) {
  const std::string hash = GetParam().hash;
  // A shorter key of PBKDF2 is the beginning of the longer one: cutting it makes another valid hash.
  const std::size_t longest = hash.starts_with("$pbkdf2") ? hash.rfind('$') : hash.size();
  for (std::size_t length = 0; length < longest; length += 1 + hash.size() / 24) {
    EXPECT_FALSE(verify_password(hash.substr(0, length), kPassword)) << length;
  }
  EXPECT_FALSE(verify_password(hash + "=", kPassword));
  EXPECT_FALSE(verify_password(hash + std::string(1, '\0'), kPassword));
  std::string changed = hash;
  changed[hash.size() - 8] = changed[hash.size() - 8] == '3' ? '4' : '3';
  EXPECT_FALSE(verify_password(changed, kPassword));
}

INSTANTIATE_TEST_SUITE_P(Formats, KnownHash, testing::ValuesIn(kKnown),
                         [](const testing::TestParamInfo<Known>& info) { return std::string(info.param.name); });

TEST(Bcrypt, HighBytesAreReadAsGoReadsThem) {
  EXPECT_TRUE(verify_password("$2a$04$abcdefghijklmnopqrstuuUIzecIiCguM2sPh1F7L9IS3zOtmg5Im",
                              "\xff\xa3"
                              "345"));
  EXPECT_TRUE(verify_password("$2a$04$cSB6kalhWdj4A8t6C98cqO2V6OREUIjYw49uh9GmqC1x1.9vYJ0HK", "\xff\xff\xa3"));
}

TEST(Apr1, PasswordsOfEveryLengthClassVerify) {
  EXPECT_TRUE(verify_password("$apr1$Fx3d9Lq2$AThGJ/XUce1nM4MEtdkFh1", "a"));
  EXPECT_TRUE(verify_password("$apr1$Fx3d9Lq2$iU3zmwuGEWXKJ2QresHRx0", "0123456789abcdefg"));
}

TEST(PlainDigest, UpperCaseHexadecimalIsNotAccepted) {
  EXPECT_FALSE(verify_password("{MD5}99D4EAA3C4A60DC3228ACB823B8924BE", kPassword));
}

TEST(IsPasswordHash, KnowsTheFourteenPrefixesAndNoOther) {
  for (const char* prefix :
       {"$2a$", "$argon2id$", "$pbkdf2-sha1$", "$pbkdf2-sha256$", "$pbkdf2-sha512$", "$pbkdf2-b64salt-sha256$", "$1$",
        "$apr1$", "$5$", "$6$", "$y$", "{MD5}", "{SHA256}", "{SHA512}"}) {
    EXPECT_TRUE(is_password_hash(std::string(prefix) + "rest")) << prefix;
  }
  for (const char* text :
       {"", "secret", "$2y$", "$2b$", "$argon2i$", "$pbkdf2-md5$", "$7$", "{md5}", "{SHA1}", "$", " $2a$"}) {
    EXPECT_FALSE(is_password_hash(text)) << text;
  }
}

HashSettings cheap(Algorithm algorithm) {
  HashSettings settings;
  settings.algorithm = algorithm;
  settings.bcrypt_cost = 4;
  settings.argon2_memory = 256;
  settings.pbkdf2_iterations = 1000;
  return settings;
}

class EveryAlgorithm : public testing::TestWithParam<Algorithm> {};

TEST_P(EveryAlgorithm, WhatIsMadeVerifiesAndIsSaltedAnew) {
  const HashSettings settings = cheap(GetParam());
  const auto first = hash_password("s3cret pass", settings);
  const auto second = hash_password("s3cret pass", settings);
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  EXPECT_TRUE(is_password_hash(*first));
  EXPECT_TRUE(verify_password(*first, "s3cret pass"));
  EXPECT_FALSE(verify_password(*first, "s3cret pasS"));
  EXPECT_FALSE(needs_upgrade(*first, settings));
}

TEST_P(EveryAlgorithm, OtherFormatsAreUpgraded) {
  for (const Known& known : kKnown) {
    const std::string_view hash = known.hash;
    const bool same = (GetParam() == Algorithm::Bcrypt && hash.starts_with("$2a$")) ||
                      (GetParam() == Algorithm::Argon2id && hash.starts_with("$argon2id$")) ||
                      (GetParam() == Algorithm::Pbkdf2Sha256 && hash.starts_with("$pbkdf2-b64salt"));
    EXPECT_EQ(needs_upgrade(hash, cheap(GetParam())), !same) << known.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, EveryAlgorithm,
                         testing::Values(Algorithm::Bcrypt, Algorithm::Argon2id, Algorithm::Pbkdf2Sha256));

TEST(NeedsUpgrade, WeakerParametersOfTheConfiguredFormatAreUpgraded) {
  HashSettings settings;
  EXPECT_TRUE(needs_upgrade("$2a$05$hvv7om/glQfmDXI0l6/Phub.FSSREwV6XM0tzO8fOQ5vOeTN2CuXe", settings));
  settings.bcrypt_cost = 4;
  EXPECT_FALSE(needs_upgrade("$2a$05$hvv7om/glQfmDXI0l6/Phub.FSSREwV6XM0tzO8fOQ5vOeTN2CuXe", settings));
  settings.algorithm = Algorithm::Argon2id;
  EXPECT_TRUE(needs_upgrade(
      "$argon2id$v=19$m=1024,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gtb83R/sfQoQAXqm6JitEbMgyCsr9LIsVWtwkrTkMW0", settings));
  settings.algorithm = Algorithm::Pbkdf2Sha256;
  EXPECT_TRUE(needs_upgrade(
      "$pbkdf2-b64salt-sha256$1000$AAECAwQFBgcICQoLDA0ODw==$cNDzb7yPqje6jbqQunfY1GpDX3Nkk8KLS7zNUXxwQVQ=", settings));
}

TEST(HashPassword, NewHashesHaveTheDocumentedShape) {
  HashSettings settings;
  settings.bcrypt_cost = 4;
  EXPECT_EQ(hash_password("p", settings)->substr(0, 7), "$2a$04$");
  settings.algorithm = Algorithm::Argon2id;
  settings.argon2_memory = 1024;
  EXPECT_EQ(hash_password("p", settings)->substr(0, 30), "$argon2id$v=19$m=1024,t=1,p=2$");
  settings.algorithm = Algorithm::Pbkdf2Sha256;
  settings.pbkdf2_iterations = 1000;
  EXPECT_EQ(hash_password("p", settings)->substr(0, 28), "$pbkdf2-b64salt-sha256$1000$");
}

TEST(HashPassword, BcryptRefusesMoreThan72Bytes) {
  const HashSettings settings = cheap(Algorithm::Bcrypt);
  EXPECT_TRUE(hash_password(std::string(72, 'x'), settings));
  EXPECT_EQ(hash_password(std::string(73, 'x'), settings).code(), Errc::TooLarge);
  EXPECT_TRUE(hash_password(std::string(73, 'x'), cheap(Algorithm::Argon2id)));
}

TEST_P(EveryAlgorithm, NulBytesAreRefused) {
  EXPECT_EQ(hash_password(std::string("a\0b", 3), cheap(GetParam())).code(), Errc::InvalidArgument);
}

TEST(HashPassword, ParametersOutsideTheLimitsAreNamed) {
  HashSettings settings;
  for (const Algorithm algorithm : {Algorithm::Bcrypt, Algorithm::Argon2id, Algorithm::Pbkdf2Sha256}) {
    settings.algorithm = algorithm;
    EXPECT_TRUE(check_hash_settings(settings));  // the defaults
  }
  settings.algorithm = Algorithm::Bcrypt;
  settings.bcrypt_cost = 3;
  EXPECT_EQ(hash_password("p", settings).code(), Errc::InvalidArgument);
  settings.bcrypt_cost = 31;
  EXPECT_EQ(hash_password("p", settings).code(), Errc::InvalidArgument);
  settings.algorithm = Algorithm::Argon2id;
  settings.argon2_memory = 4U << 20;
  EXPECT_EQ(hash_password("p", settings).code(), Errc::InvalidArgument);
  settings.argon2_memory = 65536;
  settings.argon2_iterations = 1000;
  EXPECT_EQ(hash_password("p", settings).code(), Errc::InvalidArgument);
  settings.algorithm = Algorithm::Pbkdf2Sha256;
  settings.pbkdf2_iterations = 999;
  EXPECT_EQ(hash_password("p", settings).code(), Errc::InvalidArgument);
  settings.pbkdf2_iterations = 1000;
  settings.pbkdf2_salt_length = 15;
  EXPECT_EQ(hash_password("p", settings).code(), Errc::InvalidArgument);
  EXPECT_EQ(check_hash_settings(settings).error().message(), "pbkdf2 salt length: must be between 16 and 64 bytes");
}

// Each would take from minutes to days, or gigabytes; the time limit of the test is what notices.
TEST(VerifyPassword, HostileParametersAreRefusedAtOnce) {
  for (const char* hash : {
           "$2a$31$hvv7om/glQfmDXI0l6/Phub.FSSREwV6XM0tzO8fOQ5vOeTN2CuXe",
           "$2a$18$hvv7om/glQfmDXI0l6/Phub.FSSREwV6XM0tzO8fOQ5vOeTN2CuXe",
           "$argon2id$v=19$m=4194304,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gtb83R/sfQoQAXqm6JitEbMgyCsr9LIsVWtwkrTkMW0",
           "$argon2id$v=19$m=1024,t=99999999,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gtb83R/sfQoQAXqm6JitEbMgyCsr9LIsVWtwkrTkMW0",
           "$argon2id$v=19$m=524288,t=1,p=60000$MDEyMzQ1Njc4OWFiY2RlZg$gtb83R/sfQoQAXqm6JitEbMgyCsr9LIsVWtwkrTkMW0",
           "$pbkdf2-sha256$999999999$salt$BbzRkIz40X9CK8xBAdVatD7bcqYvtTy0lBcjkoGKLls=",
           "$pbkdf2-sha256$99999999999999999999$salt$BbzRkIz40X9CK8xBAdVatD7bcqYvtTy0lBcjkoGKLls=",
           "$5$rounds=999999999$saltstring$YSYxzndyP9gNOKwk1YXRns5Z6u.YwEelOXA2mChOug0",
           "$6$rounds=999999999$anotherlongsalts$uTH3eilkZ4zbz2CifeyjFjxQfebtDZmSxxNxW."
           "FBYrIRJYTwT1yGQSJY5iErWjUUo9aq7jXfwtquU0nymTfnm1",
           "$y$jLT$k2XAnEHBqQ1Ct2aMXFKNa/$Q1D4kZTxsa/7YPcvJO1oR9to3KhIQb/QBIs4fTazBD/",
           "$y$jDz$k2XAnEHBqQ1Ct2aMXFKNa/$Q1D4kZTxsa/7YPcvJO1oR9to3KhIQb/QBIs4fTazBD/",
           "$y$j9T1zzzzz$k2XAnEHBqQ1Ct2aMXFKNa/$Q1D4kZTxsa/7YPcvJO1oR9to3KhIQb/QBIs4fTazBD/",
       }) {
    EXPECT_FALSE(verify_password(hash, kPassword)) << hash;
  }
}

TEST(VerifyPassword, VeryLongInputsAreRefused) {
  EXPECT_FALSE(verify_password("{MD5}" + std::string(100000, 'a'), "p"));
  EXPECT_FALSE(verify_password("{MD5}99d4eaa3c4a60dc3228acb823b8924be", std::string(1 << 20, 'x')));
}

TEST(BurnVerification, TakesEverySettingWithoutFailing) {
  for (const Algorithm algorithm : {Algorithm::Bcrypt, Algorithm::Argon2id, Algorithm::Pbkdf2Sha256}) {
    burn_verification("some password", cheap(algorithm));
    burn_verification("", cheap(algorithm));
    burn_verification(std::string(5000, 'x'), cheap(algorithm));
  }
}

TEST(ConstantTimeEqual, ComparesLikeEquality) {
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("abc", "abc"));
  EXPECT_FALSE(constant_time_equal("abc", "abd"));
  EXPECT_FALSE(constant_time_equal("abc", "ab"));
}

TEST(RandomBytes, DifferEveryTime) {
  EXPECT_EQ(random_bytes(32).size(), 32U);
  EXPECT_NE(random_bytes(32), random_bytes(32));
}

TEST(Wipe, LeavesNothing) {
  std::string secret = "a secret that does not fit the small buffer";
  const char* bytes = secret.data();
  wipe(secret);
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(bytes[1], '\0');
}

TEST(Entropy, GrowsWithLengthAndAlphabet) {
  EXPECT_EQ(password_entropy(""), 0);
  EXPECT_NEAR(password_entropy("kxwbqz"), 6 * 4.70044, 0.001);
  EXPECT_NEAR(password_entropy("kxWbQz"), 6 * 5.70044, 0.001);
  EXPECT_GT(password_entropy("kxW4Qz"), password_entropy("kxWbQz"));
  EXPECT_GT(password_entropy("kx!bqz"), password_entropy("kxwbqz"));
  EXPECT_GT(password_entropy("kxwbqzn"), password_entropy("kxwbqz"));
}

TEST(Entropy, RunsCountAsTwoCharacters) {
  EXPECT_EQ(password_entropy("aaaaaaaa"), password_entropy("aa"));
  EXPECT_EQ(password_entropy("abcdefgh"), password_entropy("ab"));
  EXPECT_EQ(password_entropy("87654321"), password_entropy("87"));
  EXPECT_EQ(password_entropy("qwertyuiop"), password_entropy("qw"));
  EXPECT_GT(password_entropy("aAaA"), password_entropy("aA"));
  EXPECT_GT(password_entropy("ab1ab1"), password_entropy("ab1"));
}

TEST(Entropy, CommonThresholdsSeparateWeakFromStrong) {
  EXPECT_LT(password_entropy("password1"), 60);
  EXPECT_LT(password_entropy("12345678901234567890"), 30);
  EXPECT_GT(password_entropy("Tr0ub4dor&3x-Plinth"), 90);
}

}  // namespace
}  // namespace slipway::crypto
