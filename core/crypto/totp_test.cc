#include "core/crypto/totp.h"

#include <gtest/gtest.h>

#include "core/crypto/base32.h"

namespace slipway::crypto {
namespace {

using namespace std::chrono;

constexpr std::string_view kKey20 = "12345678901234567890";
constexpr std::string_view kKey32 = "12345678901234567890123456789012";
constexpr std::string_view kKey64 = "1234567890123456789012345678901234567890123456789012345678901234";

system_clock::time_point at(std::int64_t unix_seconds) { return system_clock::time_point(seconds(unix_seconds)); }

std::string code_at(std::string_view key, std::int64_t unix_seconds, DigestKind kind) {
  const auto code = totp_code(key, unix_seconds / kTotpPeriod.count(), kind, 8);
  return code ? *code : code.error().message();
}

// RFC 6238 appendix B.
TEST(Totp, TheStandardsTableHolds) {
  struct Row {
    std::int64_t at;
    const char *sha1, *sha256, *sha512;
  };
  constexpr Row kRows[] = {
      {59, "94287082", "46119246", "90693936"},         {1111111109, "07081804", "68084774", "25091201"},
      {1111111111, "14050471", "67062674", "99943326"}, {1234567890, "89005924", "91819424", "93441116"},
      {2000000000, "69279037", "90698825", "38618901"}, {20000000000, "65353130", "77737706", "47863826"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(code_at(kKey20, row.at, DigestKind::Sha1), row.sha1) << row.at;
    EXPECT_EQ(code_at(kKey32, row.at, DigestKind::Sha256), row.sha256) << row.at;
    EXPECT_EQ(code_at(kKey64, row.at, DigestKind::Sha512), row.sha512) << row.at;
  }
}

// RFC 4226 appendix D.
TEST(Totp, TheTableOfCountersHolds) {
  constexpr const char* kCodes[] = {"755224", "287082", "359152", "969429", "338314",
                                    "254676", "287922", "162583", "399871", "520489"};
  for (std::int64_t step = 0; step < 10; ++step) EXPECT_EQ(*totp_code(kKey20, step, DigestKind::Sha1), kCodes[step]);
}

TEST(Totp, OneStepOfClockSkewIsAllowedAndNoMore) {
  const std::int64_t now = 1'700'000'010;  // the middle of a step
  const std::int64_t here = totp_step(at(now));
  for (std::int64_t step = here - 2; step <= here + 2; ++step) {
    const auto match = match_totp(kKey20, *totp_code(kKey20, step, DigestKind::Sha1), DigestKind::Sha1, at(now));
    ASSERT_TRUE(match);
    if (std::abs(step - here) <= 1)
      EXPECT_EQ(*match, step);
    else
      EXPECT_EQ(*match, std::nullopt) << step - here;
  }
}

TEST(Totp, CodesAreComparedWhole) {
  const auto now = at(1'700'000'010);
  const std::string code = *totp_code(kKey20, totp_step(now), DigestKind::Sha1);
  for (const std::string& wrong : {std::string(), code.substr(1), code + "0", code + '\0', " " + code})
    EXPECT_EQ(*match_totp(kKey20, wrong, DigestKind::Sha1, now), std::nullopt) << wrong;
}

TEST(Totp, NewSecretsDifferAndHaveTwentyBytes) {
  const std::string one = make_totp_secret(), two = make_totp_secret();
  EXPECT_NE(one, two);
  EXPECT_EQ(one.size(), 32u);
  EXPECT_EQ(base32_decode(one)->size(), kTotpSecretBytes);
}

TEST(Totp, TheUrlIsEncoded) {
  EXPECT_EQ(otpauth_url("My Server", "User \"ann&b\"", "ABC", DigestKind::Sha256),
            "otpauth://totp/My%20Server:User%20%22ann%26b%22?algorithm=SHA256&digits=6&issuer=My%20Server&period=30"
            "&secret=ABC");
}

// RFC 4648 section 10, without padding.
TEST(Base32, TheStandardsVectorsHold) {
  constexpr std::pair<const char*, const char*> kRows[] = {
      {"", ""},
      {"f", "MY"},
      {"fo", "MZXQ"},
      {"foo", "MZXW6"},
      {"foob", "MZXW6YQ"},
      {"fooba", "MZXW6YTB"},
      {"foobar", "MZXW6YTBOI"},
  };
  for (const auto& [bytes, text] : kRows) {
    EXPECT_EQ(base32_encode(bytes), text);
    EXPECT_EQ(base32_decode(text), bytes);
  }
}

TEST(Base32, TakesWhatPeopleCopy) {
  EXPECT_EQ(base32_decode("mzxw 6ytb-oi======"), "foobar");
  for (const char* text : {"M", "MZX1", "MZXW6YTBO!", "0"}) EXPECT_EQ(base32_decode(text), std::nullopt) << text;
}

}  // namespace
}  // namespace slipway::crypto
