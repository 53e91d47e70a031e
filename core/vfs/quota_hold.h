// One change of one file, as its quota domain sees it: space reserved before it is used, the true change counted once.
#pragma once

#include <optional>

#include "core/vfs/mount_table.h"

namespace slipway::vfs {

// Of a mount without a quota account everything is allowed and nothing counted. One thread at a time. Dropping it gives
// the reservations back. The order is: make it, look at the storage, assume() what is there, allow() growth, make the
// change, settle().
class QuotaHold {
 public:
  QuotaHold() = default;
  explicit QuotaHold(const Place& place);
  QuotaHold(QuotaHold&& other) noexcept;
  QuotaHold& operator=(QuotaHold&&) = delete;
  ~QuotaHold() { release(); }

  void assume(CountedFile seen);
  // As those of PathLedger::Entry; allow() may come before.
  void begin_creation();
  void abandon_creation() noexcept;
  CountedFile counted() const noexcept { return counted_; }
  // The file is written in place from here on: it goes on being counted when it is renamed meanwhile.
  void follow();
  // The path is changed next; assume() says so, too.
  void begin_change();
  // It was renamed or removed: the path may be another file's by now.
  bool displaced() const { return account_ && entry_.displaced(); }
  // Reserves a place for a new file; true when the file counts already.
  bool take_file();
  // Reserves what the file needs beyond its counted size to become `size` bytes long, and `ahead` more where space is
  // plenty. The size it may take without asking again, or nothing when it does not fit.
  std::optional<std::uint64_t> allow(std::uint64_t size, std::uint64_t ahead);
  // No room for a single byte more.
  bool is_full() const;

  // Records that the file is `now`, which is believed when nobody else had the path open meanwhile; else `look()` says.
  // The result must be passed to apply() of a hold of this domain.
  template <class Look>
  QuotaUsage commit(CountedFile now, Look&& look, Identity identity) {
    return commit_by(now, look, [&](auto version, auto state) { return entry_.commit(version, state, identity); });
  }
  // The same for the source of a rename; `target` is committed already.
  template <class Look>
  QuotaUsage commit_moved(Look&& look, QuotaHold& target) {
    if (target.account_ != account_) return commit({}, look, Identity::Another);
    return commit_by({}, look,
                     [&](auto version, auto state) { return entry_.commit_moved(version, state, target.entry_); });
  }
  // Counts a change and gives all reservations back.
  void apply(QuotaUsage change);
  template <class Look>
  void settle(CountedFile now, Look&& look, Identity identity) {
    apply(commit(now, look, identity));
  }
  // Gives the reservations back: nothing has changed.
  void release();

 private:
  template <class Look, class Commit>
  QuotaUsage commit_by(CountedFile now, Look& look, Commit&& commit) {
    if (!account_) return {};
    while (true) {
      const std::uint64_t version = entry_.version();
      const CountedFile state = entry_.alone() ? now : look();
      if (const auto change = commit(version, state)) return *change;
    }
  }

  std::shared_ptr<QuotaAccount> account_;
  QuotaLimits limits_;
  PathLedger::Entry entry_;
  CountedFile counted_;
  QuotaUsage reserved_;
};

// What lies at `place` for quota; `otherwise` when the storage cannot tell.
CountedFile look_at(const OpContext& ctx, const Place& place, Follow follow, CountedFile otherwise);
CountedFile counted(const FileInfo& info) noexcept;

}  // namespace slipway::vfs
