#include "host_keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "certificate_samples.h"
#include "host_key_gate.h"
#include "public_key.h"

namespace slipway::sftp {
namespace {

namespace fs = std::filesystem;

struct SilentLog final : Logger {
  bool enabled(LogLevel) const noexcept override { return true; }
  void log(LogLevel level, std::string_view, std::span<const LogField>) noexcept override {
    warnings += level == LogLevel::Warn;
  }
  int warnings = 0;
};

class HostKeys : public ::testing::Test {
 protected:
  HostKeys() : dir(fs::temp_directory_path() / ("host-keys-" + std::to_string(::getpid()))) {
    fs::remove_all(dir);
    fs::create_directories(dir);
  }
  ~HostKeys() override { fs::remove_all(dir); }
  std::string read(const std::string& name) const {
    std::ifstream in(dir / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& name, std::string_view content) const {
    std::ofstream(dir / name) << content;
    ::chmod((dir / name).c_str(), 0600);
  }
  const fs::path dir;
  SilentLog log;
};

TEST_F(HostKeys, AreMadeOnceAndReadAgain) {
  const auto made = load_host_keys(dir, {}, log);
  ASSERT_TRUE(made) << made.error().message();
  ASSERT_EQ(made->size(), 3u);
  EXPECT_EQ((*made)[0].label, "ED25519");
  EXPECT_EQ((*made)[1].label, "ECDSA");
  EXPECT_EQ((*made)[2].label, "RSA");
  EXPECT_GE(ssh_key_is_private((*made)[0].key.get()), 1);
  for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"}) {
    struct stat st {};
    ASSERT_EQ(::stat((dir / name).c_str(), &st), 0) << name;
    EXPECT_EQ(st.st_mode & 0777, 0600u) << name;
  }
  EXPECT_TRUE(read("id_ed25519").starts_with("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_TRUE(read("id_ecdsa").starts_with("-----BEGIN EC PRIVATE KEY-----\n"));
  EXPECT_TRUE(read("id_rsa").starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
  EXPECT_TRUE(read("id_ed25519.pub").starts_with("ssh-ed25519 AAAA"));
  EXPECT_TRUE(read("id_ecdsa.pub").starts_with("ecdsa-sha2-nistp256 AAAA"));
  EXPECT_TRUE(read("id_rsa.pub").starts_with("ssh-rsa AAAA"));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir), fs::directory_iterator()), 6) << "no temporary file is left";

  const auto again = load_host_keys(dir, {}, log);
  ASSERT_TRUE(again);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE((*made)[i].fingerprint.starts_with("SHA256:"));
    EXPECT_EQ((*again)[i].fingerprint, (*made)[i].fingerprint);
  }
}

TEST_F(HostKeys, AMissingOneUnderAnotherNameIsAnError) {
  const auto keys = load_host_keys(dir, {.files = {"my_key"}}, log);
  EXPECT_EQ(keys.code(), Errc::NotFound);
}

TEST_F(HostKeys, AMissingOneUnderAKnownNameIsMadeWhereItWasAskedFor) {
  fs::create_directories(dir / "keys");
  ASSERT_TRUE(load_host_keys("/nowhere", {.files = {(dir / "keys/id_ed25519").string()}}, log));
  EXPECT_TRUE(fs::exists(dir / "keys/id_ed25519"));
}

TEST_F(HostKeys, OpenSshFilesAreReadAndEncryptedOnesRefusedWithoutAsking) {
  ssh_key generated = nullptr;
  ASSERT_EQ(ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &generated), SSH_OK);
  const KeyPtr key(generated);
  ASSERT_EQ(ssh_pki_export_privkey_file(key.get(), nullptr, nullptr, nullptr, (dir / "plain").c_str()), SSH_OK);
  ASSERT_EQ(ssh_pki_export_privkey_file(key.get(), "secret", nullptr, nullptr, (dir / "locked").c_str()), SSH_OK);
  EXPECT_TRUE(read("plain").starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
  const auto plain = load_host_keys(dir, {.files = {"plain"}}, log);
  ASSERT_TRUE(plain) << plain.error().message();
  std::string blob;
  ASSERT_TRUE(decode_base64(base64_of(key.get()), blob));
  EXPECT_EQ((*plain)[0].fingerprint, fingerprint_of(blob));
  EXPECT_EQ(load_host_keys(dir, {.files = {"locked"}}, log).code(), Errc::InvalidArgument);
}

TEST_F(HostKeys, WhatIsNotAKeyIsRefusedByName) {
  write("id_rsa", "hello\n");
  const auto keys = load_host_keys(dir, {}, log);
  ASSERT_FALSE(keys);
  EXPECT_NE(keys.error().message().find("id_rsa"), std::string::npos);
}

TEST_F(HostKeys, TwoOfOneTypeAreRefused) {
  ASSERT_TRUE(load_host_keys(dir, {.files = {"id_ed25519"}}, log));
  fs::copy_file(dir / "id_ed25519", dir / "second");
  const auto keys = load_host_keys(dir, {.files = {"id_ed25519", "second"}}, log);
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.code(), Errc::InvalidArgument);
}

