#include "user_certificates.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "certificate_maker.h"
#include "certificate_samples.h"
#include "public_key.h"

namespace slipway::sftp {
namespace {

using testing::CertificateMaker;
using testing::packed;

std::string decoded(std::string_view base64) {
  std::string out;
  EXPECT_TRUE(decode_base64(base64, out));
  return out;
}

std::string encoded(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                                       reinterpret_cast<const unsigned char*>(bytes.data()),
                                                       static_cast<int>(bytes.size()))));
  return text;
}

class UserCertificatesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir = std::filesystem::temp_directory_path() / ("slipway-certificates-" + std::to_string(::getpid()));
    std::filesystem::create_directories(dir);
    write("ca", "ssh-ed25519 " + encoded(maker.authority()) + " comment\n");
  }
  void TearDown() override { std::filesystem::remove_all(dir); }
  void write(const std::string& name, const std::string& text) { std::ofstream(dir / name) << text; }

  auto load(const std::string& revoked = "") { return UserCertificates::load(dir, {"ca"}, revoked); }

  // "" when it proves the login of anna from 192.0.2.7 at 1500, else why not.
  std::string check(const std::string& blob, std::uint64_t now = 1500, const std::string& address = "192.0.2.7") {
    const auto certificates = load(revoked);
    EXPECT_TRUE(certificates) << certificates.error().message();
    const auto certificate = parse_certificate(blob);
    if (!certificate) return "malformed: " + certificate.error().cause();
    const auto proved = (*certificates)->check(*certificate, blob, "anna", address, now);
    return proved ? "" : proved.error().cause();
  }

  std::filesystem::path dir;
  CertificateMaker maker;
  std::string revoked;
};

TEST_F(UserCertificatesTest, ProveWhatTheySay) {
  maker.key_id = "badge";
  const auto blob = maker.make();
  const auto proved = (*load())->check(*parse_certificate(blob), blob, "anna", "192.0.2.7", 1500);
  ASSERT_TRUE(proved) << proved.error().message();
  EXPECT_EQ(proved->key_id, "badge");
  EXPECT_EQ(proved->serial, 42u);
  EXPECT_EQ(proved->authority_type, "ssh-ed25519");
  EXPECT_EQ(proved->authority_fingerprint, fingerprint_of(maker.authority()));
}

TEST_F(UserCertificatesTest, AreValidFromTheirBeginningToBeforeTheirEnd) {
  EXPECT_EQ(check(maker.make(), 999), "it is not valid yet");
  EXPECT_EQ(check(maker.make(), 1000), "");
  EXPECT_EQ(check(maker.make(), 1999), "");
  EXPECT_EQ(check(maker.make(), 2000), "it is no longer valid");
  maker.valid_after = 0;
  maker.valid_before = ~0ull;  // ssh-keygen's "forever"
  EXPECT_EQ(check(maker.make()), "");
}

TEST_F(UserCertificatesTest, NameTheirPrincipalsExactly) {
  maker.principals = {};
  EXPECT_EQ(check(maker.make()), "it names no principal");
  maker.principals = {"", "Anna", "ann", "anna*", "*", "anna "};
  EXPECT_EQ(check(maker.make()), "the user is not among its principals");
  maker.principals.emplace_back("anna");
  EXPECT_EQ(check(maker.make()), "");
}

TEST_F(UserCertificatesTest, OfHostsAreRefused) {
  maker.type = 2;
  EXPECT_EQ(check(maker.make()), "it is a host's certificate");
}

TEST_F(UserCertificatesTest, OfOtherAuthoritiesAreRefused) {
  EXPECT_EQ(check(CertificateMaker().make()), "its authority is not trusted");
  // The trusted key's name over somebody else's signature.
  CertificateMaker other;
  other.authority_override = maker.authority();
  EXPECT_EQ(check(other.make()), "its authority's signature is wrong, or made with SHA-1");
}

TEST_F(UserCertificatesTest, WithAnyByteChangedProveNothing) {
  const auto blob = maker.make();
  for (std::size_t i = 0; i < blob.size(); ++i) {
    auto changed = blob;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_NE(check(changed), "") << i;
  }
}

TEST_F(UserCertificatesTest, WithOtherCriticalOptionsAreRefused) {
  maker.critical_options = {{"force-command", packed("id")}};
  EXPECT_EQ(check(maker.make()), "its critical option force-command is not supported");
  maker.critical_options = {{"source-address", packed("192.0.2.0/24")}, {"verify-required", ""}};
  EXPECT_EQ(check(maker.make()), "its critical option verify-required is not supported");
}

TEST_F(UserCertificatesTest, HoldForTheirSourceAddresses) {
  const auto with = [&](const std::string& networks) {
    maker.critical_options = {{"source-address", packed(networks)}};
    return check(maker.make());
  };
  EXPECT_EQ(with("192.0.2.7"), "");
  EXPECT_EQ(with("198.51.100.0/24,192.0.2.0/24"), "");
  for (const auto* networks : {"192.0.2.8", "", "192.0.2.7,", "192.0.2.7/33", "192.0.2.7/", "192.0.2.7/-1", "nowhere",
                               "192.0.2.0/24,nowhere", "2001:db8::/32", "0.0.0.0/0x"})
    EXPECT_EQ(with(networks), "it is not for this source address") << networks;
  maker.critical_options = {{"source-address", "192.0.2.7"}};  // not packed twice
  EXPECT_EQ(check(maker.make()), "it is not for this source address");
}

