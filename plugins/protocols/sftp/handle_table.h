// The open files and directories of one SFTP session, by the handles that its client holds.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "slipway/filesystem.h"

namespace slipway::sftp {

struct OpenFile {
  VPath path;
  std::unique_ptr<File> file;
  bool readable = false, writable = false;
  // Opened for appending: where the file ended then; writes before it fail.
  std::uint64_t append_from = 0;
  // Times the client has set; set again when it closes the file after more writes.
  FileAttributes times;
  bool times_stale = false;
  // The first failed write: the transfer is lost, later writes and the close report it.
  std::optional<Error> failure;
};

struct OpenDirectory {
  VPath path;
  std::unique_ptr<DirCursor> cursor;
  std::vector<FileInfo> entries;  // read from the cursor, not yet sent
  std::size_t next = 0;
  bool more = true;
  bool dot_entries = false;  // "." and ".." are still to be sent
};

// Handles that several tables may hold together, so that one client does not take every descriptor of the process.
// Thread-safe; soft by as many as are opened at once.
class HandleBudget {
 public:
  // `above`, if any, counts them too and outlives this.
  explicit HandleBudget(std::size_t most, HandleBudget* above = nullptr) noexcept : most_(most), above_(above) {}

  bool spent() const noexcept {
    return held_.load(std::memory_order_relaxed) >= most_ || (above_ != nullptr && above_->spent());
  }
  void take() noexcept {
    held_.fetch_add(1, std::memory_order_relaxed);
    if (above_ != nullptr) above_->take();
  }
  void give(std::size_t count) noexcept {
    held_.fetch_sub(count, std::memory_order_relaxed);
    if (above_ != nullptr) above_->give(count);
  }
  std::size_t held() const noexcept { return held_.load(std::memory_order_relaxed); }

 private:
  const std::size_t most_;
  HandleBudget* const above_;
  std::atomic<std::size_t> held_ = 0;
};

// A handle names a slot and the count of its uses, so that one that was closed never means what was opened later.
class HandleTable {
 public:
  // `budget`, if any, outlives the table.
  explicit HandleTable(std::size_t limit, HandleBudget* budget = nullptr) : limit_(limit), budget_(budget) {}
  ~HandleTable() { clear(); }
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  bool full() const noexcept { return open_ >= limit_ || (budget_ != nullptr && budget_->spent()); }
  std::size_t size() const noexcept { return open_; }
  // Not when full().
  template <class T>
  std::string insert(T entry);
  // Null for a handle that is closed, of the other kind, or invented.
  OpenFile* file(std::string_view handle) noexcept { return get<OpenFile>(handle); }
  OpenDirectory* directory(std::string_view handle) noexcept { return get<OpenDirectory>(handle); }
  // An open file of `path` that is being written; null when there is none.
  OpenFile* writer_of(const VPath& path) noexcept;
  void erase(std::string_view handle) noexcept;
  // Files first closed are those first opened.
  void clear() noexcept;

 private:
  struct Slot {
    std::variant<std::monostate, OpenFile, OpenDirectory> entry;
    std::uint32_t uses = 0;
  };
  Slot* slot(std::string_view handle) noexcept;
  template <class T>
  T* get(std::string_view handle) noexcept {
    auto* found = slot(handle);
    return found == nullptr ? nullptr : std::get_if<T>(&found->entry);
  }
  static std::string encode(std::uint32_t index, std::uint32_t uses);

  const std::size_t limit_;
  HandleBudget* const budget_;
  std::deque<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t open_ = 0;
};

template <class T>
std::string HandleTable::insert(T entry) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const auto index = free_.back();
  free_.pop_back();
  auto& slot = slots_[index];
  slot.entry = std::move(entry);
  ++slot.uses;
  ++open_;
  if (budget_ != nullptr) budget_->take();
  return encode(index, slot.uses);
}

}  // namespace slipway::sftp
