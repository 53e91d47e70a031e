// One running upload or download: admission, cancellation, limits on what moves, and its end in log and events.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "core/vfs/guard_state.h"

namespace slipway::vfs {

// check(), moved() and fail() may be called by several threads at once; they neither allocate nor lock while all is
// well.
class Transfer {
 public:
  enum class Direction : bool { Download, Upload };

  // Asks for admission and for room in the transfer quota.
  static Result<std::unique_ptr<Transfer>> begin(std::shared_ptr<GuardState> state, const OpContext& ctx,
                                                 Direction direction, const VPath& path);

  // The error that ended the transfer, or Cancelled.
  Status check(const OpContext& ctx);
  // For calls of the storage: stops for the session and for this transfer.
  OpContext storage_context(const OpContext& ctx) const;
  // Counts bytes that move in `direction`, which may be the other one of a file open for both, and waits as the
  // bandwidth asks. QuotaExceeded beyond the transfer quota.
  Status moved(const OpContext& ctx, Direction direction, std::size_t bytes);
  // Notes bytes that went from one file of the server into another: nothing was transferred, but the transfer moves.
  void copied(std::size_t bytes) noexcept {
    copied_.fetch_add(bytes, std::memory_order_relaxed);
    if (ticket_) ticket_->bytes.fetch_add(bytes, std::memory_order_relaxed);
  }
  std::uint64_t bytes_copied() const noexcept { return copied_.load(std::memory_order_relaxed); }
  // The transfer cannot succeed any more; the first error is kept and returned.
  Error fail(Error error);
  bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }

  std::uint64_t bytes(Direction direction) const noexcept {
    return moved_[direction == Direction::Upload].load(std::memory_order_relaxed);
  }
  // Leaves the registry and stores what was transferred.
  void end();
  std::chrono::milliseconds elapsed() const;
  GuardState& state() noexcept { return *state_; }

 private:
  Error over_quota(Direction direction) const;
  Transfer(std::shared_ptr<GuardState> state, const OpContext& ctx, Direction direction, const VPath& path,
           std::unique_ptr<TransferTicket> ticket);

  struct RequestStop {
    std::stop_source& source;
    void operator()() const noexcept { source.request_stop(); }
  };

  const std::shared_ptr<GuardState> state_;
  const Direction direction_;
  const VPath path_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::unique_ptr<TransferTicket> ticket_;
  std::atomic<std::uint64_t> moved_[2] = {0, 0};
  std::atomic<std::uint64_t> copied_{0};
  std::atomic<bool> failed_{false};
  std::mutex failure_mutex_;
  std::optional<Error> failure_;
  // Stops for the session (as the context of the opening call has it) and for the ticket, as one token.
  std::stop_source stop_{std::nostopstate};
  std::stop_token stop_token_;
  std::optional<std::stop_callback<RequestStop>> on_session_, on_ticket_;
};

}  // namespace slipway::vfs
