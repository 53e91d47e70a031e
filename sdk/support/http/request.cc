#include "support/http/request.h"

#include <algorithm>
#include <cstring>

#include "slipway/base64.h"
#include "support/http/characters.h"
#include "support/http/url.h"

namespace slipway::http {
namespace {

const std::string kNone;

// What follows `scheme` and blanks in an Authorization field.
std::optional<std::string_view> credentials_of(const Fields& headers, std::string_view scheme) {
  const auto field = headers.get("Authorization");
  if (!field || field->size() <= scheme.size() || !equal_ignoring_case(field->substr(0, scheme.size()), scheme) ||
      (*field)[scheme.size()] != ' ')
    return std::nullopt;
  return trim_blanks(field->substr(scheme.size()));
}

}  // namespace

Result<std::size_t> StringBody::read(std::span<std::byte> out) {
  const auto count = std::min(out.size(), text_.size() - at_);
  if (count > 0) std::memcpy(out.data(), text_.data() + at_, count);
  at_ += count;
  return count;
}

Request::Request(RequestParts parts, BodySource* body) : parts_(std::move(parts)), body_(body) {
  if (body_ != nullptr) parts_.has_body = true;
}

void Request::reset() {
  auto headers = std::move(parts_.headers);  // keeps its memory
  headers.clear();
  parts_ = RequestParts();
  parts_.headers = std::move(headers);
  body_ = nullptr;
  body_read_ = 0;
  parameters_.clear();
  query_parsed_ = false;
  query_.clear();
  attachment_.reset();
}

std::string_view Request::raw_query() const noexcept {
  const auto mark = parts_.target.find('?');
  return mark == std::string_view::npos ? std::string_view() : parts_.target.substr(mark + 1);
}

std::optional<std::string_view> Request::cookie(std::string_view name) const noexcept {
  for (const auto& field : parts_.headers.all()) {
    if (!equal_ignoring_case(field.name, "Cookie")) continue;
    auto rest = field.value;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(';'), rest.size());
      const auto pair = trim_blanks(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
      auto value = pair.substr(equals + 1);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
      return value;
    }
  }
  return std::nullopt;
}

std::optional<std::pair<std::string, std::string>> Request::basic_credentials() const {
  const auto encoded = credentials_of(parts_.headers, "Basic");
  if (!encoded) return std::nullopt;
  const auto text = base64_decode(*encoded, Base64::Lenient);
  if (!text) return std::nullopt;
  const auto colon = text->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return std::pair(text->substr(0, colon), text->substr(colon + 1));
}

std::optional<std::string_view> Request::bearer_token() const noexcept {
  const auto token = credentials_of(parts_.headers, "Bearer");
  return token && !token->empty() ? token : std::nullopt;
}

const std::string& Request::parameter(std::string_view name) const noexcept {
  for (const auto& [key, value] : parameters_) {
    if (key == name) return value;
  }
  return kNone;
}

std::optional<std::string_view> Request::query(std::string_view name) const {
  for (const auto& [key, value] : query_parameters()) {
    if (key == name) return std::string_view(value);
  }
  return std::nullopt;
}

const std::vector<std::pair<std::string, std::string>>& Request::query_parameters() const {
  if (!query_parsed_) {
    query_ = parse_query(raw_query());
    query_parsed_ = true;
  }
  return query_;
}

Result<std::size_t> Request::read(std::span<std::byte> out) {
  if (body_ == nullptr || out.empty()) return std::size_t{0};
  // One byte more than is allowed tells a body that ends here from one that does not.
  const auto left = parts_.body_limit - body_read_;
  if (left < out.size()) out = out.first(static_cast<std::size_t>(left) + 1);
  SLIPWAY_ASSIGN(const std::size_t count, body_->read(out));
  if (count > left) {
    return Error(Errc::TooLarge, "request body", "it has more than " + std::to_string(parts_.body_limit) + " bytes");
  }
  body_read_ += count;
  return count;
}

Result<std::size_t> Request::fill(std::span<std::byte> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    SLIPWAY_ASSIGN(const std::size_t count, read(out.subspan(filled)));
    if (count == 0) break;
    filled += count;
  }
  return filled;
}

Result<std::string> Request::text(std::size_t limit) {
  const auto too_large = [&] {
    return Error(Errc::TooLarge, "request body", "it has more than " + std::to_string(limit) + " bytes");
  };
  constexpr std::size_t kFirst = 16 << 10;
  const auto announced = parts_.content_length.value_or(0);
  if (announced > limit) return too_large();
  std::string text;
  std::size_t filled = 0;
  while (true) {
    if (filled == text.size()) {
      if (filled > limit) return too_large();
      const auto next = std::max<std::size_t>({kFirst, 2 * filled, static_cast<std::size_t>(announced) + 1});
      text.resize(limit == ~std::size_t{0} ? next : std::min(next, limit + 1));
    }
    SLIPWAY_ASSIGN(const std::size_t count, read(std::as_writable_bytes(std::span(text).subspan(filled))));
    if (count == 0) break;
    filled += count;
  }
  if (filled > limit) return too_large();
  text.resize(filled);
  return text;
}

}  // namespace slipway::http
