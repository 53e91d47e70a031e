#include "long_request.h"

#include <exception>

namespace slipway::sftp {

LongRequest::LongRequest(std::uint32_t id, Work work, std::function<void()> wake)
    : id_(id), work_(std::move(work)), wake_(std::move(wake)) {
  if (!wake_ || !thread_.start([this] { run(); })) run();
}

void LongRequest::run() noexcept {
  try {
    reply_ = work_();
  } catch (const std::exception&) {
    reply_.error.emplace(Errc::Internal, "request");
  }
  done_.store(true, std::memory_order_release);
  if (wake_) wake_();
}

LongReply LongRequest::take() {
  thread_.join();
  return std::move(reply_);
}

}  // namespace slipway::sftp
