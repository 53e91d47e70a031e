#include "core/accounts/placeholders.h"

#include <algorithm>
#include <filesystem>

#include "core/base/json.h"
#include "core/base/text.h"

namespace slipway::accounts {

namespace {

constexpr std::string_view kUsername = "%username%";
constexpr std::string_view kRole = "%role%";
constexpr std::string_view kCustom = "%custom";

std::string sanitised(std::string_view value) {
  std::string out(value);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '/' || c == '\\' || byte < 0x20 || byte == 0x7F) c = '_';
  }
  return out;
}

}  // namespace

std::string clean_path_text(std::string_view path) {
  if (path.empty()) return {};
  std::string text = std::filesystem::path(path).lexically_normal().string();
  // POSIX lets "//" at the start mean something else; here it does not.
  if (text.starts_with("//")) text.erase(0, text.find_first_not_of('/') == std::string::npos ? text.size() - 1 : 1);
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

Placeholders::Placeholders(const User& user) : username_(sanitised(user.username)), role_(sanitised(user.role)) {
  for (const auto& value : user.filters.custom_placeholders) custom_.push_back(sanitised(value));
  if (custom_.empty() && !user.filters.custom1.empty()) custom_.push_back(sanitised(user.filters.custom1));
}

const std::string* Placeholders::match(std::string_view text, std::size_t& length) const {
  static const std::string kNone;
  if (text.starts_with(kUsername)) {
    length = kUsername.size();
    return &username_;
  }
  if (text.starts_with(kRole)) {
    length = kRole.size();
    return &role_;
  }
  if (!text.starts_with(kCustom)) return nullptr;
  std::size_t at = kCustom.size(), number = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && number <= 10; ++at)
    number = number * 10 + (text[at] - '0');
  if (at == kCustom.size() || text[kCustom.size()] == '0' || number > 10 || at >= text.size() || text[at] != '%') {
    return nullptr;
  }
  length = at + 1;
  return number <= custom_.size() ? &custom_[number - 1] : &kNone;
}

std::string Placeholders::expand(std::string_view text) const {
  std::string out;
  while (!text.empty()) {
    std::size_t length = 0;
    const auto* value = text.front() == '%' ? match(text, length) : nullptr;
    if (value == nullptr) length = 1;
    if (value == nullptr || value->empty())
      out += text.substr(0, length);
    else
      out += *value;
    text.remove_prefix(length);
  }
  return out;
}

std::string Placeholders::expand_path(std::string_view path) const {
  auto components = split(path, '/');
  for (auto& component : components) {
    if (component.find('%') == std::string::npos) continue;
    component = expand(component);
    if (component == "." || component == "..") std::fill(component.begin(), component.end(), '_');
  }
  return join(components, "/");
}

std::string Placeholders::expand_json(std::string_view json) const {
  std::string out;
  while (!json.empty()) {
    std::size_t length = 0;
    const auto* value = json.front() == '%' ? match(json, length) : nullptr;
    if (value == nullptr) length = 1;
    if (value == nullptr || value->empty()) {
      out += json.substr(0, length);
    } else if (*value == "." || *value == "..") {
      out.append(value->size(), '_');
    } else {
      const auto quoted = quote_json(*value);
      out += std::string_view(quoted).substr(1, quoted.size() - 2);
    }
    json.remove_prefix(length);
  }
  return out;
}

bool Placeholders::complete(std::string_view text) const {
  for (; !text.empty(); text.remove_prefix(1)) {
    std::size_t length = 0;
    const auto* value = text.front() == '%' ? match(text, length) : nullptr;
    if (value != nullptr && value->empty()) return false;
  }
  return true;
}

}  // namespace slipway::accounts
