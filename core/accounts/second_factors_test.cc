#include "core/accounts/second_factors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "core/accounts/entity_json.h"
#include "core/accounts/test_accounts.h"
#include "core/crypto/base32.h"
#include "core/crypto/totp.h"

namespace slipway::accounts {
namespace {

using namespace std::chrono;
constexpr char kSecret[] = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";  // of the RFC's tables: 1234567890 twice

class SecondFactorsTest : public AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    settings_.validation.totp_kinds = {{}, {"Strong", "My Server", crypto::DigestKind::Sha512}};
    rooms_ = std::make_unique<AccountRooms>(store(), keeper_, &bus_, settings_.validation);
    factors_ = std::make_unique<SecondFactors>(*rooms_, [this] { return now_; });
    add_user(a_user("ann"));
  }

  SecondFactors& factors() { return *factors_; }
  std::string code(int steps_from_now = 0, crypto::DigestKind kind = crypto::DigestKind::Sha1) const {
    return *crypto::totp_code(*crypto::base32_decode(kSecret), crypto::totp_step(now_) + steps_from_now, kind);
  }
  TotpConfig totp(std::vector<std::string> protocols = {"SSH"}, std::string config = "Default") const {
    return {true, std::move(config), plain(kSecret), std::move(protocols)};
  }
  bool right(std::string_view user, std::string_view passcode, std::string_view protocol = "SSH") {
    const auto answer = factors().verify_user(user, protocol, passcode);
    EXPECT_TRUE(answer.ok());
    return answer.ok() && *answer;
  }
  Status save(TotpConfig wanted, std::string_view user = "ann") {
    return factors().save(AccountKind::User, user, std::move(wanted), root_);
  }

  system_clock::time_point now_ = sys_days{2026y / November / 21} + 12h + 15s;

 private:
  std::unique_ptr<AccountRooms> rooms_;
  std::unique_ptr<SecondFactors> factors_;
};

TEST_F(SecondFactorsTest, ARightPasscodeIsRightOnce) {
  ASSERT_OK(save(totp()));
  EXPECT_TRUE(right("ann", code()));
  EXPECT_FALSE(right("ann", code())) << "it was used";
  now_ += 30s;
  EXPECT_FALSE(right("ann", code(-1))) << "it was used in its own step";
  EXPECT_TRUE(right("ann", code()));
  EXPECT_TRUE(right("ann", code(1)));
}

TEST_F(SecondFactorsTest, NobodyElseHasARightPasscode) {
  ASSERT_OK(save(totp()));
  add_user(a_user("bob"));
  EXPECT_FALSE(right("bob", code()));
  EXPECT_FALSE(right("nobody", code()));
  EXPECT_FALSE(right("ann", code(), "FTP")) << "another protocol";
  EXPECT_FALSE(right("ann", ""));
  EXPECT_FALSE(right("ann", code(2)));
  EXPECT_TRUE(right("ann", code()));
}

TEST_F(SecondFactorsTest, TheKindSaysWhichDigest) {
  ASSERT_OK(save(totp({"SSH"}, "Strong")));
  EXPECT_FALSE(right("ann", code(0, crypto::DigestKind::Sha1)));
  EXPECT_TRUE(right("ann", code(0, crypto::DigestKind::Sha512)));
}

TEST_F(SecondFactorsTest, ManyWrongPasscodesEndTheTryingForAWhile) {
  ASSERT_OK(save(totp()));
  for (int i = 0; i < PasscodeGuard::kMaxWrong; ++i) EXPECT_FALSE(right("ann", "000000x"));
  EXPECT_FALSE(right("ann", code())) << "even the right one";
  now_ += PasscodeGuard::kWrongWindow;
  EXPECT_TRUE(right("ann", code()));
}

TEST_F(SecondFactorsTest, ARightPasscodeForgivesWrongOnes) {
  ASSERT_OK(save(totp()));
  for (int round = 0; round < 3; ++round, now_ += 30s) {
    for (int i = 0; i < PasscodeGuard::kMaxWrong - 1; ++i) EXPECT_FALSE(right("ann", "x"));
    EXPECT_TRUE(right("ann", code()));
  }
}

TEST_F(SecondFactorsTest, AdministratorsHaveOneToo) {
  Admin admin;
  admin.username = "adm";
  admin.password = "s3cret Pass";
  admin.status = 1;
  admin.permissions = {"*"};
  add(accounts().admins(), admin);
  EXPECT_FALSE(*factors().verify_admin("adm", code()));
  ASSERT_OK(factors().save(AccountKind::Admin, "adm", totp({}), root_));
  EXPECT_TRUE(*factors().verify_admin("adm", code()));
  EXPECT_FALSE(*factors().verify_admin("adm", code()));
  EXPECT_FALSE(*factors().verify_admin("nobody", code(1)));
}

TEST_F(SecondFactorsTest, SecretsAreSealedInTheStoreAndAbsentFromEvents) {
  take_events();
  ASSERT_OK(save(totp()));
  const User stored = *accounts().users().get("ann");
  EXPECT_EQ(stored.filters.totp_config.secret.status, "Secretbox");
  EXPECT_EQ(to_json_text(stored, Rendering::Full).find(kSecret), std::string::npos);
  const auto sent = take_events();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].object_json.find("Secretbox"), std::string::npos);
}

