#include "mail_queue.h"

#include <gtest/gtest.h>

#include <future>

namespace slipway::email {
namespace {

std::chrono::steady_clock::time_point late() { return std::chrono::steady_clock::now() + std::chrono::minutes(5); }

Mail named(std::string subject) {
  Mail mail;
  mail.subject = std::move(subject);
  return mail;
}

TEST(MailQueue, SendsInOrderAndDrains) {
  std::string sent;
  MailQueue queue(10);
  queue.start([&](const std::stop_token&, const Mail& mail) { sent += mail.subject; });
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(queue.push(named(name)));
  queue.drain(late());
  EXPECT_FALSE(queue.push(named("d")));
  EXPECT_EQ(queue.stop(), 0u);
  EXPECT_EQ(sent, "abc");
}

TEST(MailQueue, IsBounded) {
  std::promise<void> entered, leave;
  auto may_leave = leave.get_future().share();
  MailQueue queue(2);
  bool first = true;
  queue.start([&](const std::stop_token&, const Mail&) {
    if (std::exchange(first, false)) entered.set_value();
    may_leave.wait();
  });
  EXPECT_TRUE(queue.push(named("a")));
  entered.get_future().wait();
  EXPECT_TRUE(queue.push(named("b")));
  EXPECT_FALSE(queue.push(named("c")));
  leave.set_value();
  queue.drain(late());
  EXPECT_EQ(queue.stop(), 0u);
}

TEST(MailQueue, TakesNothingBeforeItRuns) {
  MailQueue queue(2);
  EXPECT_FALSE(queue.push(named("a")));
}

TEST(MailQueue, StopInterruptsAndCountsWhatIsLost) {
  std::promise<void> entered;
  MailQueue queue(10);
  queue.start([&](const std::stop_token& stop, const Mail&) {
    std::promise<void> stopped;
    const std::stop_callback on_stop(stop, [&] { stopped.set_value(); });
    entered.set_value();
    stopped.get_future().wait();
  });
  EXPECT_TRUE(queue.push(named("a")));
  entered.get_future().wait();
  EXPECT_TRUE(queue.push(named("b")));
  EXPECT_EQ(queue.stop(), 2u);
}

}  // namespace
}  // namespace slipway::email
