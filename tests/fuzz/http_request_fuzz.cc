// TARGETS: slipway_http
//
// A client's bytes as a server takes them: header after header, body after body. Where the network cuts them must make
// no difference, and what is understood must be understood in one way only.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "support/http/body_decoder.h"
#include "support/http/request_parser.h"
#include "support/http/router.h"

namespace {

using namespace slipway::http;

void require(bool good) {
  if (!good) std::abort();
}

const Router& router() {
  static const Router* const made = [] {
    auto* r = new Router;
    for (const char* pattern : {"/", "/a", "/a/{x}", "/a/{x}/b/{y}", "/f/{rest*}", "/{any*}"})
      r->add("GET PUT", pattern, [](Request&, Response&) {});
    return r;
  }();
  return *made;
}

// What must hold of every header that is taken.
void check(const RequestHead& head) {
  require(!head.method.empty() && !head.target.empty());
  require(head.target.front() == '/' || (head.target == "*" && head.method == "OPTIONS"));
  require(!(head.chunked && head.content_length));
  require(!(head.chunked && head.http_1_0));
  for (const auto& field : head.fields.all()) {
    require(!field.name.empty() && field.name.find_first_of(" \t\r\n:") == std::string_view::npos);
    require(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
  }
  RequestParts parts;
  parts.method = head.method;
  parts.target = head.target;
  parts.headers = head.fields;
  Request request(std::move(parts), nullptr);
  const auto match = router().match(request);
  if (match.outcome == Router::Outcome::Found) {
    for (const auto& [name, value] : request.route_parameters()) {
      require(value.find('\0') == std::string::npos);
      require(value != ".." && value != "." && value.find("/../") == std::string::npos);
    }
  }
  (void)request.query_parameters();
  (void)request.cookie("a");
  (void)request.basic_credentials();
  (void)request.bearer_token();
}

// Everything that a connection with these bytes would lead to, as text.
std::string transcript(std::string_view bytes, std::size_t step) {
  Limits limits;
  limits.header = 2048;
  limits.request_line = 512;
  limits.fields = 20;
  std::string log, buffer;
  HeadScanner scanner;
  BodyDecoder decoder;
  bool in_body = false;
  while (true) {
    bool moved = false;
    if (!in_body) {
      const auto outcome = scanner.scan(buffer, limits);
      if (outcome.state == HeadScanner::State::Bad) return log + "bad " + std::to_string(outcome.status);
      if (outcome.state == HeadScanner::State::Complete) {
        RequestHead head;
        const std::string text = buffer.substr(0, outcome.length);
        const auto failure = parse_head(text, limits, head);
        if (failure) return log + "refused " + std::to_string(failure.status);
        check(head);
        log.append(head.method).append(" ").append(head.target).append("\n");
        buffer.erase(0, outcome.length);
        scanner.reset();
        if (head.chunked)
          decoder.begin_chunked();
        else
          decoder.begin_length(head.content_length.value_or(0));
        in_body = moved = true;
      }
    } else {
      if (decoder.state() == BodyDecoder::State::More && !buffer.empty()) {
        const auto piece = decoder.next(buffer, 50);
        require(piece.consumed > 0 && piece.consumed <= buffer.size());
        log.append(piece.data);
        buffer.erase(0, piece.consumed);
        moved = true;
      }
      if (decoder.state() == BodyDecoder::State::Bad) return log + "bad body";
      if (decoder.state() == BodyDecoder::State::Done) {
        log += "\nend\n";
        in_body = false;
        moved = true;
      }
    }
    if (moved) continue;
    if (bytes.empty()) return log;
    buffer += bytes.substr(0, step);
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 8192) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto step = std::size_t{1} + data[0] % 64;
  // Limits that are found early or late may name another status; what was understood before is the same.
  const auto whole = transcript(bytes, bytes.size() + 1), cut = transcript(bytes, step);
  const auto understood = [](const std::string& text) {
    const auto refusal = std::max({text.rfind("bad ") + 1, text.rfind("refused ") + 1, std::size_t{0}});
    return refusal == 0 ? text : text.substr(0, refusal - 1);
  };
  require(understood(whole) == understood(cut));
  return 0;
}
