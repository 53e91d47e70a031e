#include "mail_queue.h"

#include <utility>

namespace slipway::email {

void MailQueue::start(Send send) {
  std::lock_guard lock(mutex_);
  open_ = true;
  thread_ = std::jthread([this, send = std::move(send)](std::stop_token stop) { work(std::move(stop), send); });
}

bool MailQueue::push(Mail mail) {
  std::lock_guard lock(mutex_);
  if (!open_ || mails_.size() >= limit_) return false;
  mails_.push_back(std::move(mail));
  changed_.notify_all();
  return true;
}

void MailQueue::work(std::stop_token stop, const Send& send) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !mails_.empty(); }) && !stop.stop_requested()) {
    const Mail mail = mails_.front();
    lock.unlock();
    send(stop, mail);
    lock.lock();
    // What was interrupted counts as not sent.
    if (stop.stop_requested()) return;
    mails_.pop_front();
    changed_.notify_all();
  }
}

void MailQueue::drain(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  open_ = false;
  changed_.wait_until(lock, deadline, [this] { return mails_.empty(); });
}

std::size_t MailQueue::stop() {
  std::jthread ending;
  {
    std::lock_guard lock(mutex_);
    open_ = false;
    ending = std::move(thread_);
  }
  if (ending.joinable()) {
    ending.request_stop();
    ending.join();
  }
  std::lock_guard lock(mutex_);
  return std::exchange(mails_, {}).size();
}

}  // namespace slipway::email
