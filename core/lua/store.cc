#include "core/lua/store.h"

#include <utility>

namespace slipway::lua {

std::size_t Store::size_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? 0 : text->size();
}

std::optional<Store::Value> Store::get(std::string_view key) const {
  std::lock_guard lock(mutex_);
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

Status Store::set(std::string_view key, Value value) {
  const auto refuse = [](std::string cause) { return Error{Errc::TooLarge, "state", std::move(cause)}; };
  if (key.size() > kMaxKey) return refuse("a key may have at most " + std::to_string(kMaxKey) + " bytes");
  if (size_of(value) > kMaxValue) return refuse("a value may have at most " + std::to_string(kMaxValue) + " bytes");
  std::lock_guard lock(mutex_);
  const auto found = values_.find(key);
  const bool present = found != values_.end();
  if (!present && values_.size() == kMaxKeys) return refuse("at most " + std::to_string(kMaxKeys) + " keys");
  const std::size_t before = present ? size_of(found->second) : 0;
  const std::size_t after = size_of(value) + (present ? 0 : key.size());
  if (total_ - before + after > kMaxTotal) return refuse("at most " + std::to_string(kMaxTotal) + " bytes in all");
  total_ = total_ - before + after;
  if (present)
    found->second = std::move(value);
  else
    values_.emplace(key, std::move(value));
  return ok();
}

void Store::erase(std::string_view key) {
  std::lock_guard lock(mutex_);
  const auto found = values_.find(key);
  if (found == values_.end()) return;
  total_ -= key.size() + size_of(found->second);
  values_.erase(found);
}

}  // namespace slipway::lua
