#include "memory_node.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <mutex>

namespace slipway::memory {
namespace {

constexpr std::uint64_t kMaxSize = std::numeric_limits<std::int64_t>::max();

Timestamp now() { return std::chrono::time_point_cast<Timestamp::duration>(std::chrono::system_clock::now()); }

}  // namespace

std::shared_ptr<Node> Node::make(FileType type, std::uint32_t mode, std::shared_ptr<Budget> budget) {
  if (!budget->reserve(kEntryCost)) return nullptr;
  return std::shared_ptr<Node>(new Node(type, mode, std::move(budget)));
}

Node::Node(FileType node_type, std::uint32_t mode, std::shared_ptr<Budget> budget)
    : type(node_type), budget_(std::move(budget)), mode_(mode & 07777), mtime_(now()), atime_(mtime_) {}

Node::~Node() {
  budget_->give_back(kEntryCost + blocks_.size() * kBlockSize);
  // Not by recursion: moves can nest directories deeper than a stack is.
  std::vector<std::shared_ptr<Node>> orphans;
  const auto take_children = [&orphans](Node& node) {
    for (auto& [name, child] : node.children) orphans.push_back(std::move(child));
    node.children.clear();
  };
  take_children(*this);
  while (!orphans.empty()) {
    const std::shared_ptr<Node> orphan = std::move(orphans.back());
    orphans.pop_back();
    if (orphan.use_count() == 1) take_children(*orphan);
  }
}

FileInfo Node::info(std::string_view name) const {
  std::shared_lock lock(mutex_);
  FileInfo info(std::string(name), type, size_);
  info.mode = mode_;
  info.mtime = mtime_;
  info.atime = atime_;
  return info;
}

std::size_t Node::read(std::uint64_t offset, std::span<std::byte> out) const {
  std::shared_lock lock(mutex_);
  if (offset >= size_) return 0;
  const std::size_t total = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset));
  for (std::size_t done = 0; done < total;) {
    const std::uint64_t at = offset + done;
    const std::size_t in_block = static_cast<std::size_t>(at % kBlockSize);
    const std::size_t n = std::min(total - done, kBlockSize - in_block);
    if (const auto block = blocks_.find(at / kBlockSize); block != blocks_.end()) {
      std::memcpy(out.data() + done, block->second->data() + in_block, n);
    } else {
      std::memset(out.data() + done, 0, n);
    }
    done += n;
  }
  return total;
}

Status Node::write(std::uint64_t offset, std::span<const std::byte> data, std::string_view subject) {
  if (offset > kMaxSize || data.size() > kMaxSize - offset) return Error(Errc::TooLarge, std::string(subject));
  std::unique_lock lock(mutex_);
  for (std::size_t done = 0; done < data.size();) {
    const std::uint64_t at = offset + done;
    const std::size_t in_block = static_cast<std::size_t>(at % kBlockSize);
    const std::size_t n = std::min(data.size() - done, kBlockSize - in_block);
    auto& block = blocks_[at / kBlockSize];
    if (block == nullptr) {
      if (!budget_->reserve(kBlockSize)) {
        blocks_.erase(at / kBlockSize);
        return Error(Errc::NoSpace, std::string(subject), "max_size is reached");
      }
      block = std::make_unique<Block>();  // zeros
    }
    std::memcpy(block->data() + in_block, data.data() + done, n);
    done += n;
    size_ = std::max(size_, at + n);
    mtime_ = now();
  }
  return ok();
}

void Node::resize(std::uint64_t size) {
  std::unique_lock lock(mutex_);
  if (size < size_) {
    const auto first_dropped = blocks_.lower_bound((size + kBlockSize - 1) / kBlockSize);
    budget_->give_back(static_cast<std::uint64_t>(std::distance(first_dropped, blocks_.end())) * kBlockSize);
    blocks_.erase(first_dropped, blocks_.end());
    // What was cut off must not come back when the file grows again.
    if (const auto last = blocks_.find(size / kBlockSize); last != blocks_.end()) {
      std::fill(last->second->begin() + static_cast<std::ptrdiff_t>(size % kBlockSize), last->second->end(),
                std::byte{0});
    }
  }
  size_ = size;
  mtime_ = now();
}

void Node::set_mode(std::uint32_t mode) {
  std::unique_lock lock(mutex_);
  mode_ = mode & 07777;
}

void Node::set_times(std::optional<Timestamp> atime, std::optional<Timestamp> mtime) {
  std::unique_lock lock(mutex_);
  if (atime) atime_ = *atime;
  if (mtime) mtime_ = *mtime;
}

void Node::touch() {
  std::unique_lock lock(mutex_);
  mtime_ = now();
}

}  // namespace slipway::memory
