// A JSON value carried as text by code that does not look inside.
#pragma once

#include <string>
#include <utility>

namespace slipway {

// Empty: there is none. Otherwise one well-formed JSON value; the JSON binding reads and writes it as that value.
struct JsonText {
  JsonText() = default;
  explicit JsonText(std::string json) : text(std::move(json)) {}
  std::string text;
  bool empty() const noexcept { return text.empty(); }
  bool operator==(const JsonText&) const = default;
};

}  // namespace slipway
