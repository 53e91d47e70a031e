#include "url.h"

#include <gtest/gtest.h>

namespace slipway::http {
namespace {

bool within(const char* url, const char* prefix) {
  const auto a = Url::parse(url), b = Url::parse(prefix);
  EXPECT_TRUE(a && b) << url << " " << prefix;
  return a && b && a->is_within(*b);
}

TEST(Url, OnlyHttpAndHttpsAreTaken) {
  for (const char* good : {"http://a", "HTTPS://A:8443/x?y#z", "http://[::1]:80/", "http://u:p@h/"})
    EXPECT_TRUE(Url::parse(good)) << good;
  for (const char* bad :
       {"", "a", "/bin/true", "ftp://a/", "file:///etc/passwd", "http://", "gopher://a", "javascript:1"})
    EXPECT_EQ(Url::parse(bad).code(), Errc::InvalidArgument) << bad;
  EXPECT_EQ(Url::parse(std::string_view("http://a\0b", 10)).code(), Errc::InvalidArgument);
}

TEST(Url, WhatIsShownHoldsNoSecrets) {
  const auto url = Url::parse("https://user:secret@Example.com/hook?token=secret#secret");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->shown(), "https://example.com:443/hook");
  EXPECT_EQ(url->text(), "https://example.com:443/hook?token=secret");
  EXPECT_EQ(url->user(), "user");
  EXPECT_EQ(url->password(), "secret");
}

TEST(Url, ParametersAreEncodedAndAddedToTheQuery) {
  auto url = Url::parse("http://h/p?a=1");
  ASSERT_TRUE(url);
  url->add_query({{"name", "a b&c=d/ü"}, {"e", ""}});
  EXPECT_EQ(url->text(), "http://h:80/p?a=1&name=a%20b%26c%3Dd%2F%C3%BC&e=");
}

TEST(Url, APrefixEndsAtABoundary) {
  EXPECT_TRUE(within("https://h/api/v1", "https://h/api"));
  EXPECT_TRUE(within("https://h/api", "https://h/api"));
  EXPECT_TRUE(within("https://h/api?x", "https://h/api"));
  EXPECT_TRUE(within("https://h/api#x", "https://h/api"));
  EXPECT_TRUE(within("https://h/api/x", "https://h/api/"));
  EXPECT_FALSE(within("https://h/apix", "https://h/api"));
  EXPECT_FALSE(within("https://h/ap", "https://h/api"));
  EXPECT_FALSE(within("https://h/api/../other", "https://h/api"));
}

TEST(Url, AHostIsComparedWholeAndDefaultPortsAreWritten) {
  EXPECT_TRUE(within("https://h:443/x", "https://H"));
  EXPECT_TRUE(within("http://h/x", "http://h:80/"));
  EXPECT_FALSE(within("https://h.evil.example/x", "https://h"));
  EXPECT_FALSE(within("https://h:4430/", "https://h:443"));
  EXPECT_FALSE(within("http://h/x", "https://h"));
  EXPECT_TRUE(within("https://user:p@h/x", "https://h/"));
}

}  // namespace
}  // namespace slipway::http
