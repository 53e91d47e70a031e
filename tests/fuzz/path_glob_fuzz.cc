// ROOMS: base log config events
// Path patterns of rules and Lua filters: the first line is the pattern, the rest the path.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/events/path_glob.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = input.find('\n');
  if (line == std::string_view::npos) return 0;
  const std::string_view pattern = input.substr(0, line), path = input.substr(line + 1);
  const auto glob = slipway::events::PathGlob::parse(pattern);
  if (!glob) return 0;
  const bool matched = glob->matches(path);
  // A pattern without special characters is the path itself.
  if (pattern.find_first_of("*?[\\") == std::string_view::npos && matched != (pattern == path)) std::abort();
  // "**/" in front can only add to what is matched.
  const auto wider = slipway::events::PathGlob::parse("**/" + std::string(pattern));
  if (matched && wider && !wider->matches(path)) std::abort();
  return 0;
}
