#include "core/events/bus.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

namespace slipway::events {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

Event event_of(std::string action, std::string path = "/a") {
  Event event;
  event.action = std::move(action);
  event.virtual_path = std::move(path);
  return event;
}

// Lets a handler wait until the test says go.
class Gate {
 public:
  void open() {
    {
      std::lock_guard lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class Paths {
 public:
  void add(const Event& event) {
    std::lock_guard lock(mutex_);
    paths_.push_back(event.virtual_path);
  }
  std::vector<std::string> get() {
    std::lock_guard lock(mutex_);
    return paths_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> paths_;
};

void drain(EventBus& bus) { bus.drain(steady_clock::now() + 60s); }

TEST(EventBus, NobodyWantsAnythingAtFirst) {
  EventBus bus;
  EXPECT_FALSE(bus.wanted("upload"));
  EXPECT_TRUE(bus.before({}, event_of("pre-upload")));
  EXPECT_TRUE(bus.after({}, event_of("upload")));
}

TEST(EventBus, WhoHearsOfEverythingWantsOnlyWhatHeHears) {
  EventBus bus;
  const auto nothing = [](const OpContext&, const Event&) { return ok(); };
  auto audit = bus.on_after_sync("t", "*", nothing);
  EXPECT_TRUE(bus.wanted("upload"));
  EXPECT_FALSE(bus.wanted("pre-upload"));
  audit.reset();
  const auto before = bus.on_before("t", "*", nothing);
  EXPECT_FALSE(bus.wanted("upload"));
  EXPECT_TRUE(bus.wanted("pre-upload"));
}

TEST(EventBus, AnActionIsWantedAsLongAsSomebodyIsRegisteredForIt) {
  EventBus bus;
  const auto nothing = [](const OpContext&, const Event&) { return ok(); };
  auto before = bus.on_before("t", "pre-upload, pre-delete", nothing);
  auto sync = bus.on_after_sync("t", "upload", nothing);
  auto queued = bus.on_after("t", "mkdir", 1, nothing);
  auto subscription = bus.subscribe("rmdir", 1);
  for (const char* action : {"pre-upload", "pre-delete", "upload", "mkdir", "rmdir"})
    EXPECT_TRUE(bus.wanted(action)) << action;
  for (const char* action : {"rename", "download", "pre-download", ""}) EXPECT_FALSE(bus.wanted(action)) << action;
  before.reset();
  EXPECT_FALSE(bus.wanted("pre-upload"));
  sync.reset();
  EXPECT_FALSE(bus.wanted("upload"));
  queued.reset();
  EXPECT_FALSE(bus.wanted("mkdir"));
  (*subscription).reset();
  EXPECT_FALSE(bus.wanted("rmdir"));
  auto all = bus.on_before("t", "*", nothing);
  EXPECT_TRUE(bus.wanted("pre-anything"));
}

TEST(EventBus, ARegistrationMayChangeWhatItIsCalledFor) {
  EventBus bus;
  Paths seen;
  const auto handler = [&](const OpContext&, const Event& e) {
    seen.add(e);
    return ok();
  };
  auto before = bus.on_before("b", "pre-upload", handler);
  auto queued = bus.on_after("q", "upload", 10, handler);
  before->set_actions("pre-delete");
  queued->set_actions("delete");
  EXPECT_FALSE(bus.wanted("pre-upload"));
  EXPECT_TRUE(bus.wanted("pre-delete"));
  EXPECT_TRUE(bus.before({}, event_of("pre-upload", "/1")));
  EXPECT_TRUE(bus.before({}, event_of("pre-delete", "/2")));
  EXPECT_TRUE(bus.after({}, event_of("upload", "/3")));
  EXPECT_TRUE(bus.after({}, event_of("delete", "/4")));
  drain(bus);
  EXPECT_EQ(seen.get(), (std::vector<std::string>{"/2", "/4"}));
  queued->set_actions("");
  EXPECT_FALSE(bus.wanted("delete"));
}

TEST(EventBus, BeforeHandlersRunInOrderAndTheFirstErrorEndsTheRun) {
  EventBus bus;
  std::string order;
  auto first = bus.on_before("first", "pre-upload", [&](const OpContext&, const Event&) {
    order += "1";
    return ok();
  });
  auto second = bus.on_before("second", "*", [&](const OpContext&, const Event& e) -> Status {
    order += "2";
    if (e.virtual_path == "/no") return Error{Errc::PermissionDenied, e.virtual_path, "vetoed"};
    return ok();
  });
  auto third = bus.on_before("third", "pre-upload", [&](const OpContext&, const Event&) {
    order += "3";
    return ok();
  });
  EXPECT_TRUE(bus.before({}, event_of("pre-upload", "/yes")));
  EXPECT_EQ(order, "123");
  order.clear();
  const Status vetoed = bus.before({}, event_of("pre-upload", "/no"));
  EXPECT_EQ(vetoed.code(), Errc::PermissionDenied);
  EXPECT_EQ(order, "12");
}

TEST(EventBus, AThrowingBeforeHandlerIsAVeto) {
  EventBus bus;
  auto registration =
      bus.on_before("t", "*", [](const OpContext&, const Event&) -> Status { throw std::runtime_error("boom"); });
  EXPECT_EQ(bus.before({}, event_of("pre-upload")).code(), Errc::Internal);
}

TEST(EventBus, AllSyncHandlersRunAndTheFirstErrorIsReturned) {
  EventBus bus;
  int calls = 0;
  const auto failing = [&](Errc code) {
    return [&calls, code](const OpContext&, const Event&) -> Status {
      ++calls;
      return Error{code, "t", "failed"};
    };
  };
  auto a = bus.on_after_sync("a", "upload", failing(Errc::Unavailable));
  auto b = bus.on_after_sync("b", "upload", failing(Errc::PermissionDenied));
  EXPECT_EQ(bus.after({}, event_of("upload")).code(), Errc::Unavailable);
  EXPECT_EQ(calls, 2);
}

TEST(EventBus, QueuedHandlersSeeEveryEventInOrder) {
  EventBus bus;
  Paths slow, fast;
  auto a = bus.on_after("slow", "upload", 1000, [&](const OpContext&, const Event& e) {
    std::this_thread::yield();
    slow.add(e);
    return ok();
  });
  auto b = bus.on_after("fast", "*", 1000, [&](const OpContext& ctx, const Event& e) {
    EXPECT_EQ(ctx.user, e.username);
    fast.add(e);
    return ok();
  });
  std::vector<std::string> sent;
  for (int i = 0; i < 500; ++i) {
    sent.push_back("/" + std::to_string(i));
    EXPECT_TRUE(bus.after({}, event_of("upload", sent.back())));
  }
  drain(bus);
  EXPECT_EQ(slow.get(), sent);
  EXPECT_EQ(fast.get(), sent);
}

TEST(EventBus, WhatDoesNotFitIsDroppedAndCounted) {
  EventBus bus;
  auto subscription = bus.subscribe("upload", 3);
  ASSERT_TRUE(subscription);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(bus.after({}, event_of("upload", "/" + std::to_string(i))));
  EXPECT_EQ((*subscription)->dropped(), 7u);
  for (const char* expected : {"/0", "/1", "/2"}) {
    auto event = (*subscription)->next({});
    ASSERT_TRUE(event);
    EXPECT_EQ(event->virtual_path, expected);
  }
  const OpContext soon{.deadline = steady_clock::now() + 10ms};
  EXPECT_EQ((*subscription)->next(soon).code(), Errc::TimedOut);
}

TEST(EventBus, AFullQueueDoesNotHoldUpThePublisher) {
  EventBus bus;
  Gate gate;
  std::atomic<int> handled = 0;
  auto registration = bus.on_after("stuck", "upload", 2, [&](const OpContext&, const Event&) {
    gate.wait();
    ++handled;
    return ok();
  });
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(bus.after({}, event_of("upload")));  // would never end if it waited
  gate.open();
  drain(bus);
  EXPECT_GE(handled, 2);
  EXPECT_LE(handled, 3);
}

TEST(EventBus, ASubscriptionEndsWithTheCallersStopToken) {
  EventBus bus;
  auto subscription = bus.subscribe("*", 1);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_EQ((*subscription)->next({.stop = stop.get_token()}).code(), Errc::Cancelled);
}

TEST(EventBus, SubscribingToNothingIsRefused) {
  EventBus bus;
  EXPECT_EQ(bus.subscribe(" , ", 1).code(), Errc::InvalidArgument);
}

TEST(EventBus, DrainingCancelsSubscribersAndLaterEventsAreCountedAsLost) {
  EventBus bus;
  auto subscription = bus.subscribe("*", 10);
  std::jthread waiting([&] { EXPECT_EQ((*subscription)->next({}).code(), Errc::Cancelled); });
  drain(bus);
  waiting.join();
  EXPECT_TRUE(bus.after({}, event_of("upload")));
  EXPECT_EQ((*subscription)->dropped(), 1u);
  auto late = bus.subscribe("*", 10);
  EXPECT_EQ((*late)->next({}).code(), Errc::Cancelled);
}

TEST(EventBus, DrainingGivesUpAtTheDeadlineAndTellsRunningHandlersToStop) {
  EventBus bus;
  std::atomic<bool> stopped = false;
  std::latch started(1);
  auto registration = bus.on_after("slow", "*", 10, [&](const OpContext& ctx, const Event&) {
    started.count_down();
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait(lock, ctx.stop, [] { return false; });
    stopped = true;
    return ok();
  });
  EXPECT_TRUE(bus.after({}, event_of("upload")));
  started.wait();
  bus.drain(steady_clock::now() + 20ms);
  registration.reset();
  EXPECT_TRUE(stopped);
}

TEST(EventBus, DrainingWaitsForEventsThatHandlersPublish) {
  EventBus bus;
  std::atomic<int> handled = 0;
  auto second = bus.on_after("second", "mkdir", 10, [&](const OpContext&, const Event&) {
    ++handled;
    return ok();
  });
  auto first = bus.on_after("first", "upload", 10, [&](const OpContext& ctx, const Event&) {
    std::this_thread::sleep_for(20ms);
    return bus.after(ctx, event_of("mkdir"));
  });
  EXPECT_TRUE(bus.after({}, event_of("upload")));
  drain(bus);
  EXPECT_EQ(handled, 1);
}

TEST(EventBus, EndingARegistrationWaitsForItsRunningHandler) {
  EventBus bus;
  std::latch started(1);
  Gate gate;
  std::atomic<bool> finished = false;
  auto registration = bus.on_before("slow", "*", [&](const OpContext&, const Event&) {
    started.count_down();
    gate.wait();
    finished = true;
    return ok();
  });
  std::jthread publisher([&] { EXPECT_TRUE(bus.before({}, event_of("pre-upload"))); });
  started.wait();
  std::jthread opener([&] { gate.open(); });
  registration.reset();
  EXPECT_TRUE(finished);
}

TEST(EventBus, AHandlerMayEndItsOwnRegistration) {
  EventBus bus;
  int direct_calls = 0;
  std::unique_ptr<EventBus::Registration> direct;
  direct = bus.on_before("direct", "*", [&](const OpContext&, const Event&) {
    ++direct_calls;
    direct.reset();
    return ok();
  });
  EXPECT_TRUE(bus.before({}, event_of("pre-upload")));
  EXPECT_TRUE(bus.before({}, event_of("pre-upload")));
  EXPECT_EQ(direct_calls, 1);

  std::latch done(1);
  std::unique_ptr<EventBus::Registration> queued;
  Gate assigned;
  queued = bus.on_after("queued", "*", 10, [&](const OpContext&, const Event&) {
    assigned.wait();
    queued.reset();
    done.count_down();
    return ok();
  });
  assigned.open();
  EXPECT_TRUE(bus.after({}, event_of("upload")));
  done.wait();
  EXPECT_FALSE(bus.wanted("upload"));
}

TEST(EventBus, AConcurrentHandlerRunsAsOftenAtOnceAsAskedAndNoMore) {
  constexpr int kAtOnce = 4;
  EventBus bus;
  std::latch all_started(kAtOnce);
  Gate gate;
  std::atomic<int> running = 0, most = 0, handled = 0;
  auto registration = bus.on_after_concurrent("hooks", "*", 100, kAtOnce, [&](const OpContext&, const Event&) {
    const int now = ++running;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    if (handled++ < kAtOnce) all_started.count_down();
    gate.wait();
    --running;
    return ok();
  });
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(bus.after({}, event_of("upload")));
  all_started.wait();  // would never end with fewer threads
  gate.open();
  drain(bus);
  EXPECT_EQ(most, kAtOnce);
  EXPECT_EQ(handled, 50);
  EXPECT_EQ(running, 0);  // drain waits for calls that run, too
}

TEST(EventBus, AConcurrentHandlerMayEndItsOwnRegistration) {
  EventBus bus;
  std::latch done(1);
  Gate assigned;
  std::unique_ptr<EventBus::Registration> registration;
  registration = bus.on_after_concurrent("one", "*", 10, 1, [&](const OpContext&, const Event&) {
    assigned.wait();
    registration.reset();
    done.count_down();
    return ok();
  });
  assigned.open();
  EXPECT_TRUE(bus.after({}, event_of("upload")));
  done.wait();
  EXPECT_FALSE(bus.wanted("upload"));
}

TEST(EventBus, ARegistrationMayOutliveTheBus) {
  auto bus = std::make_unique<EventBus>();
  const auto nothing = [](const OpContext&, const Event&) { return ok(); };
  auto before = bus->on_before("a", "*", nothing);
  auto queued = bus->on_after("b", "*", 4, nothing);
  auto concurrent = bus->on_after_concurrent("c", "*", 4, 2, nothing);
  auto subscription = bus->subscribe("*", 4);
  bus.reset();
  EXPECT_EQ((*subscription)->next({}).code(), Errc::Cancelled);
}

TEST(EventBus, ManyProducersAndChangingSubscribersLoseAndMixNothing) {
  constexpr int kProducers = 8, kEvents = 400;
  EventBus bus;
  std::atomic<int> synchronous = 0, vetoed = 0;
  std::vector<std::vector<int>> seen(kProducers);  // written by one worker only
  auto keeper = bus.on_after("keeper", "upload", kProducers * kEvents, [&](const OpContext&, const Event& e) {
    seen[std::stoul(e.username)].push_back(static_cast<int>(e.file_size));
    return ok();
  });
  auto sync = bus.on_after_sync("sync", "upload", [&](const OpContext&, const Event&) {
    ++synchronous;
    return ok();
  });
  auto guard = bus.on_before("guard", "pre-upload", [&](const OpContext&, const Event& e) -> Status {
    if (e.file_size % 2 == 0) return ok();
    ++vetoed;
    return Error{Errc::PermissionDenied, "odd"};
  });
  std::atomic<bool> running = true;
  std::jthread changer([&] {
    while (running) {
      auto a = bus.on_before("passing", "*", [](const OpContext&, const Event&) { return ok(); });
      auto b = bus.on_after("passing", "*", 2, [](const OpContext&, const Event&) { return ok(); });
      auto c = bus.subscribe("upload", 1);
      auto d = bus.on_after_concurrent("passing", "*", 2, 2, [](const OpContext&, const Event&) { return ok(); });
      EXPECT_TRUE(bus.wanted("rename"));
    }
  });
  {
    std::vector<std::jthread> producers;
    for (int p = 0; p < kProducers; ++p)
      producers.emplace_back([&, p] {
        for (int i = 0; i < kEvents; ++i) {
          Event event = event_of("pre-upload");
          event.username = std::to_string(p);
          event.file_size = static_cast<std::uint64_t>(i);
          EXPECT_EQ(bus.before({}, event).ok(), i % 2 == 0);
          event.action = "upload";
          EXPECT_TRUE(bus.after({}, std::move(event)));
        }
      });
  }
  running = false;
  changer.join();
  drain(bus);
  EXPECT_EQ(synchronous, kProducers * kEvents);
  EXPECT_EQ(vetoed, kProducers * kEvents / 2);
  for (const auto& of_producer : seen) {
    ASSERT_EQ(of_producer.size(), static_cast<std::size_t>(kEvents));
    EXPECT_TRUE(std::is_sorted(of_producer.begin(), of_producer.end()));
  }
}

TEST(EventBus, OnlyHandlersOfThePublishersThreadMakeItWait) {
  EventBus bus;
  EXPECT_FALSE(bus.waits_for({"pre-upload", "upload"}));
  const auto queued = bus.on_after("queued", "*", 4, [](const OpContext&, const Event&) { return ok(); });
  EXPECT_FALSE(bus.waits_for({"pre-upload", "upload"}));
  auto before = bus.on_before("before", "pre-upload", [](const OpContext&, const Event&) { return ok(); });
  EXPECT_TRUE(bus.waits_for({"upload", "pre-upload"}));
  EXPECT_FALSE(bus.waits_for({"upload"}));
  before.reset();
  EXPECT_FALSE(bus.waits_for({"upload", "pre-upload"}));
  const auto sync = bus.on_after_sync("sync", "upload", [](const OpContext&, const Event&) { return ok(); });
  EXPECT_TRUE(bus.waits_for({"upload"}));
  EXPECT_FALSE(bus.waits_for({"download"}));
}

}  // namespace
}  // namespace slipway::events
