#include "worker_thread.h"

#include <utility>

namespace slipway::sftp {

bool WorkerThread::start(std::function<void()> work) {
  work_ = std::move(work);
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return false;
  ::pthread_attr_setstacksize(&attributes, kThreadStack);
  const auto entry = [](void* me) -> void* {
    static_cast<WorkerThread*>(me)->work_();
    return nullptr;
  };
  started_ = ::pthread_create(&thread_, &attributes, entry, this) == 0;
  ::pthread_attr_destroy(&attributes);
  return started_;
}

void WorkerThread::join() noexcept {
  if (!std::exchange(started_, false)) return;
  ::pthread_join(thread_, nullptr);
  work_ = nullptr;
}

}  // namespace slipway::sftp
