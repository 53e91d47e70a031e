// Fields, requests, responses, URLs and Base64: the small parts of messages.
#include <gtest/gtest.h>

#include "support/http/gzip.h"
#include "support/http/request.h"
#include "support/http/response.h"
#include "support/http/url.h"

namespace slipway::http {
namespace {

Request& make(std::unique_ptr<Request>& owner, std::initializer_list<Field> fields, std::string_view target = "/",
              BodySource* body = nullptr) {
  RequestParts parts;
  parts.method = "GET";
  parts.target = target;
  for (const auto& field : fields) parts.headers.add(field.name, field.value);
  owner = std::make_unique<Request>(std::move(parts), body);
  return *owner;
}

TEST(Fields, CompareNamesWithoutCase) {
  Fields fields;
  fields.add("Accept", "a");
  fields.add("ACCEPT", "b, C");
  EXPECT_EQ(fields.get("accept"), "a");
  EXPECT_EQ(fields.joined("Accept"), "a, b, C");
  EXPECT_TRUE(fields.has_token("Accept", "c"));
  EXPECT_FALSE(fields.has_token("Accept", "b, C"));
  fields.remove("accept");
  EXPECT_FALSE(fields.get("accept"));
}

TEST(FieldBlock, SetsAddsAndRemoves) {
  FieldBlock block;
  block.set("A", "1");
  block.add("Set-Cookie", "x");
  block.add("Set-Cookie", "y");
  block.set("a", "2");
  EXPECT_EQ(block.text(), "Set-Cookie: x\r\nSet-Cookie: y\r\na: 2\r\n");
  EXPECT_EQ(block.get("A"), "2");
  block.remove("set-cookie");
  EXPECT_EQ(block.text(), "a: 2\r\n");
  block.remove("a");
  block.remove("a");
  EXPECT_EQ(block.text(), "");
}

TEST(FieldBlock, LetsNothingBreakTheMessage) {
  FieldBlock block;
  block.set("Location", "/a\r\nSet-Cookie: evil=1");
  block.set("Bad Name", "x");
  block.set("X", std::string("a\0b", 3));
  EXPECT_EQ(block.text(), "Location: /a  Set-Cookie: evil=1\r\nX: a b\r\n");
}

TEST(Request, Cookies) {
  std::unique_ptr<Request> owner;
  const auto& request = make(owner, {{"Cookie", "a=1; jwt=abc"}, {"Cookie", "q=\"quoted\""}});
  EXPECT_EQ(request.cookie("jwt"), "abc");
  EXPECT_EQ(request.cookie("q"), "quoted");
  EXPECT_FALSE(request.cookie("w"));
}

TEST(Request, Credentials) {
  std::unique_ptr<Request> owner;
  EXPECT_EQ(make(owner, {{"Authorization", "basic YW5uYTpwOnE="}}).basic_credentials(),
            std::pair(std::string("anna"), std::string("p:q")));
  EXPECT_FALSE(make(owner, {{"Authorization", "Basic YW5uYQ=="}}).basic_credentials());
  EXPECT_FALSE(make(owner, {{"Authorization", "Basic !"}}).basic_credentials());
  EXPECT_FALSE(make(owner, {{"Authorization", "Bearer abc"}}).basic_credentials());
  EXPECT_EQ(make(owner, {{"Authorization", "Bearer a.b.c"}}).bearer_token(), "a.b.c");
  EXPECT_FALSE(make(owner, {{"Authorization", "Bearer"}}).bearer_token());
}

TEST(Request, QueryParameters) {
  std::unique_ptr<Request> owner;
  const auto& request = make(owner, {}, "/p?a=1&b=x+y%21&c&a=2&bad=%zz&=v");
  EXPECT_EQ(request.raw_path(), "/p");
  EXPECT_EQ(request.query("a"), "1");
  EXPECT_EQ(request.query("b"), "x y!");
  EXPECT_EQ(request.query("c"), "");
  EXPECT_FALSE(request.query("bad"));
  EXPECT_EQ(request.query_parameters().size(), 5u);
}

TEST(Request, ABodyIsBounded) {
  for (const std::size_t size : {0u, 9u, 10u, 11u, 100000u}) {
    StringBody body(std::string(size, 'x'));
    std::unique_ptr<Request> owner;
    const auto text = make(owner, {}, "/", &body).text(10);
    EXPECT_EQ(text.ok(), size <= 10) << size;
    if (text)
      EXPECT_EQ(text->size(), size);
    else
      EXPECT_EQ(text.code(), Errc::TooLarge);
  }
}

TEST(Request, ARoutesLimitHoldsForStreams) {
  StringBody body("0123456789abc");
  RequestParts parts;
  parts.body_limit = 10;
  Request request(std::move(parts), &body);
  std::byte buffer[8];
  EXPECT_EQ(*request.read(buffer), 8u);
  EXPECT_EQ(request.read(buffer).code(), Errc::TooLarge);
}

TEST(Url, EncodesAndDecodes) {
  EXPECT_EQ(percent_encode("a b/ü"), "a%20b%2F%C3%BC");
  EXPECT_EQ(percent_encode("/a b", Encode::Path), "/a%20b");
  EXPECT_EQ(percent_decode("a%20%2f+"), "a /+");
  EXPECT_FALSE(percent_decode("%2"));
  EXPECT_FALSE(percent_decode("%g0"));
}

TEST(ContentDisposition, EveryNameSurvives) {
  EXPECT_EQ(content_disposition("attachment", "a b.txt"), "attachment; filename=\"a b.txt\"");
  EXPECT_EQ(content_disposition("inline", "a\"b\\c"), "inline; filename=\"a\\\"b\\\\c\"");
  EXPECT_EQ(content_disposition("attachment", "ü"), "attachment; filename=\"__\"; filename*=UTF-8''%C3%BC");
}

TEST(Gzip, IsAskedFor) {
  const auto accepts = [](std::string_view value) {
    Fields fields;
    fields.add("Accept-Encoding", value);
    return accepts_gzip(fields);
  };
  for (const char* value : {"gzip", "deflate, gzip;q=0.5", "*", "br, *;q=0.1", "GZIP"})
    EXPECT_TRUE(accepts(value)) << value;
  for (const char* value : {"", "br", "gzip;q=0", "gzip;q=0.000, *", "identity", "gzipx"})
    EXPECT_FALSE(accepts(value)) << value;
  EXPECT_FALSE(accepts_gzip(Fields()));
}

TEST(Gzip, PaysForTextOnly) {
  for (const char* type : {"text/html; charset=utf-8", "application/json", "image/svg+xml", "application/problem+json"})
    EXPECT_TRUE(is_compressible(type)) << type;
  for (const char* type : {"", "image/png", "application/octet-stream", "application/zip", "video/mp4"})
    EXPECT_FALSE(is_compressible(type)) << type;
}

}  // namespace
}  // namespace slipway::http
