// Header fields: names compare without case, values are bytes without CR, LF and NUL.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::http {

// ASCII only, as in RFC 9110 5.1.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

struct Field {
  std::string_view name, value;  // value without leading and trailing blanks
};

// The fields of a received message, in its order. The views belong to the message.
class Fields {
 public:
  // The first of that name.
  std::optional<std::string_view> get(std::string_view name) const noexcept;
  // All of that name, joined by ", " (RFC 9110 5.3); empty when there is none.
  std::string joined(std::string_view name) const;
  // Whether one of the comma separated elements of all fields of that name is `token`.
  bool has_token(std::string_view name, std::string_view token) const noexcept;

  const std::vector<Field>& all() const noexcept { return fields_; }
  void add(std::string_view name, std::string_view value) { fields_.push_back({name, value}); }
  void remove(std::string_view name);
  void clear() noexcept { fields_.clear(); }

 private:
  std::vector<Field> fields_;
};

// The fields of a message to be sent, kept as they will be sent. What would break the message (CR, LF, NUL, a name
// that is no token) cannot get in: such bytes of a value become blanks, such a name is ignored.
class FieldBlock {
 public:
  void set(std::string_view name, std::string_view value);  // instead of all of that name
  void add(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  std::optional<std::string_view> get(std::string_view name) const noexcept;
  // Fields as text() gives them.
  void append_block(std::string_view text) { text_ += text; }
  std::string_view text() const noexcept { return text_; }
  void clear() noexcept { text_.clear(); }

 private:
  std::string text_;  // "Name: value\r\n" …
};

}  // namespace slipway::http
