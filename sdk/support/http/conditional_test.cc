#include "support/http/conditional.h"

#include <gtest/gtest.h>

namespace slipway::http {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr sys_seconds kModified{seconds(784111777)};  // Sun, 06 Nov 1994 08:49:37 GMT
const Validators kCurrent{"\"v1\"", kModified};

Fields with(std::initializer_list<Field> list) {
  Fields fields;
  for (const auto& field : list) fields.add(field.name, field.value);
  return fields;
}

TEST(HttpDate, WritesAndReadsItself) {
  EXPECT_EQ(format_http_date(kModified), "Sun, 06 Nov 1994 08:49:37 GMT");
  for (const std::int64_t t : {0LL, 951782400LL, 1709164800LL, 4102444799LL}) {
    const sys_seconds time{seconds(t)};
    EXPECT_EQ(parse_http_date(format_http_date(time)), time);
  }
}

TEST(HttpDate, ReadsTheOldForms) {
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), kModified);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), kModified);
  EXPECT_EQ(parse_http_date("Sun Nov 16 08:49:37 1994"), kModified + std::chrono::days(10));
}

TEST(HttpDate, RefusesEverythingElse) {
  for (const char* text :
       {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ", "784111777"})
    EXPECT_FALSE(parse_http_date(text)) << text;
}

TEST(Etag, ComesFromTimeAndSize) {
  EXPECT_EQ(make_etag(std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(255)), 16), "\"ff-10\"");
}

TEST(Preconditions, IfNoneMatch) {
  EXPECT_EQ(check_preconditions("GET", with({{"If-None-Match", "\"v1\""}}), &kCurrent), Precondition::NotModified);
  EXPECT_EQ(check_preconditions("GET", with({{"If-None-Match", "\"v0\", W/\"v1\""}}), &kCurrent),
            Precondition::NotModified);
  EXPECT_EQ(check_preconditions("GET", with({{"If-None-Match", "\"v0\""}}), &kCurrent), Precondition::Proceed);
  EXPECT_EQ(check_preconditions("PUT", with({{"If-None-Match", "*"}}), &kCurrent), Precondition::Failed);
  EXPECT_EQ(check_preconditions("PUT", with({{"If-None-Match", "*"}}), nullptr), Precondition::Proceed);
}

TEST(Preconditions, IfMatchComparesStrongly) {
  EXPECT_EQ(check_preconditions("PUT", with({{"If-Match", "\"v1\""}}), &kCurrent), Precondition::Proceed);
  EXPECT_EQ(check_preconditions("PUT", with({{"If-Match", "W/\"v1\""}}), &kCurrent), Precondition::Failed);
  EXPECT_EQ(check_preconditions("PUT", with({{"If-Match", "*"}}), &kCurrent), Precondition::Proceed);
  EXPECT_EQ(check_preconditions("PUT", with({{"If-Match", "*"}}), nullptr), Precondition::Failed);
}

TEST(Preconditions, Dates) {
  const auto date = format_http_date(kModified), before = format_http_date(kModified - seconds(1));
  EXPECT_EQ(check_preconditions("GET", with({{"If-Modified-Since", date}}), &kCurrent), Precondition::NotModified);
  EXPECT_EQ(check_preconditions("GET", with({{"If-Modified-Since", before}}), &kCurrent), Precondition::Proceed);
  EXPECT_EQ(check_preconditions("PUT", with({{"If-Modified-Since", date}}), &kCurrent), Precondition::Proceed);
  EXPECT_EQ(check_preconditions("GET", with({{"If-Unmodified-Since", before}}), &kCurrent), Precondition::Failed);
  EXPECT_EQ(check_preconditions("GET", with({{"If-Unmodified-Since", date}}), &kCurrent), Precondition::Proceed);
  EXPECT_EQ(check_preconditions("GET", with({{"If-Modified-Since", "yesterday"}}), &kCurrent), Precondition::Proceed);
  // An entity tag is stronger than a date.
  EXPECT_EQ(check_preconditions("GET", with({{"If-None-Match", "\"v0\""}, {"If-Modified-Since", date}}), &kCurrent),
            Precondition::Proceed);
}

RangeDecision ranges(std::string_view value, std::uint64_t size = 100) {
  return decide_ranges(with({{"Range", value}}), kCurrent, size, 4);
}
using Parts = std::vector<ByteRange>;

TEST(Ranges, OneAndSeveral) {
  EXPECT_EQ(ranges("bytes=0-9").parts, (Parts{{0, 9}}));
  EXPECT_EQ(ranges("bytes=90-").parts, (Parts{{90, 99}}));
  EXPECT_EQ(ranges("bytes=-10").parts, (Parts{{90, 99}}));
  EXPECT_EQ(ranges("bytes=-1000").parts, (Parts{{0, 99}}));
  EXPECT_EQ(ranges("bytes=0-0").parts, (Parts{{0, 0}}));
  EXPECT_EQ(ranges("bytes=90-1000").parts, (Parts{{90, 99}}));
  EXPECT_EQ(ranges("Bytes=0-1, 5-6 ,,-1").parts, (Parts{{0, 1}, {5, 6}, {99, 99}}));
  EXPECT_EQ(ranges("bytes=0-1,200-").parts, (Parts{{0, 1}}));
}

TEST(Ranges, WhatIsOutsideIsNotSatisfiable) {
  for (const char* value : {"bytes=100-", "bytes=200-300", "bytes=-0", "bytes=99999999999999999999-"})
    EXPECT_NE(ranges(value).kind, RangeDecision::Kind::Parts) << value;
  EXPECT_EQ(ranges("bytes=100-").kind, RangeDecision::Kind::Unsatisfiable);
  EXPECT_EQ(ranges("bytes=-5", 0).kind, RangeDecision::Kind::Unsatisfiable);
}

TEST(Ranges, WhatIsMalformedIsIgnored) {
  for (const char* value : {"lines=0-9", "bytes", "bytes=", "bytes=a-b", "bytes=9-0", "bytes=-", "bytes=0-9-",
                            "bytes=0-1,x", "bytes=+1-2", "bytes=0-1,2-3,4-5,6-7,8-9", "bytes=0-99,0-99"})
    EXPECT_EQ(ranges(value).kind, RangeDecision::Kind::Whole) << value;
  EXPECT_EQ(decide_ranges(with({{"Range", "bytes=0-1"}}), kCurrent, 100, 0).kind, RangeDecision::Kind::Whole);
}

TEST(Ranges, IfRangeGuardsThem) {
  const auto kind = [](std::string_view if_range) {
    return decide_ranges(with({{"Range", "bytes=0-9"}, {"If-Range", if_range}}), kCurrent, 100, 4).kind;
  };
  EXPECT_EQ(kind("\"v1\""), RangeDecision::Kind::Parts);
  EXPECT_EQ(kind("\"v2\""), RangeDecision::Kind::Whole);
  EXPECT_EQ(kind("W/\"v1\""), RangeDecision::Kind::Whole);
  EXPECT_EQ(kind(format_http_date(kModified)), RangeDecision::Kind::Parts);
  EXPECT_EQ(kind(format_http_date(kModified + seconds(1))), RangeDecision::Kind::Whole);
  EXPECT_EQ(kind("nonsense"), RangeDecision::Kind::Whole);
}

}  // namespace
}  // namespace slipway::http
