// What clients say about uploads in pieces: what is understood has a path, and says the same when it is written again.
// TARGETS: http_api
#include <cstdlib>

#include "slipway/base64.h"
#include "tus_checksum.h"
#include "tus_metadata.h"

using namespace slipway::httpd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto metadata = parse_tus_metadata(text);
  (void)timestamp_of_milliseconds(text);
  if (auto checksum = TusChecksum::parse(text)) {
    checksum->add(std::as_bytes(std::span(text)));
    (void)checksum->fits();
  }
  if (!metadata) return 0;
  if (metadata->path.empty()) std::abort();
  using slipway::base64_encode;
  std::string again = "path " + base64_encode(metadata->path);
  if (!metadata->share_id.empty()) again += ",share_id " + base64_encode(metadata->share_id);
  if (metadata->mkdir_parents) again += ",mkdir_parents dHJ1ZQ==";
  // Without padding what was as long as it may be can have become longer.
  if (again.size() > kMaxTusMetadata) return 0;
  const auto second = parse_tus_metadata(again);
  if (!second || second->path != metadata->path || second->share_id != metadata->share_id ||
      second->mkdir_parents != metadata->mkdir_parents)
    std::abort();
  return 0;
}
