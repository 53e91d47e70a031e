#include "core/base/ids.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <stdexcept>

namespace slipway {
namespace {

__extension__ typedef unsigned __int128 Uint128;

void fill_random(std::span<unsigned char> out) {
  for (std::size_t done = 0; done < out.size();) {
    const ssize_t n = ::getrandom(out.data() + done, out.size() - done, 0);
    if (n < 0) throw std::runtime_error("getrandom failed");
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace

std::string make_unique_id() {
  std::array<unsigned char, 16> uuid;
  fill_random(uuid);
  uuid[6] = static_cast<unsigned char>((uuid[6] & 0x0F) | 0x40);
  uuid[8] = static_cast<unsigned char>((uuid[8] & 0x3F) | 0x80);
  constexpr std::string_view kAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  Uint128 number = 0;
  for (unsigned char b : uuid) number = (number << 8) | b;
  std::string out(22, kAlphabet[0]);
  for (auto digit = out.rbegin(); digit != out.rend(); ++digit) {
    *digit = kAlphabet[static_cast<std::size_t>(number % 57)];
    number /= 57;
  }
  return out;
}

std::string make_sortable_id() {
  static const auto process = [] {
    std::array<unsigned char, 5> bytes;
    fill_random(bytes);
    return bytes;
  }();
  static std::atomic<std::uint32_t> counter = [] {
    std::array<unsigned char, 3> bytes;
    fill_random(bytes);
    return std::uint32_t(bytes[0]) << 16 | std::uint32_t(bytes[1]) << 8 | bytes[2];
  }();

  const auto seconds = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
  const std::uint32_t n = counter.fetch_add(1, std::memory_order_relaxed);
  std::array<unsigned char, 12> raw;
  for (int i = 0; i < 4; ++i) raw[i] = static_cast<unsigned char>(seconds >> (24 - 8 * i));
  std::copy(process.begin(), process.end(), raw.begin() + 4);
  for (int i = 0; i < 3; ++i) raw[9 + i] = static_cast<unsigned char>(n >> (16 - 8 * i));

  constexpr std::string_view kAlphabet = "0123456789abcdefghijklmnopqrstuv";
  std::string out;
  unsigned buffer = 0, bits = 0;
  for (unsigned char b : raw) {
    buffer = (buffer << 8) | b;
    for (bits += 8; bits >= 5; bits -= 5) out += kAlphabet[(buffer >> (bits - 5)) & 31];
  }
  out += kAlphabet[(buffer << (5 - bits)) & 31];
  return out;
}

}  // namespace slipway
