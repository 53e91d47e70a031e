// Bytes that wait: appended at one end, taken from the other, readable as one span.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

namespace slipway::sftp {

// Memory is kept between uses, because touching fresh pages costs more than the copy; release() gives it back.
class ByteQueue {
 public:
  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::span<const std::byte> data() const noexcept { return {bytes_.get() + begin_, size()}; }

  // Room for `count` bytes behind the data, which commit() then makes part of it. Valid until the next call.
  std::span<std::byte> reserve(std::size_t count) {
    if (empty()) begin_ = end_ = 0;
    if (capacity_ - end_ < count) make_room(count);
    return {bytes_.get() + end_, count};
  }
  void commit(std::size_t count) noexcept { end_ += count; }

  void append(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    std::memcpy(reserve(bytes.size()).data(), bytes.data(), bytes.size());
    commit(bytes.size());
  }
  void consume(std::size_t count) noexcept { begin_ += count; }
  // Overwrites `bytes.size()` bytes that start `offset` bytes behind the front.
  void overwrite(std::size_t offset, std::span<const std::byte> bytes) noexcept {
    std::memcpy(bytes_.get() + begin_ + offset, bytes.data(), bytes.size());
  }
  void clear() noexcept { begin_ = end_ = 0; }
  // Drops the memory, with what is in it.
  void release() noexcept {
    clear();
    capacity_ = 0;
    bytes_.reset();
  }
  void swap(ByteQueue& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
  }

 private:
  void make_room(std::size_t count) {
    const auto used = size();
    if (used + count <= capacity_ && begin_ >= used) {
      std::memcpy(bytes_.get(), bytes_.get() + begin_, used);
    } else {
      const auto capacity = used + count + capacity_ / 2;
      auto grown = std::make_unique_for_overwrite<std::byte[]>(capacity);
      if (used > 0) std::memcpy(grown.get(), bytes_.get() + begin_, used);
      bytes_ = std::move(grown);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = used;
  }

  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace slipway::sftp
