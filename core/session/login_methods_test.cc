#include "core/session/login_methods.h"

#include <gtest/gtest.h>

namespace slipway::session {
namespace {

using Kind = MethodDecision::Kind;
using List = std::vector<std::string>;

const List kAllSingle{"publickey", "password", "keyboard-interactive"};

TEST(LoginMethods, OneFactorIsEnoughByDefault) {
  const auto d = decide_method("SSH", {}, "password", {});
  EXPECT_EQ(d.kind, Kind::Accept);
  EXPECT_EQ(d.method, "password");
}

TEST(LoginMethods, PasswordOverSshIsDeniedOnSshOnly) {
  const List denied{"password-over-SSH"};
  EXPECT_EQ(decide_method("SSH", {}, "password", denied).kind, Kind::Refuse);
  EXPECT_EQ(decide_method("FTP", {}, "password", denied).kind, Kind::Accept);
  EXPECT_EQ(decide_method("SSH", {}, "publickey", denied).kind, Kind::Accept);
}

TEST(LoginMethods, ADeniedFactorIsNotTheFirstOfTwoWhileOneIsEnough) {
  EXPECT_EQ(decide_method("SSH", {}, "password", List{"password"}).kind, Kind::Refuse);
}

TEST(LoginMethods, WithoutSingleFactorsTheFirstIsPartial) {
  const auto d = decide_method("SSH", {}, "publickey", kAllSingle);
  EXPECT_EQ(d.kind, Kind::Partial);
  EXPECT_EQ(d.next, (List{"password", "keyboard-interactive"}));
  const auto second = decide_method("SSH", List{"publickey"}, "password", kAllSingle);
  EXPECT_EQ(second.kind, Kind::Accept);
  EXPECT_EQ(second.method, "publickey+password");
}

TEST(LoginMethods, TheOrderOfFactorsIsTheAccounts) {
  List denied = kAllSingle;
  denied.insert(denied.end(), {"password+publickey", "keyboard-interactive+publickey"});
  EXPECT_EQ(decide_method("SSH", {}, "password", denied).kind, Kind::Refuse);
  EXPECT_EQ(decide_method("SSH", List{"password"}, "publickey", denied).kind, Kind::Refuse);
  EXPECT_EQ(decide_method("SSH", {}, "publickey", denied).kind, Kind::Partial);
}

TEST(LoginMethods, TheSameFactorTwiceIsNotTwoFactors) {
  EXPECT_EQ(decide_method("SSH", List{"publickey"}, "publickey", kAllSingle).kind, Kind::Refuse);
}

TEST(LoginMethods, OtherProtocolsHaveNoPairs) {
  EXPECT_EQ(decide_method("FTP", {}, "password", kAllSingle).kind, Kind::Refuse);
}

}  // namespace
}  // namespace slipway::session
