// Bytes that are appended at the end and taken from the front; memory is neither zeroed nor given back until asked.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace slipway::http {

class ByteBuffer {
 public:
  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  std::size_t capacity() const noexcept { return capacity_; }
  const char* data() const noexcept { return memory_.get() + begin_; }
  char* data() noexcept { return memory_.get() + begin_; }
  std::string_view view() const noexcept { return {data(), size()}; }

  // Room for `count` bytes behind the end; what was appended there becomes part of it with commit().
  char* reserve(std::size_t count) {
    if (capacity_ - end_ < count) make_room(count);
    return memory_.get() + end_;
  }
  std::size_t room() const noexcept { return capacity_ - end_; }
  void commit(std::size_t count) noexcept { end_ += count; }
  void append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(reserve(text.size()), text.data(), text.size());
    commit(text.size());
  }
  void consume(std::size_t count) noexcept {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Keeps the first `size` bytes.
  void truncate(std::size_t size) noexcept { end_ = begin_ + size; }
  void clear() noexcept { begin_ = end_ = 0; }
  // Forgets the memory too when there is more than `keep` of it.
  void trim(std::size_t keep) noexcept {
    clear();
    if (capacity_ <= keep) return;
    memory_.reset();
    capacity_ = 0;
  }

 private:
  void make_room(std::size_t count) {
    const std::size_t used = size();
    if (begin_ > 0 && capacity_ - used >= count && begin_ >= used) {
      std::memcpy(memory_.get(), data(), used);
    } else {
      std::size_t wanted = std::max<std::size_t>(capacity_ * 2, kFirst);
      while (wanted < used + count) wanted *= 2;
      auto grown = std::unique_ptr<char[]>(new char[wanted]);
      if (used > 0) std::memcpy(grown.get(), data(), used);
      memory_ = std::move(grown);
      capacity_ = wanted;
    }
    begin_ = 0;
    end_ = used;
  }

  static constexpr std::size_t kFirst = 4096;
  std::unique_ptr<char[]> memory_;
  std::size_t begin_ = 0, end_ = 0, capacity_ = 0;
};

}  // namespace slipway::http
