// What was read from a connection and not yet used: a header may be pinned, so that views into it stay good while the
// body comes in behind it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace slipway::http {

class InputWindow {
 public:
  std::string_view unread() const noexcept { return {memory_.get() + begin_, end_ - begin_}; }
  bool empty() const noexcept { return begin_ == end_; }
  // At least `least` writable bytes behind what is unread.
  std::span<char> room(std::size_t least);
  void commit(std::size_t count) noexcept { end_ += count; }
  void consume(std::size_t count) noexcept { begin_ += count; }
  // Uses the first bytes of what is unread, and keeps them where they are until unpin().
  std::string_view pin(std::size_t count) noexcept;
  void unpin() noexcept;
  // Forgets everything; large memory is given back.
  void reset() noexcept;

 private:
  static constexpr std::size_t kFirst = 16 << 10;

  std::unique_ptr<char[]> memory_, pinned_;  // pinned_: the header's, once the rest has moved
  std::size_t capacity_ = 0, floor_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace slipway::http
