// A set of event names as subscribers write it: "upload,pre-delete", or "*" for all.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.h"

namespace slipway::events {

class ActionSet {
 public:
  // Blanks around names and empty names are ignored.
  explicit ActionSet(std::string_view list) {
    for (const std::string& part : split(list, ',')) {
      const std::string_view name = trim(part);
      if (name == "*")
        all_ = true;
      else if (!name.empty())
        names_.emplace_back(name);
    }
    std::sort(names_.begin(), names_.end());
    names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
  }

  bool contains(std::string_view action) const noexcept {
    return all_ || std::binary_search(names_.begin(), names_.end(), action);
  }
  bool empty() const noexcept { return !all_ && names_.empty(); }

  // One bit of 64 for an action; the mask of a set has the bits of all its members. A bit that is missing in a mask
  // proves that the set does not contain the action.
  static std::uint64_t bit(std::string_view action) noexcept {
    return std::uint64_t{1} << (std::hash<std::string_view>{}(action)&63);
  }
  std::uint64_t mask() const noexcept {
    std::uint64_t mask = all_ ? ~std::uint64_t{0} : 0;
    for (const std::string& name : names_) mask |= bit(name);
    return mask;
  }

 private:
  bool all_ = false;
  std::vector<std::string> names_;  // sorted
};

}  // namespace slipway::events
