// ROOMS: config base
// Files of env.d: any text gives variables or an error; names are names, values hold no NUL.
#include <algorithm>

#include "core/config/environment.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace slipway::config;
  static const std::string home = "/home/ann";
  const auto variables = parse_env_file({reinterpret_cast<const char*>(data), size},
                                        [](std::string_view name) { return name == "HOME" ? &home : nullptr; });
  if (!variables) return 0;
  for (const auto& [name, value] : *variables) {
    const bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    });
    if (!good || value.find('\0') != std::string::npos) __builtin_trap();
  }
  return 0;
}
