#include "core/module/kind.h"

#include <array>
#include <utility>

namespace slipway::module {
namespace {

// In the order in which they start.
constexpr std::array<std::pair<ModuleKind, std::string_view>, 4> kKinds{{
    {ModuleKind::Storage, "storage"},
    {ModuleKind::Auth, "auth"},
    {ModuleKind::Action, "action"},
    {ModuleKind::Protocol, "protocol"},
}};

}  // namespace

std::string_view to_string(ModuleKind kind) noexcept {
  for (const auto& [value, text] : kKinds)
    if (value == kind) return text;
  return "unknown";
}

std::optional<ModuleKind> parse_kind(std::string_view text) noexcept {
  for (const auto& [value, name] : kKinds)
    if (name == text) return value;
  return std::nullopt;
}

int start_rank(ModuleKind kind) noexcept {
  for (std::size_t i = 0; i < kKinds.size(); ++i)
    if (kKinds[i].first == kind) return static_cast<int>(i);
  return static_cast<int>(kKinds.size());
}

}  // namespace slipway::module
