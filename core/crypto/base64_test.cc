#include "core/crypto/base64.h"

#include <gtest/gtest.h>

namespace slipway::crypto {
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
    EXPECT_EQ(base64_encode(bytes, Base64Padding::Padded), text);
    EXPECT_EQ(base64_decode(text, Base64Padding::Padded), bytes);
    const std::string_view unpadded = text.substr(0, text.find('='));
    EXPECT_EQ(base64_encode(bytes, Base64Padding::None), unpadded);
    EXPECT_EQ(base64_decode(unpadded, Base64Padding::None), bytes);
  }
}

TEST(Base64, EveryByteGoesBothWays) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(base64_decode(base64_encode(bytes, Base64Padding::Padded), Base64Padding::Padded), bytes);
}

TEST(Base64, AnythingLooseIsRefused) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v\n", "Zm 9v", "Zm-v", "Zh==", "Zm9=", "=Zm9"}) {
    EXPECT_FALSE(base64_decode(text, Base64Padding::Padded)) << text;
  }
  for (const char* text : {"Zg==", "Z", "Zh", "Zm9"}) EXPECT_FALSE(base64_decode(text, Base64Padding::None)) << text;
}

}  // namespace
}  // namespace slipway::crypto
