#include "userauth_request.h"

#include <gtest/gtest.h>

#include "certificate_maker.h"

namespace slipway::sftp {
namespace {

using testing::number;
using testing::packed;

std::optional<UserauthRequest> parse(const std::string& payload) {
  return parse_userauth_request(std::as_bytes(std::span(payload)));
}

std::string key_request(const std::string& algorithm, const std::string& type, const std::string& signature = "") {
  return packed("anna") + packed("ssh-connection") + packed("publickey") + (signature.empty() ? '\0' : '\1') +
         packed(algorithm) + packed(packed(type) + packed("key")) + (signature.empty() ? "" : packed(signature));
}

TEST(UserauthRequests, OfOtherMethodsAreOnlyNamed) {
  const auto request = parse(packed("anna") + packed("ssh-connection") + packed("password") + "anything");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->user, "anna");
  EXPECT_EQ(request->method, "password");
  EXPECT_FALSE(request->key);
}

TEST(UserauthRequests, ForAKeyTellItsAlgorithms) {
  const auto probe = parse(key_request("rsa-sha2-512", "ssh-rsa"));
  ASSERT_TRUE(probe && probe->key);
  EXPECT_EQ(probe->key->algorithm, "rsa-sha2-512");
  EXPECT_FALSE(probe->key->is_signed);
  const auto with_signature = parse(key_request("rsa-sha2-512-cert-v01@openssh.com", "ssh-rsa-cert-v01@openssh.com",
                                                packed("rsa-sha2-512") + packed("signature")));
  ASSERT_TRUE(with_signature && with_signature->key);
  EXPECT_TRUE(with_signature->key->is_signed);
  EXPECT_EQ(with_signature->key->signature_algorithm, "rsa-sha2-512");
}

TEST(UserauthRequests, OfOldClientsMaySignBetterThanTheySay) {
  const auto request = parse(key_request("ssh-rsa", "ssh-rsa", packed("rsa-sha2-256") + packed("s")));
  ASSERT_TRUE(request && request->key);
  EXPECT_EQ(request->key->signature_algorithm, "rsa-sha2-256");
}

TEST(UserauthRequests, WhoseSignatureIsOfAnotherAlgorithmAreMalformed) {
  EXPECT_FALSE(parse(key_request("rsa-sha2-512", "ssh-rsa", packed("ssh-rsa") + packed("s"))));
  EXPECT_FALSE(parse(key_request("rsa-sha2-512", "ssh-rsa", packed("rsa-sha2-256") + packed("s"))));
  EXPECT_FALSE(parse(key_request("ssh-ed25519", "ssh-ed25519", packed("ssh-rsa") + packed("s"))));
  EXPECT_FALSE(parse(key_request("ssh-ed25519", "ssh-ed25519", packed("ssh-ed25519") + packed("s") + "x")));
  EXPECT_FALSE(parse(key_request("ssh-ed25519", "ssh-ed25519", "x")));
}

TEST(UserauthRequests, WhoseKeyIsOfAnotherAlgorithmAreMalformed) {
  EXPECT_FALSE(parse(key_request("ssh-ed25519", "ssh-rsa")));
  EXPECT_FALSE(parse(key_request("rsa-sha2-512", "ssh-rsa-cert-v01@openssh.com")));
}

TEST(UserauthRequests, OfSecurityKeysTellWhatTheDeviceSaw) {
  const std::string type = "sk-ssh-ed25519@openssh.com";
  const auto request = parse(key_request(type, type, packed(type) + packed("s") + number(5, 1) + number(9, 4)));
  ASSERT_TRUE(request && request->key);
  EXPECT_EQ(request->key->sk_flags, 5);
  EXPECT_FALSE(parse(key_request(type, type, packed(type) + packed("s") + number(5, 1))));
}

TEST(UserauthRequests, CutShortOrWithNulInNamesAreMalformed) {
  const auto whole = key_request("ssh-ed25519", "ssh-ed25519", packed("ssh-ed25519") + packed("s"));
  EXPECT_TRUE(parse(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) EXPECT_FALSE(parse(whole.substr(0, length))) << length;
  EXPECT_FALSE(parse(whole + "x"));
  EXPECT_FALSE(parse(packed(std::string("root\0x", 6)) + packed("ssh-connection") + packed("none")));
}

TEST(UserauthRequests, ThatReplaceMalformedOnesAreWellFormed) {
  const auto request = parse(unanswerable_request("anna"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->user, "anna");
  EXPECT_EQ(request->service, "ssh-connection");
}

}  // namespace
}  // namespace slipway::sftp
