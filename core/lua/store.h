// The small key-value store that scripts share across states and reloads; it lives as long as the server.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "slipway/result.h"

namespace slipway::lua {

// Thread-safe.
class Store {
 public:
  using Value = std::variant<bool, std::int64_t, double, std::string>;
  static constexpr std::size_t kMaxKeys = 10'000;
  static constexpr std::size_t kMaxKey = 256;                 // bytes
  static constexpr std::size_t kMaxValue = 64 * 1024;         // bytes of a text
  static constexpr std::size_t kMaxTotal = 16 * 1024 * 1024;  // bytes of all keys and texts

  std::optional<Value> get(std::string_view key) const;
  // TooLarge beyond a limit; nothing is changed then.
  Status set(std::string_view key, Value value);
  void erase(std::string_view key);

 private:
  static std::size_t size_of(const Value& value);
  mutable std::mutex mutex_;
  std::map<std::string, Value, std::less<>> values_;
  std::size_t total_ = 0;
};

}  // namespace slipway::lua
