#include "algorithms.h"

#include <gtest/gtest.h>

#include "ssh_handles.h"

namespace slipway::sftp {
namespace {

TEST(Algorithms, TheDefaultsPreferGcmAndHaveNoSha1) {
  const auto lists = choose_algorithms({});
  ASSERT_TRUE(lists);
  EXPECT_TRUE(lists->ciphers.starts_with("aes128-gcm@openssh.com,"));
  EXPECT_NE(lists->key_exchanges.find("curve25519-sha256,"), std::string::npos);
  EXPECT_EQ(lists->macs, "hmac-sha2-256-etm@openssh.com,hmac-sha2-256");
  for (const auto& list : {lists->ciphers, lists->key_exchanges, lists->macs, lists->public_keys, lists->host_keys}) {
    EXPECT_EQ(list.find("sha1"), std::string::npos) << list;
    EXPECT_EQ(list.find("cbc"), std::string::npos) << list;
    EXPECT_EQ(("," + list).find(",ssh-rsa"), std::string::npos) << list;
  }
  EXPECT_TRUE(lists->warnings.empty());
  EXPECT_FALSE(is_listed(lists->public_keys, "ssh-rsa"));
}

TEST(Algorithms, AConfiguredListKeepsItsOrder) {
  AlgorithmSettings settings;
  settings.ciphers = {"aes256-ctr", "aes128-gcm@openssh.com", "aes256-ctr"};
  EXPECT_EQ(choose_algorithms(settings)->ciphers, "aes256-ctr,aes128-gcm@openssh.com");
}

TEST(Algorithms, AnUnknownNameIsRefusedWithThePossibleOnes) {
  AlgorithmSettings settings;
  settings.macs = {"hmac-sha2-256", "hmac-md4"};
  const auto lists = choose_algorithms(settings);
  ASSERT_FALSE(lists);
  EXPECT_EQ(lists.code(), Errc::InvalidArgument);
  EXPECT_NE(lists.error().message().find("macs: \"hmac-md4\""), std::string::npos);
  EXPECT_NE(lists.error().message().find("hmac-sha2-512-etm@openssh.com"), std::string::npos);
}

TEST(Algorithms, AKnownOneThatIsNotAvailableIsRefusedWithThePossibleOnes) {
  AlgorithmSettings settings;
  settings.ciphers = {"aes128-ctr", "arcfour"};
  const auto lists = choose_algorithms(settings);
  ASSERT_FALSE(lists);
  EXPECT_NE(lists.error().message().find("\"arcfour\" is not available; possible are"), std::string::npos);
}

TEST(Algorithms, NamesOfHostCertificatesArePassedOver) {
  AlgorithmSettings settings;
  settings.host_keys = {"ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519"};
  EXPECT_EQ(choose_algorithms(settings)->host_keys, "ssh-ed25519");
  settings.host_keys.pop_back();
  EXPECT_EQ(choose_algorithms(settings)->host_keys, choose_algorithms({})->host_keys);
}

TEST(Algorithms, StoredNamesComeBehindTheConfiguredOrTheDefaultOnes) {
  AlgorithmSettings settings, stored;
  settings.macs = {"hmac-sha2-256"};
  stored.macs = {"hmac-sha2-512", "hmac-sha2-256", "hmac-md4"};
  stored.ciphers = {"aes128-cbc"};
  std::vector<std::string> unknown;
  const auto all = extended(settings, stored, unknown);
  EXPECT_EQ(all.macs, (std::vector<std::string>{"hmac-sha2-256", "hmac-sha2-512"}));
  EXPECT_EQ(unknown, (std::vector<std::string>{"hmac-md4"}));
  const auto lists = choose_algorithms(all);
  ASSERT_TRUE(lists);
  EXPECT_EQ(lists->ciphers, choose_algorithms({})->ciphers + ",aes128-cbc");
}

TEST(Algorithms, TheDefaultsAreSecureAndWeakOnesAreNot) {
  const auto lists = choose_algorithms({});
  for (std::string list : {lists->ciphers, lists->key_exchanges, lists->macs, lists->public_keys, lists->host_keys}) {
    for (list += ','; !list.empty(); list.erase(0, list.find(',') + 1))
      EXPECT_TRUE(is_secure_algorithm(list.substr(0, list.find(',')))) << list;
  }
  for (const auto* weak : {"ssh-rsa", "aes256-cbc", "hmac-sha1", "diffie-hellman-group14-sha1", "none", ""})
    EXPECT_FALSE(is_secure_algorithm(weak)) << weak;
  EXPECT_TRUE(is_secure_algorithm("diffie-hellman-group16-sha512"));
}

TEST(Algorithms, AMissingPostQuantumExchangeIsLeftOutWithAWarning) {
  AlgorithmSettings settings;
  settings.key_exchanges = {"sntrup761x25519-sha512@openssh.com", "ecdh-sha2-nistp256"};
  const auto lists = choose_algorithms(settings);
  ASSERT_TRUE(lists);
  EXPECT_EQ(lists->key_exchanges, "ecdh-sha2-nistp256");
  ASSERT_EQ(lists->warnings.size(), 1u);
  EXPECT_NE(lists->warnings[0].find("sntrup761x25519"), std::string::npos);
}

TEST(Algorithms, AListOfWhichNothingIsLeftIsRefused) {
  AlgorithmSettings settings;
  settings.ciphers = {"arcfour", "arcfour256"};
  EXPECT_EQ(choose_algorithms(settings).code(), Errc::InvalidArgument);
}

TEST(Algorithms, EitherNameOfTheCurveBringsBoth) {
  for (const char* name : {"curve25519-sha256", "curve25519-sha256@libssh.org"}) {
    AlgorithmSettings settings;
    settings.key_exchanges = {name};
    const auto lists = choose_algorithms(settings);
    ASSERT_TRUE(lists);
    EXPECT_NE(("," + lists->key_exchanges + ",").find(",curve25519-sha256,"), std::string::npos);
    EXPECT_NE(lists->key_exchanges.find("curve25519-sha256@libssh.org"), std::string::npos);
  }
}

// The table says what this libssh has; libssh says so too.
TEST(Algorithms, LibsshTakesEveryNameThatIsCalledAvailable) {
  AlgorithmSettings all;
  all.host_keys = {"rsa-sha2-256", "rsa-sha2-512", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
                   "ssh-ed25519",  "ssh-rsa"};
  all.key_exchanges = {"curve25519-sha256",
                       "curve25519-sha256@libssh.org",
                       "ecdh-sha2-nistp256",
                       "ecdh-sha2-nistp384",
                       "ecdh-sha2-nistp521",
                       "diffie-hellman-group14-sha256",
                       "diffie-hellman-group-exchange-sha256",
                       "diffie-hellman-group16-sha512",
                       "diffie-hellman-group18-sha512",
                       "diffie-hellman-group14-sha1",
                       "diffie-hellman-group1-sha1",
                       "diffie-hellman-group-exchange-sha1"};
  all.ciphers = {"aes128-gcm@openssh.com",
                 "aes256-gcm@openssh.com",
                 "chacha20-poly1305@openssh.com",
                 "aes128-ctr",
                 "aes192-ctr",
                 "aes256-ctr",
                 "aes128-cbc",
                 "aes192-cbc",
                 "aes256-cbc",
                 "3des-cbc"};
  all.macs = {"hmac-sha2-256-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-512",
              "hmac-sha1"};
  all.public_keys = {
      "ssh-ed25519",  "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",        "ecdsa-sha2-nistp521",
      "rsa-sha2-512", "rsa-sha2-256",        "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
      "ssh-rsa"};
  const auto lists = choose_algorithms(all);
  ASSERT_TRUE(lists);
  EXPECT_TRUE(lists->warnings.empty());
  const auto takes = [](ssh_bind_options_e option, const std::vector<std::string>& names) {
    for (const auto& name : names) {
      BindPtr bind(ssh_bind_new());
      EXPECT_EQ(ssh_bind_options_set(bind.get(), option, name.c_str()), SSH_OK) << name;
    }
  };
  takes(SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, all.host_keys);
  takes(SSH_BIND_OPTIONS_KEY_EXCHANGE, all.key_exchanges);
  takes(SSH_BIND_OPTIONS_CIPHERS_C_S, all.ciphers);
  takes(SSH_BIND_OPTIONS_HMAC_C_S, all.macs);
  takes(SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES, all.public_keys);
}

}  // namespace
}  // namespace slipway::sftp
