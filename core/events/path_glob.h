// Patterns on virtual paths, as event rules and Lua filters write them: "/in/**", "/projects/*/*.csv".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "slipway/result.h"

namespace slipway::events {

// Case-sensitive, on whole paths. '*', '?', "[a-z]" and "[!a]" stay inside a component; a component that is "**" stands
// for any number of components, also none, so that "/in/**" matches "/in" too; '\' makes the next character ordinary.
class PathGlob {
 public:
  static constexpr std::size_t kMaxLength = 4096;  // bytes

  // InvalidArgument for a malformed, empty or too long pattern.
  static Result<PathGlob> parse(std::string_view pattern);
  // Takes time proportional to pattern times path at most.
  bool matches(std::string_view path) const;
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  std::vector<std::string> components_;
};

}  // namespace slipway::events
