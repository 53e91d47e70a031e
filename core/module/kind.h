// The kinds of modules as text, and the order in which they start.
#pragma once

#include <optional>
#include <string_view>

#include "slipway/abi.h"

namespace slipway::module {

// "storage"; "unknown" for a number that no kind has.
std::string_view to_string(ModuleKind kind) noexcept;
std::optional<ModuleKind> parse_kind(std::string_view text) noexcept;

// Storage before auth before action before protocol: nobody can connect before everything else works.
int start_rank(ModuleKind kind) noexcept;

}  // namespace slipway::module
