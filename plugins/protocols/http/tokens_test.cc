#include "tokens.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "slipway/base64.h"

namespace slipway::httpd {
namespace {

using namespace std::chrono_literals;

constexpr Tokens::Clock::time_point kNow{std::chrono::seconds(1'800'000'000)};
constexpr std::int64_t kSeconds = 1'800'000'000;

TokenKey a_key() { return key_of_passphrase("pass phrase"); }

Claims some_claims() {
  Claims claims;
  claims.audience = {"API", "192.0.2.1"};
  claims.id = "id";
  claims.subject = "17";
  claims.username = "r\"oot";
  claims.permissions = {"*"};
  claims.issued_at = kSeconds;
  claims.not_before = kSeconds - 10;
  claims.expires_at = kSeconds + 60;
  return claims;
}

std::string unsigned_parts(std::string_view header, std::string_view payload) {
  return base64_encode(header, Base64::Url) + "." + base64_encode(payload, Base64::Url);
}

TEST(Base64Url, KnownValuesComeOut) {
  EXPECT_EQ(base64_encode("", Base64::Url), "");
  EXPECT_EQ(base64_encode("f", Base64::Url), "Zg");
  EXPECT_EQ(base64_encode("fo", Base64::Url), "Zm8");
  EXPECT_EQ(base64_encode("foobar", Base64::Url), "Zm9vYmFy");
  EXPECT_EQ(base64_encode("\xfb\xff", Base64::Url), "-_8");
  EXPECT_EQ(base64_decode("-_8", Base64::Url), "\xfb\xff");
  EXPECT_EQ(base64_decode("Zg", Base64::Url), "f");
}

TEST(Base64Url, OtherSpellingsAreRefused) {
  for (const char* text : {"Zg==", "Zg=", "+/8", "Z", "Zh", "Zm9", "Z g", "Zm9v\n"})
    EXPECT_FALSE(base64_decode(text, Base64::Url)) << text;
}

// The tokens of these tests were made with Python's hmac, with the key SHA-256("pass phrase").
TEST(Jwt, ATokenOfAnotherImplementationIsUnderstood) {
  const auto claims = verify_token(
      "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJqdGkiOiJpZCIsImF1ZCI6WyJBUEkiLCIxOTIuMC4yLjEiXSwiZXhwIjoxODAwMDAwMDYwLC"
      "J1c2VybmFtZSI6InJvb3QifQ.ga8AmBKLDgTcBBE6MuF2jZhgxCiezF6yjabsOk2FnLc",
      a_key(), kSeconds);
  ASSERT_TRUE(claims) << claims.error().message();
  EXPECT_EQ(claims->username, "root");
  EXPECT_EQ(claims->audience, (std::vector<std::string>{"API", "192.0.2.1"}));
}

TEST(Jwt, OtherAlgorithmsExtensionsAndTypesAreRefusedThoughTheSignatureIsRight) {
  const char* other_algorithm =
      "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9.eyJqdGkiOiJpZCIsImF1ZCI6WyJBUEkiLCIxOTIuMC4yLjEiXSwiZXhwIjoxODAwMDAwMDYwLC"
      "J1c2VybmFtZSI6InJvb3QifQ.8zhaBV9WXm1yJkvIU7hSh60vvP_t0HIXLPVBXJ7fLqQ";
  const char* critical_extension =
      "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiIsImNyaXQiOlsiZXhwIl19.eyJqdGkiOiJpZCIsImF1ZCI6WyJBUEkiXSwiZXhwIjoxODAwMDAwMD"
      "YwLCJ1c2VybmFtZSI6InJvb3QifQ.czRug0T1GAc9PozolsKC6tR5Z4MQJccoQoVJv0AQoLc";
  const char* audience_is_text =
      "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJqdGkiOiJpZCIsImF1ZCI6IkFQSSIsImV4cCI6MTgwMDAwMDA2MCwidXNlcm5hbWUiOiJyb2"
      "90In0.MuZPP8BMI9WhrotEg_f1lndRuKZCetOWkmDYc9TxJEg";
  EXPECT_EQ(verify_token(other_algorithm, a_key(), kSeconds).error().cause(),
            "its header asks for something else than HS256");
  EXPECT_EQ(verify_token(critical_extension, a_key(), kSeconds).error().cause(),
            "its header asks for something else than HS256");
  EXPECT_EQ(verify_token(audience_is_text, a_key(), kSeconds).error().cause(), "a claim has the wrong type");
}

TEST(Jwt, ATokenComesBackAsItWasMade) {
  const Claims claims = some_claims();
  const auto again = verify_token(sign_token(claims, a_key()), a_key(), kSeconds);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(*again, claims);
}

TEST(Jwt, AnotherKeyOrAChangedByteIsRefused) {
  const std::string token = sign_token(some_claims(), a_key());
  EXPECT_FALSE(verify_token(token, key_of_passphrase("other"), kSeconds));
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verify_token(changed, a_key(), kSeconds)) << i;
  }
}

TEST(Jwt, OneTokenHasOneSpelling) {
  Claims claims = some_claims();
  for (int i = 0; i < 500; ++i) {
    claims.id = "id" + std::to_string(i);
    const std::string token = sign_token(claims, a_key());
    const std::string changed = token.substr(0, token.size() - 2) + "AA";
    EXPECT_EQ(verify_token(changed, a_key(), kSeconds).ok(), changed == token);
  }
}

TEST(Jwt, WhatIsNotSignedIsRefused) {
  const std::string payload = R"({"aud":["API"],"jti":"x","exp":1900000000})";
  const std::string none = unsigned_parts(R"({"alg":"none","typ":"JWT"})", payload);
  for (const std::string& token : {none + ".", none, none + ".AAAA", std::string(), std::string(".."), none + ".a.b"})
    EXPECT_EQ(verify_token(token, a_key(), kSeconds).code(), Errc::AuthFailed) << token;
}

TEST(Jwt, TimesAreHonouredWithSomeLeeway) {
  const std::string token = sign_token(some_claims(), a_key());
  EXPECT_TRUE(verify_token(token, a_key(), kSeconds + 60 + kTokenLeeway));
  EXPECT_FALSE(verify_token(token, a_key(), kSeconds + 61 + kTokenLeeway));
  EXPECT_TRUE(verify_token(token, a_key(), kSeconds - 10 - kTokenLeeway));
  EXPECT_FALSE(verify_token(token, a_key(), kSeconds - 11 - kTokenLeeway));
}

TEST(Jwt, WhatHasToBeThereIs) {
  Claims claims = some_claims();
  claims.audience.clear();
  EXPECT_FALSE(verify_token(sign_token(claims, a_key()), a_key(), kSeconds));
  claims = some_claims();
  claims.id.clear();
  EXPECT_FALSE(verify_token(sign_token(claims, a_key()), a_key(), kSeconds));
  claims = some_claims();
  claims.expires_at = 0;
  EXPECT_FALSE(verify_token(sign_token(claims, a_key()), a_key(), kSeconds));
}

Claims ann() {
  Claims claims;
  claims.username = "ann";
  claims.subject = "1";
  return claims;
}

TEST(Tokens, ATokenIsGoodForWhatItWasMadeFor) {
  const Tokens tokens(random_key(), {});
  const auto issued = tokens.issue(TokenUse::User, "192.0.2.1", ann(), kNow);
  EXPECT_EQ(issued.expires_at, kNow + 20min);
  const auto claims = tokens.check(issued.text, TokenUse::User, "192.0.2.1", kNow);
  ASSERT_TRUE(claims) << claims.error().message();
  EXPECT_EQ(claims->username, "ann");
  EXPECT_EQ(tokens.check(issued.text, TokenUse::Admin, "192.0.2.1", kNow).error().subject(),
            "Your token audience is not valid");
  EXPECT_EQ(tokens.check(issued.text, TokenUse::User, "192.0.2.2", kNow).error().subject(), "Your token is not valid");
  EXPECT_EQ(tokens.check(issued.text, TokenUse::User, "192.0.2.1", kNow + 21min).error().subject(), "Unauthorized");
  const Tokens others(random_key(), {});
  EXPECT_FALSE(others.check(issued.text, TokenUse::User, "192.0.2.1", kNow));
}

TEST(Tokens, TheAddressMayBeFree) {
  const Tokens tokens(random_key(), {.bind_address = false});
  const auto issued = tokens.issue(TokenUse::User, "192.0.2.1", ann(), kNow);
  EXPECT_TRUE(tokens.check(issued.text, TokenUse::User, "2001:db8::1", kNow));
}

TEST(Tokens, TheAddressIsNotTakenForTheUse) {
  const Tokens tokens(random_key(), {});
  const auto issued = tokens.issue(TokenUse::User, "API", ann(), kNow);
  EXPECT_FALSE(tokens.check(issued.text, TokenUse::Admin, "API", kNow));
}

TEST(Tokens, ARevokedTokenIsNoLongerValidAndOthersAre) {
  Tokens tokens(random_key(), {});
  const auto first = tokens.issue(TokenUse::User, "a", ann(), kNow),
             second = tokens.issue(TokenUse::User, "a", ann(), kNow);
  EXPECT_NE(first.text, second.text);
  (void)tokens.revoke(*tokens.check(first.text, TokenUse::User, "a", kNow), kNow);
  EXPECT_EQ(tokens.check(first.text, TokenUse::User, "a", kNow).error().subject(), "Your token is no longer valid");
  EXPECT_TRUE(tokens.check(second.text, TokenUse::User, "a", kNow));
  // Sweeping does not bring a token back.
  (void)tokens.revoke(*tokens.check(second.text, TokenUse::User, "a", kNow), kNow + 10min);
  EXPECT_FALSE(tokens.check(first.text, TokenUse::User, "a", kNow + 10min));
}

TEST(Tokens, ATokenThatWasVerifiedBeforeIsJudgedLikeANewOne) {
  Tokens tokens(random_key(), {});
  const auto issued = tokens.issue(TokenUse::User, "a", ann(), kNow);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(tokens.check(issued.text, TokenUse::User, "a", kNow)->username, "ann");
  std::string changed = issued.text;
  changed.back() = changed.back() == 'A' ? 'B' : 'A';
  EXPECT_FALSE(tokens.check(changed, TokenUse::User, "a", kNow));
  EXPECT_FALSE(tokens.check(issued.text, TokenUse::Admin, "a", kNow));
  EXPECT_FALSE(tokens.check(issued.text, TokenUse::User, "b", kNow));
  EXPECT_FALSE(tokens.check(issued.text, TokenUse::User, "a", kNow + 21min));
  EXPECT_TRUE(tokens.check(issued.text, TokenUse::User, "a", kNow));
}

TEST(Tokens, MoreTokensThanAreRememberedAreAllGood) {
  const Tokens tokens(random_key(), {});
  std::vector<std::string> all;
  for (int i = 0; i < 3000; ++i) all.push_back(tokens.issue(TokenUse::User, "a", ann(), kNow).text);
  for (int round = 0; round < 2; ++round)
    for (const std::string& text : all) ASSERT_TRUE(tokens.check(text, TokenUse::User, "a", kNow));
}

TEST(Tokens, TokensEndWithTheirAccountsChangeWhereThatIsAsked) {
  const Tokens loose(random_key(), {}), strict(random_key(), {.follow_account = true});
  EXPECT_TRUE(loose.fits(ann(), "2"));
  EXPECT_TRUE(strict.fits(ann(), "1"));
  EXPECT_FALSE(strict.fits(ann(), "2"));
}

// What servers that share a database tell each other.
class FakeRevocations final : public RevocationService {
 public:
  Status revoke(std::string_view id, std::chrono::system_clock::time_point until) override {
    ended.emplace_back(id, until);
    return answer;
  }
  Result<bool> is_revoked(std::string_view id) const override {
    SLIPWAY_TRY(answer);
    return std::ranges::any_of(ended, [&](const auto& entry) { return entry.first == id; });
  }

