// TARGETS: slipway_http
//
// A WebSocket client's frames, cut in two ways: messages and endings must be the same, and within the limit.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "support/http/websocket_frames.h"

namespace {

using namespace slipway::http;

constexpr std::size_t kMax = 500;

void require(bool good) {
  if (!good) std::abort();
}

std::string transcript(std::string_view bytes, std::size_t step) {
  WebSocketReader reader(kMax);
  std::string log;
  while (!bytes.empty()) {
    auto piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    while (true) {
      const auto event = reader.next(piece);
      using Type = WebSocketReader::Event::Type;
      if (event.type == Type::None) break;
      log += std::to_string(static_cast<int>(event.type)) + ":" + std::to_string(event.code) + ":";
      log.append(event.payload).append("\n");
      if (event.type == Type::Message) {
        require(event.payload.size() <= kMax);
        require(event.kind == WebSocket::Kind::Binary || is_utf8(event.payload));
      }
      if (event.type == Type::Close || event.type == Type::Failed) return log;
    }
    require(piece.empty());
  }
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 4096) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  require(transcript(bytes, bytes.size() + 1) == transcript(bytes, std::size_t{1} + data[0] % 16));
  return 0;
}
