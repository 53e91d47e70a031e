#include "support/http/conditional.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "support/http/characters.h"

namespace slipway::http {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> kLongDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

char* two_digits(char* out, unsigned value) {
  *out++ = static_cast<char>('0' + value / 10);
  *out++ = static_cast<char>('0' + value % 10);
  return out;
}

void append_hex(std::uint64_t value, std::string& out) {
  std::array<char, 16> text;
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value, 16).ptr);
}

// Takes fixed pieces from the front of a text; once one does not fit, everything fails.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  void literal(std::string_view text) {
    if (rest_.starts_with(text)) {
      rest_.remove_prefix(text.size());
    } else {
      ok_ = false;
    }
  }
  unsigned number(std::size_t digits) {
    const auto value = parse_decimal(rest_.substr(0, digits), 9999);
    if (!value || rest_.size() < digits) {
      ok_ = false;
      return 0;
    }
    rest_.remove_prefix(digits);
    return static_cast<unsigned>(*value);
  }
  template <std::size_t N>
  unsigned name(const std::array<std::string_view, N>& names) {
    for (std::size_t i = 0; i < N; ++i) {
      if (!rest_.starts_with(names[i])) continue;
      rest_.remove_prefix(names[i].size());
      return static_cast<unsigned>(i);
    }
    ok_ = false;
    return 0;
  }
  bool at(char c) const { return !rest_.empty() && rest_.front() == c; }
  bool ended() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct TimeOfDay {
  unsigned hour = 0, minute = 0, second = 0;
};

TimeOfDay time_of_day(Cursor& cursor) {
  TimeOfDay time;
  time.hour = cursor.number(2);
  cursor.literal(":");
  time.minute = cursor.number(2);
  cursor.literal(":");
  time.second = cursor.number(2);
  return time;
}

std::optional<sys_seconds> make_time(int year, unsigned month, unsigned day, TimeOfDay time) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month + 1), std::chrono::day(day)};
  if (!date.ok() || time.hour > 23 || time.minute > 59 || time.second > 60) return std::nullopt;
  return sys_days(date) + std::chrono::hours(time.hour) + std::chrono::minutes(time.minute) +
         std::chrono::seconds(time.second);
}

// One of a list of entity tags; false once there is no more, or what comes is none.
bool next_etag(std::string_view& list, std::string_view& tag) {
  while (!list.empty() && (list.front() == ',' || list.front() == ' ' || list.front() == '\t')) list.remove_prefix(1);
  const std::size_t quote = list.starts_with("W/") ? 2 : 0;
  if (list.size() <= quote || list[quote] != '"') return false;
  const auto end = list.find('"', quote + 1);
  if (end == std::string_view::npos) return false;
  tag = list.substr(0, end + 1);
  list.remove_prefix(end + 1);
  return true;
}

bool is_weak(std::string_view tag) { return tag.starts_with("W/"); }
std::string_view opaque(std::string_view tag) { return is_weak(tag) ? tag.substr(2) : tag; }
bool strong_match(std::string_view a, std::string_view b) { return !a.empty() && !is_weak(a) && !is_weak(b) && a == b; }
bool weak_match(std::string_view a, std::string_view b) { return !a.empty() && opaque(a) == opaque(b); }

bool any_etag(std::string_view list, std::string_view current, bool (*match)(std::string_view, std::string_view)) {
  if (trim_blanks(list) == "*") return true;
  std::string_view tag;
  while (next_etag(list, tag)) {
    if (match(current, tag)) return true;
  }
  return false;
}

std::optional<sys_seconds> date_field(const Fields& fields, std::string_view name) {
  const auto value = fields.get(name);
  return value ? parse_http_date(*value) : std::nullopt;
}

bool if_range_allows(const Fields& request, const Validators& current) {
  const auto field = request.get("If-Range");
  if (!field) return true;
  if (field->starts_with("\"") || field->starts_with("W/")) return strong_match(current.etag, *field);
  const auto date = parse_http_date(*field);
  return date && current.modified && *date == *current.modified;
}

}  // namespace

std::string make_etag(std::chrono::sys_time<std::chrono::nanoseconds> modified, std::uint64_t size) {
  std::string tag = "\"";
  append_hex(static_cast<std::uint64_t>(modified.time_since_epoch().count()), tag);
  tag += '-';
  append_hex(size, tag);
  tag += '"';
  return tag;
}

bool has_preconditions(const Fields& request) noexcept {
  for (const char* name : {"If-Match", "If-Unmodified-Since", "If-None-Match", "If-Modified-Since"})
    if (request.get(name)) return true;
  return false;
}

Precondition check_preconditions(std::string_view method, const Fields& request, const Validators* current) {
  const bool reads = method == "GET" || method == "HEAD";
  if (request.get("If-Match")) {
    if (current == nullptr || !any_etag(request.joined("If-Match"), current->etag, strong_match))
      return Precondition::Failed;
  } else if (const auto date = date_field(request, "If-Unmodified-Since"); date && current && current->modified) {
    if (*current->modified > *date) return Precondition::Failed;
  }
  if (request.get("If-None-Match")) {
    if (current != nullptr && any_etag(request.joined("If-None-Match"), current->etag, weak_match))
      return reads ? Precondition::NotModified : Precondition::Failed;
  } else if (const auto date = date_field(request, "If-Modified-Since");
             date && reads && current && current->modified) {
    if (*current->modified <= *date) return Precondition::NotModified;
  }
  return Precondition::Proceed;
}

