// Multipart bodies, in pieces: the size of the pieces must not matter.
// TARGETS: http_api
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "multipart.h"

using namespace slipway::httpd;

namespace {

std::string read_all(std::string_view body, std::size_t piece) {
  std::size_t at = 0;
  MultipartReader reader("b", [&](std::span<std::byte> out) -> slipway::Result<std::size_t> {
    const std::size_t count = std::min({piece, out.size(), body.size() - at});
    std::memcpy(out.data(), body.data() + at, count);
    at += count;
    return count;
  });
  std::string seen;
  char buffer[512];
  while (true) {
    const auto part = reader.next();
    if (!part) return seen + "!";
    if (!*part) return seen;
    seen += (*part)->name + "\1" + (*part)->file_name.value_or("") + "\2";
    while (true) {
      const auto count = reader.read(std::as_writable_bytes(std::span(buffer)));
      if (!count) return seen + "!";
      if (*count == 0) break;
      seen.append(buffer, *count);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)multipart_boundary(text);
  (void)parse_part_disposition(text);
  if (read_all(text, 1 << 20) != read_all(text, 1 + size % 7)) std::abort();
  return 0;
}
