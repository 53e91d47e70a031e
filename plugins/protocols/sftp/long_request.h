// An SFTP request that may take minutes, such as a copy: done on a thread of its own, while the connection goes on.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "sftp_codec.h"
#include "slipway/result.h"
#include "worker_thread.h"

namespace slipway::sftp {

// What the client is told in the end: the error, or the payload of an EXTENDED_REPLY, or the status where there is
// none.
struct LongReply {
  std::optional<Error> error{};
  std::string payload{};
  StatusCode code = StatusCode::Ok;
};

class LongRequest {
 public:
  using Work = std::function<LongReply()>;

  // `wake` is called once the work is done, from its thread. Without one, or without a thread, the work is done here
  // and now.
  LongRequest(std::uint32_t id, Work work, std::function<void()> wake);
  LongRequest(const LongRequest&) = delete;
  LongRequest& operator=(const LongRequest&) = delete;

  std::uint32_t id() const noexcept { return id_; }
  bool done() const noexcept { return done_.load(std::memory_order_acquire); }
  // Once done().
  LongReply take();

 private:
  void run() noexcept;

  const std::uint32_t id_;
  const Work work_;
  const std::function<void()> wake_;
  LongReply reply_;
  std::atomic<bool> done_ = false;
  WorkerThread thread_;  // ends before the rest
};

}  // namespace slipway::sftp