TEST_F(SecondFactorsTest, TwelveRecoveryCodesEachGoodOnce) {
  ASSERT_OK(save(totp()));
  const auto codes = factors().recovery_codes(AccountKind::User, "ann");
  ASSERT_TRUE(codes);
  ASSERT_EQ(codes->size(), 12u);
  EXPECT_TRUE(codes->front().code.starts_with("RC-"));
  EXPECT_TRUE(*factors().use_recovery_code(AccountKind::User, "ann", codes->front().code));
  EXPECT_FALSE(*factors().use_recovery_code(AccountKind::User, "ann", codes->front().code));
  EXPECT_FALSE(*factors().use_recovery_code(AccountKind::User, "nobody", (*codes)[1].code));
  EXPECT_FALSE(*factors().use_recovery_code(AccountKind::Admin, "ann", (*codes)[1].code));
  const auto after = factors().recovery_codes(AccountKind::User, "ann");
  EXPECT_EQ(std::ranges::count_if(*after, &RecoveryCodeText::used), 1);
}

TEST_F(SecondFactorsTest, NewRecoveryCodesVoidTheOldOnes) {
  EXPECT_EQ(factors().recovery_codes(AccountKind::User, "ann").code(), Errc::PermissionDenied);
  EXPECT_EQ(factors().renew_recovery_codes(AccountKind::User, "ann", root_).code(), Errc::PermissionDenied);
  ASSERT_OK(save(totp()));
  const auto old = factors().recovery_codes(AccountKind::User, "ann");
  const auto fresh = factors().renew_recovery_codes(AccountKind::User, "ann", root_);
  ASSERT_TRUE(old && fresh);
  EXPECT_EQ(fresh->size(), 12u);
  EXPECT_FALSE(*factors().use_recovery_code(AccountKind::User, "ann", old->front().code));
  EXPECT_TRUE(*factors().use_recovery_code(AccountKind::User, "ann", fresh->back()));
}

TEST_F(SecondFactorsTest, SavingKeepsWhatTheClientDoesNotSend) {
  ASSERT_OK(save(totp()));
  const auto before = factors().recovery_codes(AccountKind::User, "ann");
  TotpConfig again = accounts().users().get("ann")->filters.totp_config;
  again.protocols = {"SSH", "HTTP"};
  again.secret = {};
  again.secret.status = "Redacted";
  ASSERT_OK(save(again));
  EXPECT_TRUE(right("ann", code(), "HTTP"));
  EXPECT_EQ(factors().recovery_codes(AccountKind::User, "ann")->front().code, before->front().code);
  ASSERT_OK(save({}));
  EXPECT_FALSE(right("ann", code(1)));
  EXPECT_TRUE(accounts().users().get("ann")->filters.recovery_codes.empty());
}

TEST_F(SecondFactorsTest, UnusableSecretsAndKindsAreRefused) {
  TotpConfig wanted = totp();
  wanted.secret = plain("JBSWY3DPEHPK3PXP");
  EXPECT_EQ(save(wanted).error().subject(), "/filters/totp_config/secret");
  wanted.secret = plain("not base 32!");
  EXPECT_EQ(save(wanted).error().subject(), "/filters/totp_config/secret");
  EXPECT_EQ(save(totp({"SSH"}, "Other")).error().subject(), "/filters/totp_config/config_name");
  EXPECT_EQ(save(totp({})).error().subject(), "/filters/totp_config/protocols");
  EXPECT_EQ(save({true, "Default", {}, {"SSH"}}).error().subject(), "/filters/totp_config/secret");
  EXPECT_EQ(save(totp(), "nobody").code(), Errc::NotFound);
}

TEST_F(SecondFactorsTest, DemandedProtocolsCannotBeTurnedOff) {
  User user = a_user("bob");
  user.filters.two_factor_protocols = {"SSH", "FTP"};
  add_user(user);
  EXPECT_EQ(save(totp({"SSH"}), "bob").error().subject(), "/protocols");
  ASSERT_OK(save(totp({"SSH", "FTP"}), "bob"));
  EXPECT_EQ(save({}, "bob").error().subject(), "/enabled");
  ASSERT_OK(factors().set(AccountKind::User, "bob", {}, root_));  // somebody above may
}

TEST_F(SecondFactorsTest, UsersMayBeForbiddenToHaveOne) {
  User user = a_user("bob");
  user.filters.web_client = {"mfa-disabled"};
  add_user(user);
  EXPECT_EQ(save(totp(), "bob").code(), Errc::PermissionDenied);
}

TEST_F(SecondFactorsTest, ANewSecretCanBeTriedOut) {
  const auto made = factors().generate(AccountKind::User, "ann", "Strong");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->issuer, "My Server");
  EXPECT_TRUE(made->url.starts_with("otpauth://totp/My%20Server:User%20%22ann%22?algorithm=SHA512&")) << made->url;
  EXPECT_NE(made->url.find(made->secret), std::string::npos);
  const auto step = crypto::totp_step(now_);
  const auto passcode = *crypto::totp_code(*crypto::base32_decode(made->secret), step, crypto::DigestKind::Sha512);
  EXPECT_FALSE(*factors().try_out("Strong", made->secret, "x"));
  EXPECT_TRUE(*factors().try_out("Strong", made->secret, passcode));
  EXPECT_FALSE(*factors().try_out("Strong", made->secret, passcode)) << "it was used";
  EXPECT_EQ(factors().try_out("Other", made->secret, passcode).code(), Errc::InvalidArgument);
  EXPECT_EQ(factors().try_out("Default", "GEZDGNBV", passcode).code(), Errc::InvalidArgument);
  EXPECT_EQ(factors().generate(AccountKind::User, "ann", "Other").code(), Errc::InvalidArgument);
}

}  // namespace
}  // namespace slipway::accounts