TEST_F(HostKeys, OneThatOthersCanReadIsUsedWithAWarning) {
  ASSERT_TRUE(load_host_keys(dir, {.files = {"id_ed25519"}}, log));
  EXPECT_EQ(log.warnings, 0);
  ::chmod((dir / "id_ed25519").c_str(), 0644);
  ASSERT_TRUE(load_host_keys(dir, {.files = {"id_ed25519"}}, log));
  EXPECT_EQ(log.warnings, 1);
}

TEST_F(HostKeys, OfTheDatabaseTakeThePlaceOfFilesOfTheirType) {
  ASSERT_TRUE(load_host_keys(dir, {.files = {"id_ed25519"}}, log));
  const auto other = dir / "other";
  std::filesystem::create_directories(other);
  const auto stored = load_host_keys(other, {.files = {"id_ed25519"}}, log);
  ASSERT_TRUE(stored);
  const auto keys =
      load_host_keys(dir, {.files = {"id_ed25519", "id_ecdsa"}, .stored = {read("other/id_ed25519")}}, log);
  ASSERT_TRUE(keys) << keys.error().message();
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[0].fingerprint, (*stored)[0].fingerprint);
  EXPECT_EQ((*keys)[0].source, "host key 1 of the database");
  EXPECT_EQ(load_host_keys(dir, {.files = {"id_ed25519"}, .stored = {"no key"}}, log).error().subject(),
            "host key 1 of the database");
}

TEST_F(HostKeys, CertificatesThatAreNoneAreRefused) {
  for (const auto* line : {"", "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com AAAA", "x y z"}) {
    const auto keys = load_host_keys(dir, {.files = {"id_ed25519"}, .stored_certificates = {line}}, log);
    EXPECT_EQ(keys.code(), Errc::InvalidArgument) << line;
  }
  const auto users = "ssh-ed25519-cert-v01@openssh.com " + std::string(samples::kSignedByEd25519);
  const auto keys = load_host_keys(dir, {.files = {"id_ed25519"}, .stored_certificates = {users}}, log);
  ASSERT_FALSE(keys);
  EXPECT_NE(keys.error().message().find("a user's certificate"), std::string::npos);
}

TEST(HostKeyOffers, PutCertificatesOfAllowedAlgorithmsBeforeTheKeys) {
  std::vector<HostKey> keys(2);
  keys[0].label = "RSA";
  keys[0].blob = std::string("\0\0\0\7ssh-rsa", 11);
  keys[0].certificate = "of the RSA key";
  keys[1].label = "ED25519";
  keys[1].blob = std::string("\0\0\0\13ssh-ed25519", 15);
  const auto offer = HostKeyOffer::make(keys, "rsa-sha2-512,ssh-ed25519,ssh-rsa");
  EXPECT_EQ(offer.plain, "ssh-ed25519,rsa-sha2-512,rsa-sha2-256,ssh-rsa");
  EXPECT_EQ(offer.certificates, "rsa-sha2-512-cert-v01@openssh.com");
  EXPECT_EQ(offer.blobs.at("rsa-sha2-512-cert-v01@openssh.com"), "of the RSA key");
}

}  // namespace
}  // namespace slipway::sftp
