#include "support/http/request_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace slipway::http {
namespace {

struct Parsed {
  ParseFailure failure;
  RequestHead head;
};

// What a server would make of `text`, which is one whole header.
Parsed parse(const std::string& text) {
  HeadScanner scanner;
  const auto outcome = scanner.scan(text, Limits());
  Parsed parsed;
  if (outcome.state == HeadScanner::State::Bad) {
    parsed.failure = {outcome.status, outcome.detail};
  } else if (outcome.state == HeadScanner::State::Incomplete) {
    parsed.failure = {1, "incomplete"};
  } else {
    EXPECT_EQ(outcome.length, text.size());
    static std::string kept;  // the views of the head
    kept = text;
    parsed.failure = parse_head(kept, Limits(), parsed.head);
  }
  return parsed;
}

int status_of(const std::string& text) { return parse(text).failure.status; }
std::string get_with(const std::string& fields) { return "GET /a?b=c HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n"; }

TEST(RequestParser, ReadsARequest) {
  const auto parsed =
      parse("PUT /a%20b?c=d HTTP/1.1\r\nHost: example.com:80\r\nX-Y:  z w \t\r\nContent-Length: 12\r\n\r\n");
  ASSERT_FALSE(parsed.failure) << parsed.failure.detail;
  EXPECT_EQ(parsed.head.method, "PUT");
  EXPECT_EQ(parsed.head.target, "/a%20b?c=d");
  EXPECT_EQ(parsed.head.authority, "example.com:80");
  EXPECT_EQ(parsed.head.fields.get("x-y"), "z w");
  EXPECT_EQ(parsed.head.content_length, 12u);
  EXPECT_TRUE(parsed.head.keep_alive);
  EXPECT_TRUE(parsed.head.has_body());
}

TEST(RequestParser, ConnectionSaysWhetherItStays) {
  EXPECT_TRUE(parse(get_with("")).head.keep_alive);
  EXPECT_FALSE(parse(get_with("Connection: close\r\n")).head.keep_alive);
  EXPECT_FALSE(parse(get_with("Connection: keep-alive, Close\r\n")).head.keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").head.keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").head.keep_alive);
}