  std::vector<std::pair<std::string, std::chrono::system_clock::time_point>> ended;
  Status answer = ok();
};

TEST(EndedTokens, ALogoutHoldsForAllBindingsOfAKey) {
  const auto ended = std::make_shared<EndedTokens>();
  Tokens one(a_key(), {}, ended);
  const Tokens other(a_key(), {}, ended), stranger(a_key(), {});
  const auto token = one.issue(TokenUse::User, "a", some_claims(), kNow);
  EXPECT_TRUE(other.check(token.text, TokenUse::User, "a", kNow));
  EXPECT_TRUE(one.revoke(*one.check(token.text, TokenUse::User, "a", kNow), kNow));
  EXPECT_EQ(other.check(token.text, TokenUse::User, "a", kNow).error().subject(), "Your token is no longer valid");
  EXPECT_TRUE(stranger.check(token.text, TokenUse::User, "a", kNow));
}

TEST(EndedTokens, AreToldToOtherServersUntilNobodyTakesThem) {
  FakeRevocations shared;
  Tokens tokens(a_key(), {}, std::make_shared<EndedTokens>(&shared));
  const auto token = tokens.issue(TokenUse::User, "a", some_claims(), kNow);
  const auto claims = tokens.check(token.text, TokenUse::User, "a", kNow);
  ASSERT_TRUE(claims);
  EXPECT_TRUE(tokens.revoke(*claims, kNow));
  ASSERT_EQ(shared.ended.size(), 1u);
  EXPECT_EQ(shared.ended[0].first, claims->id);
  EXPECT_GT(shared.ended[0].second, token.expires_at + std::chrono::seconds(kTokenLeeway));
  EXPECT_EQ(tokens.check(token.text, TokenUse::User, "a", kNow).code(), Errc::AuthFailed);
}

TEST(EndedTokens, ATokenOfWhichNobodyKnowsIsNotTakenForAWrongOne) {
  FakeRevocations shared;
  Tokens tokens(a_key(), {}, std::make_shared<EndedTokens>(&shared));
  const auto token = tokens.issue(TokenUse::User, "a", some_claims(), kNow);
  shared.answer = Error(Errc::Unavailable, "tokens", "unknown", true);
  EXPECT_EQ(tokens.check(token.text, TokenUse::User, "a", kNow).code(), Errc::Unavailable);
  EXPECT_EQ(tokens.check("x" + token.text, TokenUse::User, "a", kNow).code(), Errc::AuthFailed);
}

}  // namespace
}  // namespace slipway::httpd
