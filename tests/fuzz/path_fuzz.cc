// ROOMS: vfs
// Client paths: whatever comes in, what comes out is a clean path that cleaning does not change.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/vfs/path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slipway;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto path = vfs::clean_path(VPath("/base/dir"), text);
  if (!path) return 0;
  const std::string& out = path->str();
  const auto require = [](bool condition) {
    if (!condition) std::abort();
  };
  require(out.front() == '/' && out.size() <= vfs::kMaxPath);
  require(out.size() == 1 || out.back() != '/');
  require(out.find('\0') == out.npos && out.find('\\') == out.npos && out.find("//") == out.npos);
  require((out + "/").find("/../") == out.npos && (out + "/").find("/./") == out.npos);
  const auto again = vfs::absolute_path(out);
  require(again.ok() && *again == *path);
  return 0;
}
