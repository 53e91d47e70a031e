// TARGETS: slipway_http
//
// Values of header fields that have a grammar of their own: ranges, dates, entity tags, encodings, addresses, escapes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "slipway/base64.h"
#include "support/http/binding.h"
#include "support/http/conditional.h"
#include "support/http/gzip.h"
#include "support/http/url.h"

namespace {

using namespace slipway;
using namespace slipway::http;

void require(bool good) {
  if (!good) std::abort();
}

void ranges(const Fields& fields, std::uint64_t size) {
  const Validators current{"\"v\"", std::chrono::sys_seconds(std::chrono::seconds(1000))};
  const auto decision = decide_ranges(fields, current, size, 8);
  require(decision.parts.size() <= 8);
  require(decision.kind == RangeDecision::Kind::Parts || decision.parts.empty());
  std::uint64_t sum = 0;
  for (const auto& part : decision.parts) {
    require(part.first <= part.last && part.last < size);
    sum += part.size();
  }
  require(sum <= size);
  (void)check_preconditions("GET", fields, &current);
  (void)check_preconditions("PUT", fields, nullptr);
}

const Binding& binding() {
  static const std::shared_ptr<const Binding> made = [] {
    BindingOptions options;
    options.router = std::make_shared<Router>();
    options.proxy = {{"0.0.0.0/0"}, "A", 0};
    options.security.enabled = true;
    options.security.allowed_hosts = {"a"};
    options.security.hosts_proxy_headers = {"B"};
    options.cors.enabled = true;
    options.cors.allowed_origins = {"https://*.example.com"};
    options.cors.allowed_headers = {"x"};
    return *Binding::make(options);
  }();
  return *made;
}

}  // namespace

// The first byte says how large the resource is; the lines after it are values.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto cut = text.find('\n');
  const auto first = text.substr(0, cut),
             second = cut == std::string_view::npos ? std::string_view() : text.substr(cut + 1);

  for (const char* name : {"If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "Accept-Encoding"}) {
    Fields fields;
    fields.add("Range", first);
    fields.add(name, second);
    ranges(fields, std::uint64_t{data[0]} * data[0]);
    (void)accepts_gzip(fields);
  }
  if (const auto date = parse_http_date(first)) {
    const auto year = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*date)).year();
    if (year >= std::chrono::year(0)) require(parse_http_date(format_http_date(*date)) == date);
  }
  if (const auto decoded = percent_decode(first)) require(percent_decode(percent_encode(*decoded)) == decoded);
  if (const auto decoded = base64_decode(first, Base64::Lenient))
    require(base64_decode(base64_encode(*decoded), Base64::Lenient) == decoded);
  (void)parse_query(first);
  if (const auto address = parse_address(first)) require(parse_address(format_address(*address)) == address);
  Networks networks;
  (void)networks.add(first);

  FieldBlock block;
  block.set("Name", first);
  block.add(second, first);
  block.set("Name", second);
  block.remove(second);
  for (std::size_t at = 0; at < block.text().size();) {
    const auto end = block.text().find("\r\n", at);
    require(end != std::string_view::npos &&
            block.text().substr(at, end - at).find_first_of("\r\n") == std::string_view::npos);
    at = end + 2;
  }

  RequestParts parts;
  parts.method = data[0] % 2 == 0 ? "OPTIONS" : "GET";
  parts.target = "/";
  parts.host = "a";
  parts.peer = parts.remote = {"192.0.2.1", 1};
  parts.headers.add("A", first);
  parts.headers.add("B", second);
  parts.headers.add("Origin", first);
  parts.headers.add("Access-Control-Request-Method", "PUT");
  parts.headers.add("Access-Control-Request-Headers", second);
  binding().identify(parts);
  Request request(std::move(parts), nullptr);
  Response response;
  (void)binding().answer(request, response);
  return 0;
}
