// ROOMS: base log config events lua
// Lua's patterns: the first line is the pattern, the rest the subject.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/lua/pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slipway::lua;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = input.find('\n');
  if (line == std::string_view::npos) return 0;
  const std::string_view subject = input.substr(line + 1);
  const Pattern pattern(input.substr(0, line), true);
  if (pattern.problem() != nullptr) return 0;
  Matcher matcher(pattern, subject, 100'000);
  if (matcher.search(0) != Matcher::Outcome::Match) return 0;
  if (matcher.start() > matcher.end() || matcher.end() > subject.size()) std::abort();
  for (std::size_t i = 0; i < matcher.capture_count(); ++i) {
    const auto& capture = matcher.capture(i);
    if (capture.begin < matcher.start() || capture.begin + capture.length > matcher.end()) std::abort();
  }
  return 0;
}
