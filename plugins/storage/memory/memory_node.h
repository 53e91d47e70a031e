// What the tree is made of: directories, and files whose bytes stand in blocks.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <shared_mutex>

#include "slipway/filesystem.h"

namespace slipway::memory {

inline constexpr std::size_t kBlockSize = 4096;
// What one entry counts, so that a million empty files are not free.
inline constexpr std::uint64_t kEntryCost = 512;

// Memory that a tree may take. Space is reserved before it is used, so that two writers cannot pass the limit together.
class Budget {
 public:
  explicit Budget(std::uint64_t limit) : limit_(limit) {}
  bool reserve(std::uint64_t bytes) noexcept {
    std::uint64_t used = used_.load();
    do {
      if (bytes > limit_ || used > limit_ - bytes) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes));
    return true;
  }
  void give_back(std::uint64_t bytes) noexcept { used_ -= bytes; }
  std::uint64_t limit() const noexcept { return limit_; }
  std::uint64_t used() const noexcept { return used_; }
  // A limit below what is used already only stops growth.
  void set_limit(std::uint64_t limit) noexcept { limit_ = limit; }

 private:
  std::atomic<std::uint64_t> used_{0};
  std::atomic<std::uint64_t> limit_;
};

// A file or a directory. It lives as long as somebody holds it: a file that is removed while it is open stays usable.
class Node {
 public:
  // Takes kEntryCost from the budget; null when nothing is left.
  static std::shared_ptr<Node> make(FileType type, std::uint32_t mode, std::shared_ptr<Budget> budget);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const FileType type;
  // Of a directory; guarded by the mutex of the filesystem's tree, not by the node's own.
  std::map<std::string, std::shared_ptr<Node>, std::less<>> children;

  // All of these are thread-safe.
  FileInfo info(std::string_view name) const;
  std::size_t read(std::uint64_t offset, std::span<std::byte> out) const;
  Status write(std::uint64_t offset, std::span<const std::byte> data, std::string_view subject);
  void resize(std::uint64_t size);
  void set_mode(std::uint32_t mode);
  void set_times(std::optional<Timestamp> atime, std::optional<Timestamp> mtime);
  // The content of a directory changed.
  void touch();

 private:
  using Block = std::array<std::byte, kBlockSize>;
  Node(FileType node_type, std::uint32_t mode, std::shared_ptr<Budget> budget);

  const std::shared_ptr<Budget> budget_;
  mutable std::shared_mutex mutex_;  // guards what follows
  std::uint32_t mode_;
  Timestamp mtime_, atime_;
  std::uint64_t size_ = 0;
  // By number; an absent block is a hole and reads as zeros. Bytes of a block past the end of file are zero.
  std::map<std::uint64_t, std::unique_ptr<Block>> blocks_;
};

}  // namespace slipway::memory
