// Conditional requests and ranges (RFC 9110 13 and 14): pure functions over header fields.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/http/fields.h"

namespace slipway::http {

// What identifies a state of a resource.
struct Validators {
  std::string etag;  // with quotes, W/ in front of a weak one; empty: none
  std::optional<std::chrono::sys_seconds> modified;
};

// A strong entity tag from the two facts every file has.
std::string make_etag(std::chrono::sys_time<std::chrono::nanoseconds> modified, std::uint64_t size);

enum class Precondition : std::uint8_t {
  Proceed,
  NotModified,  // 304: GET and HEAD only
  Failed,       // 412
};

// If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since in the order of RFC 9110 13.2.2. `current` is null
// when the resource does not exist. Fields that are malformed are ignored, as the RFC wants.
Precondition check_preconditions(std::string_view method, const Fields& request, const Validators* current);
// Whether there is any of these fields.
bool has_preconditions(const Fields& request) noexcept;

struct ByteRange {
  std::uint64_t first = 0, last = 0;  // both inclusive, within the resource
  std::uint64_t size() const noexcept { return last - first + 1; }
  bool operator==(const ByteRange&) const = default;
};

struct RangeDecision {
  enum class Kind : std::uint8_t { Whole, Parts, Unsatisfiable } kind = Kind::Whole;
  std::vector<ByteRange> parts;  // in the order asked for; empty unless Parts
};

// Range and If-Range of a GET (RFC 9110 14.2, 13.1.5). Another unit, a malformed field, more than `max_ranges`, or
// ranges that add up to more than the resource: the whole resource.
RangeDecision decide_ranges(const Fields& request, const Validators& current, std::uint64_t size,
                            std::size_t max_ranges);

// "Fri, 20 Nov 2026 17:14:00 GMT".
std::string format_http_date(std::chrono::sys_seconds time);
// The three forms of RFC 9110 5.6.7; nothing for anything else.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

}  // namespace slipway::http
