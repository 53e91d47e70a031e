#include "support/http/input_window.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace slipway::http {

std::span<char> InputWindow::room(std::size_t least) {
  if (begin_ == end_) begin_ = end_ = floor_;
  if (capacity_ - end_ < least && begin_ > floor_) {
    std::memmove(memory_.get() + floor_, memory_.get() + begin_, end_ - begin_);
    end_ -= begin_ - floor_;
    begin_ = floor_;
  }
  if (capacity_ - end_ < least) {
    const std::size_t used = end_ - begin_;
    const std::size_t wanted = std::max({kFirst, 2 * used, used + least});
    auto grown = std::unique_ptr<char[]>(new char[wanted]);
    if (used > 0) std::memcpy(grown.get(), memory_.get() + begin_, used);
    if (floor_ > 0) pinned_ = std::move(memory_);
    memory_ = std::move(grown);
    capacity_ = wanted;
    floor_ = begin_ = 0;
    end_ = used;
  }
  return {memory_.get() + end_, capacity_ - end_};
}

std::string_view InputWindow::pin(std::size_t count) noexcept {
  const std::string_view pinned(memory_.get() + begin_, count);
  begin_ += count;
  floor_ = begin_;
  return pinned;
}

void InputWindow::unpin() noexcept {
  floor_ = 0;
  pinned_.reset();
}

void InputWindow::reset() noexcept {
  unpin();
  begin_ = end_ = 0;
  if (capacity_ <= kFirst) return;
  memory_.reset();
  capacity_ = 0;
}

}  // namespace slipway::http
