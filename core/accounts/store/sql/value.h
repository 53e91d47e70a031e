// A parameter of a statement.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace slipway::sql {

// Bytes that are not text. Refers to the caller's.
struct Blob {
  std::string_view bytes;
};
struct Null {};

// Refers to the caller's text and bytes: lives no longer than the call it is a parameter of. A bool is 0 or 1.
class Value {
 public:
  using Storage = std::variant<Null, std::int64_t, double, std::string_view, Blob>;

  Value(Null) {}
  template <std::integral T>
  Value(T number) : storage_(static_cast<std::int64_t>(number)) {}
  Value(double number) : storage_(number) {}
  Value(std::string_view text) : storage_(text) {}
  Value(const std::string& text) : storage_(std::string_view(text)) {}
  Value(const char* text) : storage_(std::string_view(text)) {}
  Value(Blob blob) : storage_(blob) {}
  template <class T>
  Value(const std::optional<T>& value) : Value(value ? Value(*value) : Value(Null{})) {}

  const Storage& storage() const noexcept { return storage_; }

 private:
  Storage storage_;
};

}  // namespace slipway::sql
