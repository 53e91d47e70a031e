#include "core/crypto/secrets.h"

#include <gtest/gtest.h>

#include "core/base/text.h"
#include "core/crypto/secret_formats.h"

namespace slipway::crypto {
namespace {

// The published vectors of the format: salt 00..1f, belonging to "user1", the text "secret value".
constexpr std::string_view kSaltHex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr std::string_view kOwner = "user1";
constexpr std::string_view kText = "secret value";
constexpr std::string_view kMasterKey = "master key text";
constexpr std::string_view kBoxPayload = "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7jwJUgi56tcqvFtaqb2tCRq+nkTHCcXEiGU4DOA==";
constexpr std::string_view kBoxMasterPayload =
    "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7G1mRbcXB+VfMv0d6kHGm0TNr2DdGgn2XvinyTQ==";
constexpr std::string_view kGcmPayload =
    "000102030405060708090a0b3dab7938c32c86b756afd3c86b55c6fbeaa1c2859f8f34c39ca3c2c3";

std::string to_hex(std::string_view bytes) {
  return hex({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
}
std::string ascending(int first, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(first + i);
  return bytes;
}

SecretKeeper keeper(std::string url = "", std::string master_key = "", std::vector<std::string> additional = {}) {
  auto made = SecretKeeper::make({std::move(url), std::move(master_key), std::move(additional)});
  EXPECT_TRUE(made);
  return *std::move(made);
}
Secret sealed(std::string_view status, std::string_view payload, int mode = 0) {
  return {std::string(status), std::string(payload), std::string(kSaltHex), std::string(kOwner), mode};
}
Secret plain(std::string_view text) { return {"Plain", std::string(text), "", "", 0}; }

TEST(SecretVectors, SecretboxWithoutMasterKeySealsAndOpens) {
  const std::string salt = ascending(0, 32);
  const auto key = formats::derived_key(*formats::salt_only_key(salt, kOwner), salt, kOwner);
  EXPECT_EQ(to_hex(*key), "0e025872f503e369d1b4b16ee2f177093d59d0b0fd8e4aed0d8dd782f0f37b87");
  EXPECT_EQ(formats::seal_secretbox(*key, ascending(100, 24), kText), kBoxPayload);
  EXPECT_EQ(*keeper().open(sealed("Secretbox", kBoxPayload)), kText);
}

TEST(SecretVectors, SecretboxWithMasterKeySealsAndOpens) {
  const auto key = formats::derived_key(kMasterKey, ascending(0, 32), kOwner);
  EXPECT_EQ(to_hex(*key), "2f34f3a64c662fe8c3b7a3eb9f34805e3fe3aa7b9c3a362abd0db2d455440a2f");
  EXPECT_EQ(formats::seal_secretbox(*key, ascending(100, 24), kText), kBoxMasterPayload);
  EXPECT_EQ(*keeper("", std::string(kMasterKey)).open(sealed("Secretbox", kBoxMasterPayload, 1)), kText);
}

TEST(SecretVectors, AesGcmSealsAndOpens) {
  const auto key = formats::salt_only_key(ascending(0, 32), kOwner);
  EXPECT_EQ(to_hex(*key), "58477022704f1273e9be908f4072365d5efc1f34f12a4150919dc47fa31fe85d");
  EXPECT_EQ(*formats::seal_aes_gcm(*key, ascending(0, 12), kOwner, kText), kGcmPayload);
  EXPECT_EQ(*keeper().open(sealed("AES-256-GCM", kGcmPayload)), kText);
}

TEST(SecretVectors, EitherCaseOfHexadecimalIsRead) {
  Secret secret = sealed("AES-256-GCM", to_upper(kGcmPayload));
  secret.key = to_upper(secret.key);
  EXPECT_EQ(*keeper().open(secret), kText);
}

TEST(SecretVectors, ModeZeroOpensAlthoughAMasterKeyIsConfigured) {
  EXPECT_EQ(*keeper("", "another").open(sealed("Secretbox", kBoxPayload)), kText);
  EXPECT_EQ(*keeper("aes256gcm://", "another").open(sealed("AES-256-GCM", kGcmPayload)), kText);
}

struct Form {
  const char* url;
  const char* master_key;
  const char* status;
  int mode;
};
class EveryForm : public testing::TestWithParam<Form> {};

TEST_P(EveryForm, SealedSecretsOpenAgainWithAnyConfiguration) {
  const Form& form = GetParam();
  Secret secret = plain("a value with \0 and ü");
  ASSERT_TRUE(keeper(form.url, form.master_key).seal(secret, "folder_x"));
  EXPECT_EQ(secret.status, form.status);
  EXPECT_EQ(secret.mode, form.mode);
  EXPECT_EQ(secret.additional_data, "folder_x");
  EXPECT_EQ(secret.key.size(), 64U);
  EXPECT_EQ(secret.payload.find("value"), std::string::npos);
  for (const char* url : {"", "local://", "aes256gcm://", "builtin://"}) {
    const auto opened = keeper(url, form.master_key).open(secret);
    ASSERT_TRUE(opened) << url;
    EXPECT_EQ(*opened, "a value with \0 and ü");
  }
}

TEST_P(EveryForm, AnotherOwnerOrAChangedByteDoesNotOpen) {
  const Form& form = GetParam();
  const SecretKeeper keys = keeper(form.url, form.master_key);
  Secret secret = plain("value");
  ASSERT_TRUE(keys.seal(secret, "user1"));
  Secret stolen = secret;
  stolen.additional_data = "user2";
  EXPECT_EQ(keys.open(stolen).code(), Errc::AuthFailed);
  Secret changed = secret;
  char& letter = changed.payload[changed.payload.size() / 2];
  letter = letter == '0' ? '1' : '0';
  EXPECT_EQ(keys.open(changed).code(), Errc::AuthFailed);
}

INSTANTIATE_TEST_SUITE_P(Forms, EveryForm,
                         testing::Values(Form{"", "", "Secretbox", 0}, Form{"local://", "key", "Secretbox", 1},
                                         Form{"aes256gcm://", "", "AES-256-GCM", 0},
                                         Form{"aes256gcm://", "key", "AES-256-GCM", 1},
                                         Form{"builtin://", "key", "AES-256-GCM", 0}));

TEST(SecretKeeper, TheKeyRingOpensWhatOlderKeysSealed) {
  for (const char* url : {"local://", "aes256gcm://"}) {
    Secret secret = plain("value");
    ASSERT_TRUE(keeper(url, "old").seal(secret, "u"));
    EXPECT_EQ(keeper(url, "new").open(secret).code(), Errc::AuthFailed);
    EXPECT_EQ(*keeper(url, "new", {"older", "old"}).open(secret), "value");
    EXPECT_EQ(keeper(url, "").open(secret).code(), Errc::AuthFailed);
  }
}

TEST(SecretKeeper, TheSameValueIsSealedDifferentlyEachTime) {
  const SecretKeeper keys = keeper();
  Secret first = plain("value"), second = plain("value");
  ASSERT_TRUE(keys.seal(first, "u"));
  ASSERT_TRUE(keys.seal(second, "u"));
  EXPECT_NE(first.payload, second.payload);
  EXPECT_NE(first.key, second.key);
}

TEST(SecretKeeper, AdditionalKeysNeedAnActiveOne) {
  EXPECT_EQ(SecretKeeper::make({"", "", {"old"}}).code(), Errc::InvalidArgument);
}

TEST(SecretKeeper, UnknownUrlsAreRefused) {
  for (const char* url : {"awskms://key", "local", "vault://", "aes256gcm:"}) {
    EXPECT_EQ(SecretKeeper::make({url, "", {}}).code(), Errc::InvalidArgument) << url;
  }
}

TEST(SecretKeeper, SealLeavesSealedAndEmptySecretsAlone) {
  const SecretKeeper keys = keeper();
  Secret box = sealed("Secretbox", kBoxPayload), none, remote = {"AWS", "AQICAHh", "", "u", 1};
  const Secret before = box;
  EXPECT_TRUE(keys.seal(box, "someone else"));
  EXPECT_EQ(box, before);
  EXPECT_TRUE(keys.seal(none, "u"));
  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(keys.seal(remote, "u"));
  EXPECT_EQ(remote.payload, "AQICAHh");
}

TEST(SecretKeeper, SealRefusesWhatItCannotStore) {
  const SecretKeeper keys = keeper();
  Secret short_key = sealed("AES-256-GCM", kGcmPayload);
  short_key.key.pop_back();
  Secret no_payload = sealed("Secretbox", "");
  for (Secret secret : {plain(""), Secret{"Redacted", "x", "", "", 0}, Secret{"", "x", "", "", 0},
                        Secret{"Rot13", "x", "", "", 0}, Secret{"AWS", "x", "short", "", 0}, short_key, no_payload}) {
    EXPECT_EQ(keys.seal(secret, "u").code(), Errc::InvalidArgument) << secret.status;
  }
  Secret long_one = plain(std::string((1 << 20) + 1, 'x'));
  EXPECT_EQ(keys.seal(long_one, "u").code(), Errc::TooLarge);
}

TEST(SecretKeeper, OpenSaysWhyItCannot) {
  const SecretKeeper keys = keeper();
  EXPECT_EQ(keys.open({"VaultTransit", "vault:v1:x", "", "u", 0}).code(), Errc::NotSupported);
  EXPECT_EQ(keys.open({"Redacted", "x", "", "", 0}).code(), Errc::InvalidArgument);
  EXPECT_EQ(keys.open(sealed("Secretbox", "not base 64!")).code(), Errc::InvalidArgument);
  EXPECT_EQ(keys.open(sealed("Secretbox", "AAAA")).code(), Errc::InvalidArgument);
  EXPECT_EQ(keys.open(sealed("AES-256-GCM", "00")).code(), Errc::InvalidArgument);
  Secret bad_key = sealed("Secretbox", kBoxPayload);
  bad_key.key[5] = 'x';
  EXPECT_EQ(keys.open(bad_key).code(), Errc::InvalidArgument);
  EXPECT_EQ(*keys.open(plain("text")), "text");
  EXPECT_EQ(*keys.open({}), "");
}

TEST(MasterKey, FilesAreTrimmed) {
  EXPECT_EQ(*parse_master_key("  the key \r\n"), "the key");
  EXPECT_EQ(parse_master_key(" \n").code(), Errc::InvalidArgument);
  EXPECT_EQ(parse_master_keys("one\r\n\n two \none\n"), (std::vector<std::string>{"one", "two"}));
  EXPECT_TRUE(parse_master_keys("").empty());
}

}  // namespace
}  // namespace slipway::crypto
