#include "local_auth.h"

#include "authorized_key.h"

#include <gtest/gtest.h>

#include "slipway/base64.h"

namespace slipway::auth_local {
namespace {

constexpr const char* kKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

struct OneAccount final : AccountService {
  Result<Credentials> credentials(std::string_view user) override {
    if (user != "anna") return Error(Errc::NotFound, std::string(user));
    return Credentials{"hash", {"not a key", kKey}};
  }
  Result<bool> verify_password(std::string_view user, std::string_view password) override {
    ++verifications;
    return user == "anna" && password == "right";
  }
  int verifications = 0;
};

class LocalAuthTest : public ::testing::Test {
 protected:
  AuthVerdict::Answer ask(std::string_view user, const Credential& credential) {
    auto verdict = auth.authenticate({user, credential, "SSH", remote, {}});
    EXPECT_TRUE(verdict);
    return verdict->answer;
  }
  OneAccount accounts;
  LocalAuth auth{accounts};
  Endpoint remote{"192.0.2.1", 1};
};

TEST_F(LocalAuthTest, TellsRightWrongAndUnknownPasswordsApart) {
  EXPECT_EQ(ask("anna", PasswordCredential{"right"}), AuthVerdict::Answer::Accepted);
  EXPECT_EQ(ask("anna", PasswordCredential{"wrong"}), AuthVerdict::Answer::Refused);
  EXPECT_EQ(ask("nobody", PasswordCredential{"right"}), AuthVerdict::Answer::Unknown);
}

TEST_F(LocalAuthTest, UnknownUsersCostAVerificationToo) {
  (void)ask("nobody", PasswordCredential{"x"});
  EXPECT_EQ(accounts.verifications, 1);
}

TEST_F(LocalAuthTest, AcceptsAnyOfTheAccountsKeys) {
  PublicKeyCredential key;
  key.blob = *base64_decode("AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f");
  EXPECT_EQ(ask("anna", key), AuthVerdict::Answer::Accepted);
  EXPECT_EQ(ask("nobody", key), AuthVerdict::Answer::Unknown);
  key.blob += 'x';
  EXPECT_EQ(ask("anna", key), AuthVerdict::Answer::Refused);
}

TEST_F(LocalAuthTest, AVerifiedCertificateIsAcceptedForAnyAccount) {
  PublicKeyCredential key;
  key.blob = "a key that is not stored";
  key.certificate.emplace();
  EXPECT_EQ(ask("anna", key), AuthVerdict::Answer::Accepted);
  EXPECT_EQ(ask("nobody", key), AuthVerdict::Answer::Unknown);
}

TEST_F(LocalAuthTest, QuestionsAreLeftToTheHost) {
  EXPECT_EQ(ask("anna", InteractiveCredential{}), AuthVerdict::Answer::Unknown);
  EXPECT_EQ(ask("anna", InteractiveCredential{{"right"}}), AuthVerdict::Answer::Unknown);
}

}  // namespace
}  // namespace slipway::auth_local