TEST(SourceAddresses, AreComparedByBits) {
  EXPECT_TRUE(source_address_allows("10.128.0.0/9", "10.255.0.1"));
  EXPECT_FALSE(source_address_allows("10.128.0.0/9", "10.127.255.255"));
  EXPECT_TRUE(source_address_allows("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(source_address_allows("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(source_address_allows("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(source_address_allows("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_FALSE(source_address_allows("10.0.0.0/8", ""));
  std::string many;
  for (int i = 0; i < 300; ++i) many += "192.0.2.1,";
  EXPECT_FALSE(source_address_allows(many + "10.0.0.1", "10.0.0.1")) << "beyond the limit";
}

TEST_F(UserCertificatesTest, AreRevokedByKeyOrByCertificate) {
  const auto blob = maker.make();
  revoked = "revoked";
  write("revoked", "[\"" + fingerprint_of(parse_certificate(blob)->key_blob) + "\"]");
  EXPECT_EQ(check(blob), "it is revoked");
  write("revoked", "[\"" + fingerprint_of(blob) + "\"]");
  EXPECT_EQ(check(blob), "it is revoked");
  write("revoked", "[\"" + fingerprint_of(maker.authority()) + "\"]");
  EXPECT_EQ(check(blob), "");
}

TEST_F(UserCertificatesTest, AuthoritiesAreReadFromFilesWithSeveral) {
  write("ca", "# two\r\n\n  ssh-ed25519 " + encoded(maker.authority()) + "\r\nssh-rsa " +
                  std::string(samples::kRsaAuthority) + " rsa");
  const auto certificates = load();
  ASSERT_TRUE(certificates) << certificates.error().message();
  EXPECT_EQ((*certificates)->authorities(), 2u);
  write("ca", "");
  EXPECT_EQ(load().code(), Errc::InvalidArgument);
  write("ca", "ssh-rsa " + encoded(maker.authority()) + "\n");
  EXPECT_EQ(load().error().cause(), "the type and the key differ");
  EXPECT_EQ(UserCertificates::load(dir, {"missing"}, "").code(), Errc::NotFound);
  write("ca", "ssh-ed25519 " + encoded(maker.authority()));
  EXPECT_EQ(load("missing").code(), Errc::NotFound);
}

TEST_F(UserCertificatesTest, OfSshKeygenAreVerifiedForEveryKindOfAuthority) {
  for (const auto sample : {samples::kSignedByRsa, samples::kSignedByEcdsa, samples::kSignedByEd25519}) {
    const auto certificate = parse_certificate(decoded(sample));
    ASSERT_TRUE(certificate) << certificate.error().message();
    EXPECT_TRUE(signed_by_authority(*certificate));
    EXPECT_EQ(certificate->key_blob, decoded(samples::kUserKey));
    EXPECT_EQ(certificate->principals, (std::vector<std::string>{"anna", "bert"}));
    auto changed = *certificate;
    changed.signed_part.back() ^= 1;
    EXPECT_FALSE(signed_by_authority(changed));
  }
  EXPECT_FALSE(signed_by_authority(*parse_certificate(decoded(samples::kSignedWithSha1))));
}

TEST(Certificates, ThatAreNotWellFormedAreRefused) {
  CertificateMaker maker;
  const auto blob = maker.make();
  for (std::size_t length = 0; length < blob.size(); ++length)
    EXPECT_FALSE(parse_certificate(std::string_view(blob).substr(0, length))) << length;
  const auto refused = [](auto&& change) {
    CertificateMaker changed;
    change(changed);
    return !parse_certificate(changed.make());
  };
  EXPECT_TRUE(refused([](auto& c) { c.behind = "x"; }));
  EXPECT_TRUE(refused([](auto& c) { c.type = 3; }));
  EXPECT_TRUE(refused([](auto& c) { c.algorithm = "ssh-ed25519"; }));
  EXPECT_TRUE(refused([](auto& c) { c.algorithm = "ssh-dss-cert-v01@openssh.com"; }));
  EXPECT_TRUE(refused([](auto& c) { c.principals.assign(257, "p"); }));
  EXPECT_TRUE(refused([](auto& c) { c.key_id.assign(1025, 'i'); }));
  EXPECT_TRUE(refused([](auto& c) { c.critical_options = {{"b", ""}, {"a", ""}}; }));
  EXPECT_TRUE(refused([](auto& c) { c.critical_options = {{"a", ""}, {"a", ""}}; }));
  EXPECT_TRUE(refused([](auto& c) { c.extensions = packed("a"); }));
  EXPECT_TRUE(refused([](auto& c) { c.authority_override = packed("ssh-ed25519-cert-v01@openssh.com"); }));
  EXPECT_FALSE(refused([](auto& c) { c.reserved = "later"; }));
}

}  // namespace
}  // namespace slipway::sftp
