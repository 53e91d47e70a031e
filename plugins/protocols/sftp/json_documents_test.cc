#include "json_documents.h"

#include <gtest/gtest.h>

namespace slipway::sftp {
namespace {

TEST(StoredSettings, AreListsOfStrings) {
  const auto settings =
      parse_stored_settings(R"({"host_keys":["k"],"host_certificates":null,"macs":["hmac-sha2-512"],"later":{"a":1}})");
  ASSERT_TRUE(settings) << settings.error().message();
  EXPECT_EQ(settings->host_keys, (std::vector<std::string>{"k"}));
  EXPECT_TRUE(settings->host_certificates.empty());
  EXPECT_EQ(settings->algorithms.macs, (std::vector<std::string>{"hmac-sha2-512"}));
  EXPECT_TRUE(parse_stored_settings("{}"));
  EXPECT_EQ(parse_stored_settings(R"({"ciphers":"aes"})").error().subject(), "sftpd/ciphers");
  EXPECT_EQ(parse_stored_settings("[]").code(), Errc::InvalidArgument);
}

TEST(Lists, OfStringsAreNothingElse) {
  EXPECT_EQ(*parse_strings(R"(["a", "b"])"), (std::vector<std::string>{"a", "b"}));
  for (const auto* text : {"", "{}", "[1]", "[", "[\"a\"] x", "[[[[[[[[[[[[[\"deep\"]]]]]]]]]]]]]"})
    EXPECT_EQ(parse_strings(text).code(), Errc::InvalidArgument) << text;
}

}  // namespace
}  // namespace slipway::sftp
