#include <algorithm>
#include <array>
#include <cmath>

#include "core/crypto/passwords.h"

namespace slipway::crypto {
namespace {

// What somebody who guesses has to try for a character: the alphabets that people draw from. Characters outside them
// all (control bytes, the bytes of UTF-8) count one by one.
constexpr std::array<std::string_view, 6> kPools = {
    "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "!@$&*", "_-., ",
    "\"#%'()+/:;<=>?[\\]^{|}~`",
};
constexpr std::array<std::string_view, 3> kKeyboardRows = {"qwertyuiop", "asdfghjkl", "zxcvbnm"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool both_in_one_class(char a, char b) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return (digit(a) && digit(b)) || (letter(a) && letter(b));
}

// The ways in which `next` continues `previous`, as bits: 'o' and 'p' are neighbours in the alphabet and on a keyboard.
enum Step : unsigned { kSame = 1, kUp = 2, kDown = 4, kRowRight = 8, kRowLeft = 16 };

unsigned steps_between(char previous, char next) {
  if (previous == next) return kSame;
  const char a = lower(previous), b = lower(next);
  unsigned steps = 0;
  if (both_in_one_class(a, b) && b - a == 1) steps |= kUp;
  if (both_in_one_class(a, b) && a - b == 1) steps |= kDown;
  for (const std::string_view row : kKeyboardRows) {
    const std::size_t at = row.find(a), then = row.find(b);
    if (at == row.npos || then == row.npos) continue;
    if (then == at + 1) steps |= kRowRight;
    if (at == then + 1) steps |= kRowLeft;
  }
  return steps;
}

// A run of equal or consecutive characters tells no more than its first two.
std::size_t unpredictable_length(std::string_view password) {
  std::size_t length = std::min<std::size_t>(password.size(), 2);
  for (std::size_t i = 2; i < password.size(); ++i) {
    const unsigned before = steps_between(password[i - 2], password[i - 1]);
    if ((before & steps_between(password[i - 1], password[i])) == 0) ++length;
  }
  return length;
}

}  // namespace

double password_entropy(std::string_view password) {
  if (password.empty()) return 0;
  std::array<bool, kPools.size()> used{};
  std::array<bool, 256> others{};
  for (const char c : password) {
    const auto* pool =
        std::find_if(kPools.begin(), kPools.end(), [c](std::string_view p) { return p.find(c) != p.npos; });
    if (pool == kPools.end()) {
      others[static_cast<unsigned char>(c)] = true;
    } else {
      used[static_cast<std::size_t>(pool - kPools.begin())] = true;
    }
  }
  double base = static_cast<double>(std::count(others.begin(), others.end(), true));
  for (std::size_t i = 0; i < kPools.size(); ++i) base += used[i] ? static_cast<double>(kPools[i].size()) : 0;
  return static_cast<double>(unpredictable_length(password)) * std::log2(base);
}

}  // namespace slipway::crypto