RangeDecision decide_ranges(const Fields& request, const Validators& current, std::uint64_t size,
                            std::size_t max_ranges) {
  RangeDecision whole;
  const auto field = request.get("Range");
  if (!field || max_ranges == 0 || !if_range_allows(request, current)) return whole;
  auto list = *field;
  if (list.size() < 6 || !equal_ignoring_case(list.substr(0, 6), "bytes=")) return whole;
  list.remove_prefix(6);

  RangeDecision decision{RangeDecision::Kind::Parts, {}};
  std::uint64_t sum = 0;
  std::size_t asked = 0;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto range = trim_blanks(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (range.empty()) continue;
    if (++asked > max_ranges) return whole;
    const auto dash = range.find('-');
    if (dash == std::string_view::npos) return whole;
    constexpr auto kMost = ~std::uint64_t{0};
    const auto first_text = range.substr(0, dash), last_text = range.substr(dash + 1);
    const auto first = parse_decimal(first_text, kMost), last = parse_decimal(last_text, kMost);
    if ((!first && !first_text.empty()) || (!last && !last_text.empty()) || (!first && !last)) return whole;
    if (first && last && *last < *first) return whole;
    if (first) {
      if (*first >= size) continue;
      decision.parts.push_back({*first, std::min(last.value_or(kMost), size - 1)});
    } else {
      if (*last == 0 || size == 0) continue;
      decision.parts.push_back({size - std::min(*last, size), size - 1});
    }
    sum += decision.parts.back().size();
  }
  if (asked == 0) return whole;
  if (decision.parts.empty()) return {RangeDecision::Kind::Unsatisfiable, {}};
  // More bytes than the whole: only of use to who wants to tire us.
  if (decision.parts.size() > 1 && sum > size) return whole;
  return decision;
}

std::string format_http_date(sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 32> text;
  char* at = text.data();
  const auto put = [&at](std::string_view piece) { at = std::copy(piece.begin(), piece.end(), at); };
  put(kDays[std::chrono::weekday(day).c_encoding()]);
  put(", ");
  at = two_digits(at, static_cast<unsigned>(date.day()));
  *at++ = ' ';
  put(kMonths[static_cast<unsigned>(date.month()) - 1]);
  *at++ = ' ';
  const auto year = static_cast<unsigned>(std::clamp(static_cast<int>(date.year()), 0, 9999));
  at = two_digits(two_digits(at, year / 100), year % 100);
  *at++ = ' ';
  at = two_digits(at, static_cast<unsigned>(clock.hours().count()));
  *at++ = ':';
  at = two_digits(at, static_cast<unsigned>(clock.minutes().count()));
  *at++ = ':';
  at = two_digits(at, static_cast<unsigned>(clock.seconds().count()));
  put(" GMT");
  return {text.data(), at};
}

std::optional<sys_seconds> parse_http_date(std::string_view text) {
  const auto comma = text.find(',');
  Cursor cursor(text);
  std::optional<sys_seconds> result;
  if (comma == 3) {  // Sun, 06 Nov 1994 08:49:37 GMT
    cursor.name(kDays);
    cursor.literal(", ");
    const unsigned day = cursor.number(2);
    cursor.literal(" ");
    const unsigned month = cursor.name(kMonths);
    cursor.literal(" ");
    const auto year = static_cast<int>(cursor.number(4));
    cursor.literal(" ");
    const auto time = time_of_day(cursor);
    cursor.literal(" GMT");
    result = make_time(year, month, day, time);
  } else if (comma != std::string_view::npos) {  // Sunday, 06-Nov-94 08:49:37 GMT
    cursor.name(kLongDays);
    cursor.literal(", ");
    const unsigned day = cursor.number(2);
    cursor.literal("-");
    const unsigned month = cursor.name(kMonths);
    cursor.literal("-");
    auto year = static_cast<int>(cursor.number(2)) + 2000;
    cursor.literal(" ");
    const auto time = time_of_day(cursor);
    cursor.literal(" GMT");
    result = make_time(year, month, day, time);
    // A date that seems to be more than 50 years in the future is of the last century.
    if (result && *result > std::chrono::system_clock::now() + std::chrono::days(50 * 365 + 12))
      result = make_time(year - 100, month, day, time);
  } else {  // Sun Nov  6 08:49:37 1994
    cursor.name(kDays);
    cursor.literal(" ");
    const unsigned month = cursor.name(kMonths);
    cursor.literal(" ");
    unsigned day = 0;
    if (cursor.at(' ')) {
      cursor.literal(" ");
      day = cursor.number(1);
    } else {
      day = cursor.number(2);
    }
    cursor.literal(" ");
    const auto time = time_of_day(cursor);
    cursor.literal(" ");
    const auto year = static_cast<int>(cursor.number(4));
    result = make_time(year, month, day, time);
  }
  return cursor.ended() ? result : std::nullopt;
}

}  // namespace slipway::http
