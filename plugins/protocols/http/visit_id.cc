#include "visit_id.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>

namespace slipway::httpd {

std::string make_visit_id() {
  static const std::uint64_t kProcess = [] {
    std::random_device random;
    return static_cast<std::uint64_t>(random()) << 8 | (random() & 0xff);  // 40 bits
  }();
  static std::atomic<std::uint32_t> counter{std::random_device{}()};

  const auto seconds = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
  const std::uint32_t count = counter.fetch_add(1, std::memory_order_relaxed);
  std::array<unsigned char, 12> bytes{};
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<unsigned char>(seconds >> (24 - 8 * i));
  for (int i = 0; i < 5; ++i) bytes[4 + i] = static_cast<unsigned char>(kProcess >> (32 - 8 * i));
  for (int i = 0; i < 3; ++i) bytes[9 + i] = static_cast<unsigned char>(count >> (16 - 8 * i));

  constexpr char kAlphabet[] = "0123456789abcdefghijklmnopqrstuv";
  std::string id;
  id.reserve(20);
  std::uint32_t bits = 0;
  int held = 0;
  for (const unsigned char byte : bytes) {
    bits = bits << 8 | byte;
    for (held += 8; held >= 5; held -= 5) id += kAlphabet[bits >> (held - 5) & 31];
  }
  id += kAlphabet[bits << (5 - held) & 31];
  return id;
}

}  // namespace slipway::httpd
