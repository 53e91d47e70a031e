// Mails that wait for one thread which sends them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "mail_message.h"

namespace slipway::email {

// Thread-safe.
class MailQueue {
 public:
  using Send = std::function<void(std::stop_token, const Mail&)>;

  explicit MailQueue(std::size_t limit) : limit_(limit) {}
  ~MailQueue() { stop(); }
  MailQueue(const MailQueue&) = delete;
  MailQueue& operator=(const MailQueue&) = delete;

  // `send` must not throw; it ends soon once its token says so.
  void start(Send send);
  // False: the queue is full, or does not run.
  bool push(Mail mail);
  // Takes no more and waits until all are sent, at most until the deadline.
  void drain(std::chrono::steady_clock::time_point deadline);
  // How many were not sent.
  std::size_t stop();

 private:
  void work(std::stop_token stop, const Send& send);

  const std::size_t limit_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Mail> mails_;  // the first one stays until it is sent
  bool open_ = false;
  std::jthread thread_;
};

}  // namespace slipway::email
