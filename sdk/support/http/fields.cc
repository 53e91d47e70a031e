#include "support/http/fields.h"

#include <algorithm>

#include "support/http/characters.h"

namespace slipway::http {
namespace {

// Calls `use(element)` for each comma separated element until it answers true.
template <class Use>
bool any_element(std::string_view list, Use&& use) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (use(trim_blanks(list.substr(0, comma)))) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

std::optional<std::string_view> Fields::get(std::string_view name) const noexcept {
  for (const auto& field : fields_) {
    if (equal_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::string Fields::joined(std::string_view name) const {
  std::string text;
  for (const auto& field : fields_) {
    if (!equal_ignoring_case(field.name, name)) continue;
    if (!text.empty()) text += ", ";
    text += field.value;
  }
  return text;
}

bool Fields::has_token(std::string_view name, std::string_view token) const noexcept {
  for (const auto& field : fields_) {
    if (equal_ignoring_case(field.name, name) &&
        any_element(field.value, [&](std::string_view element) { return equal_ignoring_case(element, token); }))
      return true;
  }
  return false;
}

void Fields::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& field) { return equal_ignoring_case(field.name, name); });
}

void FieldBlock::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void FieldBlock::add(std::string_view name, std::string_view value) {
  if (!is_token(name)) return;
  text_ += name;
  text_ += ": ";
  const auto start = text_.size();
  text_ += value;
  for (auto at = start; at < text_.size(); ++at) {
    if (!is_field_byte(text_[at])) text_[at] = ' ';
  }
  text_ += "\r\n";
}

void FieldBlock::remove(std::string_view name) {
  for (std::size_t at = 0; at < text_.size();) {
    const auto end = text_.find('\n', at) + 1;
    if (text_[std::min(at + name.size(), end - 1)] == ':' &&
        equal_ignoring_case(std::string_view(text_).substr(at, name.size()), name)) {
      text_.erase(at, end - at);
    } else {
      at = end;
    }
  }
}

std::optional<std::string_view> FieldBlock::get(std::string_view name) const noexcept {
  const std::string_view text = text_;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\r', at);
    const auto line = text.substr(at, end - at);
    if (line.size() > name.size() && line[name.size()] == ':' && equal_ignoring_case(line.substr(0, name.size()), name))
      return line.substr(name.size() + 2);
    at = end + 2;
  }
  return std::nullopt;
}

}  // namespace slipway::http
