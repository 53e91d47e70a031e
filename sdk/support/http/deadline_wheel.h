// Deadlines of many connections, kept coarsely: setting one costs a few instructions. One thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace slipway::http {

class DeadlineWheel {
 public:
  static constexpr std::chrono::milliseconds kTick{250};

  class Entry {
   public:
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    bool armed() const noexcept { return next_ != nullptr; }

   private:
    friend class DeadlineWheel;
    Entry *previous_ = nullptr, *next_ = nullptr;
    std::uint64_t due_ = 0;  // in ticks
  };

  DeadlineWheel() {
    for (auto& slot : slots_) slot.previous_ = slot.next_ = &slot;
  }
  DeadlineWheel(const DeadlineWheel&) = delete;
  DeadlineWheel& operator=(const DeadlineWheel&) = delete;

  // Instead of an earlier deadline of the entry.
  void arm(Entry& entry, std::chrono::milliseconds after) noexcept {
    disarm(entry);
    const auto ticks = after.count() <= 0 ? 0 : (after + kTick - std::chrono::milliseconds(1)) / kTick;
    entry.due_ = now_ + 1 + static_cast<std::uint64_t>(ticks);
    link(entry);
    ++armed_;
  }
  void disarm(Entry& entry) noexcept {
    if (!entry.armed()) return;
    entry.previous_->next_ = entry.next_;
    entry.next_->previous_ = entry.previous_;
    entry.previous_ = entry.next_ = nullptr;
    --armed_;
  }
  std::size_t armed() const noexcept { return armed_; }

  // One tick has passed. Calls late(entry) for each entry that is due, disarmed; it may arm and disarm any.
  template <class Late>
  void tick(Late&& late) {
    ++now_;
    Entry& slot = slots_[now_ % kSlots];
    // Moved aside first: what is armed meanwhile may come into this slot again.
    Entry due;
    due.previous_ = due.next_ = &due;
    while (slot.next_ != &slot) {
      Entry& entry = *slot.next_;
      unlink(entry);
      link_before(due, entry);
    }
    while (due.next_ != &due) {
      Entry& entry = *due.next_;
      unlink(entry);
      if (entry.due_ > now_) {
        link(entry);
        continue;
      }
      entry.previous_ = entry.next_ = nullptr;
      --armed_;
      late(entry);
    }
    due.previous_ = due.next_ = nullptr;
  }

 private:
  static constexpr std::size_t kSlots = 512;

  static void link_before(Entry& head, Entry& entry) noexcept {
    entry.previous_ = head.previous_;
    entry.next_ = &head;
    head.previous_->next_ = &entry;
    head.previous_ = &entry;
  }
  static void unlink(Entry& entry) noexcept {
    entry.previous_->next_ = entry.next_;
    entry.next_->previous_ = entry.previous_;
  }
  void link(Entry& entry) noexcept { link_before(slots_[entry.due_ % kSlots], entry); }

  std::array<Entry, kSlots> slots_;
  std::uint64_t now_ = 0;
  std::size_t armed_ = 0;
};

}  // namespace slipway::http
