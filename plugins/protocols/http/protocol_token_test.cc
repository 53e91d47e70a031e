#include "protocol_token.h"

#include <gtest/gtest.h>

namespace slipway::httpd {
namespace {

using Token = std::optional<std::string_view>;

Token token_of(std::initializer_list<std::string_view> values) {
  http::Fields headers;
  headers.add("Authorization", "Bearer other");
  for (const auto value : values) headers.add("sec-websocket-protocol", value);
  return token_of_protocols(headers);
}

TEST(ProtocolToken, StandsAnywhereInTheList) {
  EXPECT_EQ(token_of({"slipway.events, bearer.a.b-c_d"}), Token("a.b-c_d"));
  EXPECT_EQ(token_of({"bearer.x\t,slipway.events"}), Token("x"));
  EXPECT_EQ(token_of({"slipway.events", " ,, bearer.x"}), Token("x"));
}

TEST(ProtocolToken, IsNotThereWithoutItsPrefix) {
  EXPECT_EQ(token_of({}), Token());
  EXPECT_EQ(token_of({""}), Token());
  EXPECT_EQ(token_of({"slipway.events, Bearer.x, xbearer.y, bearer"}), Token());
}

TEST(ProtocolToken, OfTwoNoneIsTaken) {
  EXPECT_EQ(token_of({"bearer.a, bearer.b"}), Token());
  EXPECT_EQ(token_of({"bearer.a", "bearer.a"}), Token());
}

}  // namespace
}  // namespace slipway::httpd
