// ROOMS: module
// Module manifests: whatever the text is, an error or a manifest that keeps its own rules.
#include <cstdlib>
#include <string_view>

#include "core/module/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto manifest = slipway::module::parse_manifest(text, "storage-x");
  if (!manifest) {
    if (manifest.error().cause().empty()) std::abort();
    return 0;
  }
  if (manifest->name != "storage-x" || manifest->library.find('/') != std::string::npos || manifest->library.empty() ||
      manifest->provides.size() > 32 || manifest->description.size() > 1024) {
    std::abort();
  }
  return 0;
}
