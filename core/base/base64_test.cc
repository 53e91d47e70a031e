#include "slipway/base64.h"

#include <gtest/gtest.h>

namespace slipway {
namespace {

struct Pair {
  std::string_view bytes, text;
};
// RFC 4648 section 10.
constexpr Pair kPairs[] = {{"", ""},
                           {"f", "Zg=="},
                           {"fo", "Zm8="},
                           {"foo", "Zm9v"},
                           {"foob", "Zm9vYg=="},
                           {"fooba", "Zm9vYmE="},
                           {"foobar", "Zm9vYmFy"}};

TEST(Base64, TheVectorsOfTheStandardGoBothWays) {
  for (const auto& [bytes, text] : kPairs) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
    const std::string_view unpadded = text.substr(0, text.find('='));
    EXPECT_EQ(base64_encode(bytes, Base64::Unpadded), unpadded);
    EXPECT_EQ(base64_decode(unpadded, Base64::Unpadded), bytes);
  }
}

TEST(Base64, EveryByteGoesBothWays) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
}

TEST(Base64, PaddingMayBeLeftOutWhereLenient) {
  for (const auto& [bytes, text] : kPairs) {
    EXPECT_EQ(base64_decode(text, Base64::Lenient), bytes);
    EXPECT_EQ(base64_decode(text.substr(0, text.find('=')), Base64::Lenient), bytes);
    EXPECT_EQ(base64_encode(bytes, Base64::Lenient), text);
  }
}

TEST(Base64, UrlsHaveTheirOwnAlphabet) {
  EXPECT_EQ(base64_encode("\xfb\xff", Base64::Url), "-_8");
  EXPECT_EQ(base64_decode("-_8", Base64::Url), "\xfb\xff");
  for (const char* text : {"+/8", "-_8=", "-_9", "-"}) EXPECT_FALSE(base64_decode(text, Base64::Url)) << text;
  EXPECT_FALSE(base64_decode("-_8="));
}

TEST(Base64, AnythingLooseIsRefused) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v\n", "Zm 9v", "Zm-v", "Zh==", "Zm9=", "=Zm9"}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
  for (const char* text : {"Z", "Zg=", "Zh==", "Z===", "Zm9v=", "Zm 9", "====", "Zg==Zg=="})
    EXPECT_FALSE(base64_decode(text, Base64::Lenient)) << text;
  for (const char* text : {"Zg==", "Z", "Zh", "Zm9"}) EXPECT_FALSE(base64_decode(text, Base64::Unpadded)) << text;
}

}  // namespace
}  // namespace slipway
