#include "core/vfs/transfer.h"

#include <utility>

namespace slipway::vfs {

Result<std::unique_ptr<Transfer>> Transfer::begin(std::shared_ptr<GuardState> state, const OpContext& ctx,
                                                  Direction direction, const VPath& path) {
  const Policy& policy = state->policy;
  const bool upload = direction == Direction::Upload;
  std::unique_ptr<TransferTicket> ticket;
  if (policy.admission) {
    SLIPWAY_ASSIGN(ticket, policy.admission->begin(upload, path));
  }
  if (policy.transferred && !policy.transferred->has_room(upload, policy.transfer_limits))
    return upload ? over_write_quota(path) : over_read_quota(path);
  return std::unique_ptr<Transfer>(new Transfer(std::move(state), ctx, direction, path, std::move(ticket)));
}

Transfer::Transfer(std::shared_ptr<GuardState> state, const OpContext& ctx, Direction direction, const VPath& path,
                   std::unique_ptr<TransferTicket> ticket)
    : state_(std::move(state)), direction_(direction), path_(path), ticket_(std::move(ticket)) {
  if (!ticket_) return;
  stop_ = std::stop_source();
  stop_token_ = stop_.get_token();
  on_session_.emplace(ctx.stop, RequestStop{stop_});
  on_ticket_.emplace(ticket_->stop_token(), RequestStop{stop_});
}

Status Transfer::check(const OpContext& ctx) {
  if (failed()) {
    std::lock_guard lock(failure_mutex_);
    return *failure_;
  }
  if (ctx.stop.stop_requested() || stop_token_.stop_requested()) return fail(cancelled(path_));
  return ok();
}

OpContext Transfer::storage_context(const OpContext& ctx) const {
  OpContext own = ctx;
  if (ticket_) own.stop = stop_token_;
  return own;
}

Status Transfer::moved(const OpContext& ctx, Direction direction, std::size_t bytes) {
  const Policy& policy = state_->policy;
  const bool upload = direction == Direction::Upload;
  moved_[upload].fetch_add(bytes, std::memory_order_relaxed);
  if (ticket_) ticket_->bytes.fetch_add(bytes, std::memory_order_relaxed);
  if (policy.transferred) {
    const auto count = static_cast<std::int64_t>(bytes);
    if (!policy.transferred->count(upload ? count : 0, upload ? 0 : count, policy.transfer_limits))
      // Reading too much from a file that is being written must not end the upload.
      return direction == direction_ ? fail(over_quota(direction)) : over_quota(direction);
  }
  if (const auto& bandwidth = upload ? policy.upload_bandwidth : policy.download_bandwidth) {
    bandwidth->consume(bytes, ticket_ ? stop_token_ : ctx.stop);
    return check(ctx);
  }
  return ok();
}

Error Transfer::over_quota(Direction direction) const {
  return direction == Direction::Upload ? over_write_quota(path_) : over_read_quota(path_);
}

Error Transfer::fail(Error error) {
  std::lock_guard lock(failure_mutex_);
  if (!failure_) failure_ = std::move(error);
  failed_.store(true, std::memory_order_release);
  return *failure_;
}

void Transfer::end() {
  const auto& transferred = state_->policy.transferred;
  if (transferred)
    transferred->persist(static_cast<std::int64_t>(bytes(Direction::Upload)),
                         static_cast<std::int64_t>(bytes(Direction::Download)));
  on_session_.reset();
  on_ticket_.reset();
  ticket_.reset();
}

std::chrono::milliseconds Transfer::elapsed() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started_);
}

}  // namespace slipway::vfs
