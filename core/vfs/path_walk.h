// Walking VPath text without making new strings: lookups by path do it for every operation.
#pragma once

#include <string_view>

namespace slipway::vfs {

// Of a clean absolute path; the root's parent is the root.
constexpr std::string_view parent_of(std::string_view path) noexcept {
  const auto slash = path.rfind('/');
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

constexpr std::string_view name_of(std::string_view path) noexcept { return path.substr(path.rfind('/') + 1); }

// The first component of `path` and the rest behind it; both empty at the end. Works on "/a/b", "a/b" and "/".
struct PathHead {
  std::string_view component, rest;
};
constexpr PathHead split_head(std::string_view path) noexcept {
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return {path, {}};
  return {path.substr(0, slash), path.substr(slash)};
}

}  // namespace slipway::vfs
