// gzip for text (RFC 1952): which answers are worth it, and the encoder.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "support/http/byte_buffer.h"
#include "support/http/fields.h"

namespace slipway::http {

// Accept-Encoding names gzip, or everything, without a weight of zero.
bool accepts_gzip(const Fields& request);
// Text, JSON, XML, JavaScript and SVG.
bool is_compressible(std::string_view content_type);

class GzipEncoder {
 public:
  enum class Flush : std::uint8_t { None, Sync, Finish };
  GzipEncoder();
  ~GzipEncoder();
  GzipEncoder(const GzipEncoder&) = delete;
  GzipEncoder& operator=(const GzipEncoder&) = delete;

  // Appends to `out`; False when zlib is out of memory.
  bool encode(std::string_view data, Flush flush, ByteBuffer& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::http
