#include "support/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "support/http/characters.h"

namespace slipway::http {
namespace {

constexpr int kLevel = 5;
constexpr int kWindow = 15 + 16;  // with a gzip header
constexpr int kMemory = 8;

bool weight_is_zero(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto end = std::min(parameters.find(';'), parameters.size());
    const auto parameter = trim_blanks(parameters.substr(0, end));
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    return parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
  }
  return false;
}

}  // namespace

bool accepts_gzip(const Fields& request) {
  bool star = false;
  for (const auto& field : request.all()) {
    if (!equal_ignoring_case(field.name, "Accept-Encoding")) continue;
    auto list = field.value;
    while (!list.empty()) {
      const auto end = std::min(list.find(','), list.size());
      const auto element = trim_blanks(list.substr(0, end));
      list.remove_prefix(std::min(end + 1, list.size()));
      const auto semicolon = std::min(element.find(';'), element.size());
      const auto coding = trim_blanks(element.substr(0, semicolon));
      const bool wanted = !weight_is_zero(element.substr(std::min(semicolon + 1, element.size())));
      if (equal_ignoring_case(coding, "gzip") || equal_ignoring_case(coding, "x-gzip")) return wanted;
      if (coding == "*") star = wanted;
    }
  }
  return star;
}

bool is_compressible(std::string_view content_type) {
  const auto type = trim_blanks(content_type.substr(0, content_type.find(';')));
  constexpr std::array<std::string_view, 6> exact = {"application/json", "application/javascript",
                                                     "application/xml",  "application/manifest+json",
                                                     "application/yaml", "image/svg+xml"};
  return type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml") ||
         std::find(exact.begin(), exact.end(), type) != exact.end();
}

struct GzipEncoder::State {
  z_stream stream{};
  bool good = false;
};

GzipEncoder::GzipEncoder() : state_(std::make_unique<State>()) {
  state_->good = deflateInit2(&state_->stream, kLevel, Z_DEFLATED, kWindow, kMemory, Z_DEFAULT_STRATEGY) == Z_OK;
}

GzipEncoder::~GzipEncoder() {
  if (state_->good) deflateEnd(&state_->stream);
}

bool GzipEncoder::encode(std::string_view data, Flush flush, ByteBuffer& out) {
  if (!state_->good) return false;
  auto& stream = state_->stream;
  const int mode = flush == Flush::None ? Z_NO_FLUSH : flush == Flush::Sync ? Z_SYNC_FLUSH : Z_FINISH;
  constexpr std::size_t kMost = 1 << 30;  // zlib counts with 32 bits
  do {
    const auto piece = data.substr(0, kMost);
    data.remove_prefix(piece.size());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    stream.avail_in = static_cast<uInt>(piece.size());
    int result = Z_OK;
    do {
      char* const room = out.reserve(std::max<std::size_t>(piece.size() / 4, 4096));
      const auto size = static_cast<uInt>(std::min(out.room(), kMost));
      stream.next_out = reinterpret_cast<Bytef*>(room);
      stream.avail_out = size;
      result = deflate(&stream, data.empty() ? mode : Z_NO_FLUSH);
      if (result == Z_STREAM_ERROR) return false;
      out.commit(size - stream.avail_out);
    } while (stream.avail_out == 0 && result != Z_STREAM_END);
  } while (!data.empty());
  return true;
}

}  // namespace slipway::http
