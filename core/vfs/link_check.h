// Whether something is a symbolic link, for those above the guard who must not follow one.
#pragma once

#include <string_view>

#include "slipway/filesystem.h"

namespace slipway::vfs {

// By Filesystem::query of the guard.
class LinkCheck {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.link-check.v1";
  // Needs no permission: who may not see a link must not write through it either. What is not there is none.
  virtual Result<bool> is_link(const OpContext&, const VPath&) = 0;

 protected:
  ~LinkCheck() = default;
};

}  // namespace slipway::vfs