TEST(RequestParser, RefusesWhatFramesABodyInTwoWays) {
  EXPECT_EQ(status_of(get_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(status_of(get_with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(status_of(get_with("Content-Length: 5\r\nContent-Length: 6\r\n")), 400);
  EXPECT_EQ(status_of(get_with("Content-Length: 5\r\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(status_of(get_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(RequestParser, RefusesOddLengths) {
  for (const char* value : {"", "+5", "-5", "5, 5", "5 5", "0x5", "5;", "99999999999999999999", "9223372036854775807"})
    EXPECT_EQ(status_of(get_with(std::string("Content-Length: ") + value + "\r\n")), 400) << value;
  EXPECT_EQ(status_of(get_with("Content-Length: 00005\r\n")), 0);
}

TEST(RequestParser, RefusesOtherTransferEncodings) {
  for (const char* value :
       {"", "xchunked", "chunked, identity", "gzip, chunked", "identity", "chunked;q=1", "chunked,"})
    EXPECT_EQ(status_of(get_with(std::string("Transfer-Encoding: ") + value + "\r\n")), 501) << value;
  EXPECT_EQ(status_of(get_with("Transfer-Encoding : chunked\r\n")), 400);
  EXPECT_EQ(status_of(get_with("Transfer-Encoding: Chunked\r\n")), 0);
}

TEST(RequestParser, RefusesLooseLines) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\nHost: x\n\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n"), 400);
  EXPECT_EQ(status_of(get_with("A: b\r\n c\r\n")), 400);
  EXPECT_EQ(status_of(get_with(" A: b\r\n")), 400);
  EXPECT_EQ(status_of(get_with("A\r\n")), 400);
  EXPECT_EQ(status_of(get_with(": b\r\n")), 400);
  EXPECT_EQ(status_of(get_with("A b: c\r\n")), 400);
  EXPECT_EQ(status_of(get_with("A: b\rc\r\n")), 400);
  EXPECT_EQ(status_of(get_with(std::string("A: b\0c\r\n", 8))), 400);
  EXPECT_EQ(status_of(get_with("A: b\x7f\r\n")), 400);
  EXPECT_EQ(status_of("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
}

TEST(RequestParser, RefusesOddRequestLines) {
  for (const char* line :
       {"GET  / HTTP/1.1", "GET / HTTP/1.1 ", "GET /", "GET / http/1.1", "GET / HTTP/1.10", "G=T / HTTP/1.1",
        "GET /a b HTTP/1.1", "GET /#a HTTP/1.1", "GET a HTTP/1.1", "GET * HTTP/1.1", "GET\t/ HTTP/1.1",
        "GET /\x01 HTTP/1.1", "GET ftp://x/ HTTP/1.1", "GET http:// HTTP/1.1"})
    EXPECT_EQ(status_of(std::string(line) + "\r\nHost: x\r\n\r\n"), 400) << line;
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), 505);
  EXPECT_EQ(status_of("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"), 501);
  EXPECT_EQ(status_of("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), 0);
}

TEST(RequestParser, WantsOneGoodHost) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of(get_with("Host: y\r\n")), 400);
  for (const char* host : {"a b", "a/b", "a@b", "[::1", "[g]", "a:b", "a:1:2", ":80", "a:99999"})
    EXPECT_EQ(status_of(std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n"), 400) << host;
  for (const char* host : {"", "a", "a:80", "[::1]", "[2001:db8::1]:8080", "192.0.2.1:1", "a:"})
    EXPECT_EQ(status_of(std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n"), 0) << host;
}

TEST(RequestParser, AnAbsoluteTargetNamesTheHost) {
  const auto parsed = parse("GET http://a.example:8080/b?c HTTP/1.1\r\nHost: other\r\n\r\n");
  ASSERT_FALSE(parsed.failure);
  EXPECT_EQ(parsed.head.authority, "a.example:8080");
  EXPECT_EQ(parsed.head.target, "/b?c");
  EXPECT_EQ(parse("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n").head.target, "/");
}

TEST(RequestParser, ExpectsOnlyContinue) {
  EXPECT_TRUE(parse(get_with("Expect: 100-Continue\r\n")).head.expects_continue);
  EXPECT_EQ(status_of(get_with("Expect: 200-ok\r\n")), 417);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").head.expects_continue);
}

TEST(RequestParser, LimitsWhatItTakes) {
  EXPECT_EQ(status_of("GET /" + std::string(20000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"), 414);
  EXPECT_EQ(status_of(get_with("A: " + std::string(70000, 'a') + "\r\n")), 431);
  std::string many;
  for (int i = 0; i < 200; ++i) many += "A: b\r\n";
  EXPECT_EQ(status_of(get_with(many)), 431);
  EXPECT_EQ(status_of(get_with("A: " + std::string(20000, 'a') + "\r\n")), 0);
}

TEST(HeadScanner, RefusesBeforeTheEndComes) {
  const Limits limits;
  EXPECT_EQ(HeadScanner().scan(std::string(20000, 'a'), limits).status, 414);
  EXPECT_EQ(HeadScanner().scan("GET / HTTP/1.1\r\n" + std::string(70000, 'a'), limits).status, 431);
  EXPECT_EQ(HeadScanner().scan("\x16\x03\x01", limits).status, 400);
}

TEST(HeadScanner, FindsTheEndHoweverTheBytesCome) {
  const std::string text = get_with("A: b\r\n") + "rest";
  for (std::size_t step = 1; step < 9; ++step) {
    HeadScanner scanner;
    HeadScanner::Outcome outcome;
    for (std::size_t size = step; outcome.state == HeadScanner::State::Incomplete; size += step)
      outcome = scanner.scan(std::string_view(text).substr(0, std::min(size, text.size())), Limits());
    EXPECT_EQ(outcome.state, HeadScanner::State::Complete);
    EXPECT_EQ(outcome.length, text.size() - 4);
  }
}

}  // namespace
}  // namespace slipway::http
