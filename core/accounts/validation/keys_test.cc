#include "core/accounts/validation/keys.h"
#include "slipway/base64.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>

namespace slipway::accounts {
namespace {

constexpr std::string_view kEd25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIPHz8D2z1QdyeCpHwfstwXdF75PvkMuXjjPucstX9elR";
constexpr std::string_view kEcdsa =
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBMTOJeXmI0oCMXkO/"
    "y1YlVQfHxgwte7QAQjZbQwPEZoL6XEVRjrFaQQhNwwbaNFRphUhN9DkxIRXwbLfnKj6YSs=";
constexpr std::string_view kRsa1024 =
    "AAAAB3NzaC1yc2EAAAADAQABAAAAgQDJAbwc1fcFI455/csMFAEGTvluqclhT1Il/"
    "sZAiXRB2IeilzBAl3EVoU66pTAJfNZaVhBM375IK7hgh26PevWM"
    "1DD3p+1Z80u4xtxaSxmamp/YI7I533aArob+1bjRf0njUXHh/cJUEfw151CSVt1PXyj18/hkq55gSU44Chza0Q==";

std::string with(std::string_view type, std::string_view base64) {
  return std::string(type) + " " + std::string(base64) + " somebody";
}

TEST(AuthorizedKeys, LosesOptionsAndComment) {
  EXPECT_EQ(*parse_authorized_key(with("ssh-ed25519", kEd25519)), "ssh-ed25519 " + std::string(kEd25519));
  EXPECT_EQ(*parse_authorized_key("  command=\"echo \\\"a b\\\"\",no-pty  " + with("ecdsa-sha2-nistp256", kEcdsa)),
            "ecdsa-sha2-nistp256 " + std::string(kEcdsa));
}

// What people paste, and what dumps therefore hold.
TEST(AuthorizedKeys, AFileWithOneKeyIsThatKey) {
  const std::string key = "ssh-ed25519 " + std::string(kEd25519);
  const std::string line = with("ssh-ed25519", kEd25519);
  for (const std::string& text :
       {line + "\n", line + "\r\n", "\n" + line + "\n\n", "# laptop\n" + line + "\n# end\n"}) {
    const auto parsed = parse_authorized_key(text);
    ASSERT_TRUE(parsed) << text << parsed.error().message();
    EXPECT_EQ(*parsed, key);
  }
  EXPECT_EQ(parse_authorized_key(line + "\n" + line).error().cause(),
            "it is more than one key; put each into an element of its own");
  EXPECT_FALSE(parse_authorized_key("# nothing\n"));
}

TEST(AuthorizedKeys, WeakDamagedAndForeignKeysAreRefused) {
  const auto why = [](const std::string& line) {
    const auto parsed = parse_authorized_key(line);
    return parsed ? std::string("accepted") : parsed.error().cause();
  };
  EXPECT_NE(why(with("ssh-rsa", kRsa1024)).find("1024 bits"), std::string::npos);
  EXPECT_EQ(why(with("ssh-rsa", kEd25519)), "its type does not fit its content");
  EXPECT_EQ(why("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPHz"), "it is damaged");
  EXPECT_NE(why("ssh-ed25519 !!!"), "accepted");
  EXPECT_NE(why("ssh-ed25519"), "accepted");
  EXPECT_NE(why("hello world again"), "accepted");
  EXPECT_NE(why(with("ssh-ed25519", kEd25519) + "\n" + with("ssh-ed25519", kEd25519)), "accepted");
  EXPECT_NE(why(with("ssh-dss", "AAAAB3NzaC1kc3MAAAAA")).find("DSA"), std::string::npos);
}

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string certificate_of(EVP_PKEY* key) {
  const std::unique_ptr<X509, Free> certificate(X509_new());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_sign(certificate.get(), key, EVP_sha256());
  const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate.get());
  return text_of(bio.get());
}

std::string private_key_of(EVP_PKEY* key) {
  const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio.get());
}

TEST(Certificates, MustBeStrong) {
  EXPECT_TRUE(check_certificate(certificate_of(Key(EVP_RSA_gen(2048)).get())).ok());
  EXPECT_TRUE(check_certificate(certificate_of(Key(EVP_EC_gen("P-256")).get())).ok());
  const auto weak = check_certificate(certificate_of(Key(EVP_RSA_gen(1024)).get()));
  ASSERT_FALSE(weak.ok());
  EXPECT_NE(weak.error().cause().find("1024 bits"), std::string::npos);
  EXPECT_FALSE(check_certificate("hello").ok());
}

TEST(PrivateKeys, MustBeStrong) {
  EXPECT_TRUE(check_private_key(private_key_of(Key(EVP_RSA_gen(2048)).get())).ok());
  EXPECT_FALSE(check_private_key(private_key_of(Key(EVP_RSA_gen(1024)).get())).ok());
  EXPECT_FALSE(check_private_key("hello").ok());
}

// The clear part of an OpenSSH private key file, as it stands before an encrypted one.
std::string openssh_file(std::string_view public_key_base64) {
  const auto field = [](std::string_view text) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(text.size() >> shift & 0xFF);
    return out + std::string(text);
  };
  const auto blob = *base64_decode(public_key_base64);
  const std::string body = std::string("openssh-key-v1\0", 15) + field("aes256-ctr") + field("bcrypt") +
                           field("options") + std::string("\0\0\0\1", 4) + field(blob) + field("sealed");
  return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64_encode(body) + "\n-----END OPENSSH PRIVATE KEY-----\n";
}

TEST(PrivateKeys, OfOpenSshAreJudgedByTheirPublicPart) {
  EXPECT_TRUE(check_private_key(openssh_file(kEd25519)).ok());
  const auto weak = check_private_key(openssh_file(kRsa1024));
  ASSERT_FALSE(weak.ok());
  EXPECT_NE(weak.error().cause().find("1024 bits"), std::string::npos);
  EXPECT_FALSE(check_private_key("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----").ok());
}

}  // namespace
}  // namespace slipway::accounts
