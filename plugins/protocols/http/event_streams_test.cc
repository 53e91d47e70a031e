#include "event_streams.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <deque>

#include "fake_host.h"

namespace slipway::httpd {
namespace {

using namespace std::chrono_literals;

class FakeEvents final : public EventService {
 public:
  class Subscription final : public EventSubscription {
   public:
    explicit Subscription(FakeEvents& events) : events_(events) {}
    ~Subscription() override {
      std::lock_guard lock(events_.mutex_);
      --events_.subscriptions_;
      events_.changed_.notify_all();
    }
    Result<Event> next(const OpContext& context) override {
      std::unique_lock lock(events_.mutex_);
      const auto ready = [&] { return !events_.waiting_.empty(); };
      if (!events_.changed_.wait_until(lock, context.stop, context.deadline, ready))
        return Error(context.stop.stop_requested() ? Errc::Cancelled : Errc::TimedOut, "events");
      Event event = std::move(events_.waiting_.front());
      events_.waiting_.pop_front();
      return event;
    }
    std::uint64_t dropped() const noexcept override { return events_.lost; }

   private:
    FakeEvents& events_;
  };
  Result<std::unique_ptr<EventSubscription>> subscribe(std::string_view, std::size_t) override {
    std::lock_guard lock(mutex_);
    ++subscriptions_;
    return std::unique_ptr<EventSubscription>(std::make_unique<Subscription>(*this));
  }
  void publish(std::string action, std::string user) {
    Event event;
    event.action = std::move(action);
    event.username = std::move(user);
    event.virtual_path = "/a";
    event.path = "/srv/secret/a";
    {
      std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(event));
    }
    changed_.notify_all();
  }
  void wait_without_subscription() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return subscriptions_ == 0; });
  }
  std::atomic<std::uint64_t> lost{0};

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Event> waiting_;
  int subscriptions_ = 0;
};

class FakeSocket final : public http::WebSocket {
 public:
  Status send(std::string_view message, Kind) override {
    Status sent = is_behind.load() ? Status(Error(Errc::TooLarge, "websocket")) : ok();
    {
      std::lock_guard lock(mutex_);
      messages_.emplace_back(message);
    }
    changed_.notify_all();
    return sent;
  }
  void close(std::uint16_t code, std::string_view) override {
    {
      std::lock_guard lock(mutex_);
      code_ = code;
    }
    changed_.notify_all();
  }
  bool is_open() const noexcept override { return true; }
  std::string_view protocol() const noexcept override { return {}; }

  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return messages_.size() >= count; });
    return messages_;
  }
  std::uint16_t wait_closed() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return code_ != 0; });
    return code_;
  }
  std::atomic<bool> is_behind{false};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> messages_;
  std::uint16_t code_ = 0;
};

class FakeSession final : public Session {
 public:
  Filesystem& fs() noexcept override { std::terminate(); }
  const std::string& id() const noexcept override { return id_; }
  const std::string& user() const noexcept override { return id_; }
  const VPath& start_directory() const noexcept override { return start_; }
  std::stop_token stop_token() const noexcept override { return stop.get_token(); }
  OpContext context() const noexcept override { return {}; }
  void set_command(std::string_view) override {}
  std::chrono::steady_clock::duration idle() const noexcept override { return {}; }
  std::stop_source stop;

 private:
  const std::string id_ = "anna";
  const VPath start_;
};

class EventStreamsTest : public testing::Test {
 protected:
  ~EventStreamsTest() override { streams->close(); }
  EventStreams::Listener listener(std::string user, std::set<std::string, std::less<>> actions) {
    session = std::make_shared<FakeSession>();
    return {std::move(user), std::move(actions), session, [] { return true; }};
  }
  std::pair<std::shared_ptr<EventStreams::Stream>, std::shared_ptr<FakeSocket>> open(
      std::string user, std::set<std::string, std::less<>> actions = EventStreams::actions()) {
    auto stream = streams->open(listener(std::move(user), std::move(actions)));
    auto socket = std::make_shared<FakeSocket>();
    (*stream)->begin(socket);
    return {*stream, socket};
  }

  FakeEvents events;
  kit::FakeHost host{"httpd"};
  std::shared_ptr<EventStreams> streams = std::make_shared<EventStreams>(events, host.logger());
  std::shared_ptr<FakeSession> session;
};

TEST_F(EventStreamsTest, EverybodyHearsOnlyOfTheirOwn) {
  const auto [anna, annas] = open("anna");
  const auto [picky, pickys] = open("anna", {"delete"});
  const auto [bob, bobs] = open("bob");
  events.publish("upload", "anna");
  events.publish("upload", "carol");
  events.publish("delete", "anna");
  events.publish("mkdir", "bob");
  EXPECT_EQ(bobs->wait_for(1).size(), 1u);
  EXPECT_EQ(annas->wait_for(2).size(), 2u);
  EXPECT_EQ(pickys->wait_for(1).size(), 1u);
  EXPECT_TRUE(bobs->wait_for(1)[0].find("mkdir") != std::string::npos);
}

TEST_F(EventStreamsTest, MessagesSayNothingOfTheServersDisk) {
  Event event;
  event.action = "rename";
  event.virtual_path = "/a\xff";
  event.virtual_target_path = "/b";
  event.path = "/srv/secret/a";
  event.target_path = "/srv/secret/b";
  const auto text = EventStreams::message_of(event);
  EXPECT_EQ(text.find("secret"), std::string::npos);
  const auto object = boost::json::parse(text).as_object();
  EXPECT_EQ(object.at("virtual_path"), "/a\xEF\xBF\xBD");
  EXPECT_EQ(object.at("virtual_target_path"), "/b");
}

TEST_F(EventStreamsTest, AUserHasOnlySoMany) {
  std::vector<std::shared_ptr<EventStreams::Stream>> open_ones;
  for (int i = 0; i < 10; ++i) open_ones.push_back(open("anna").first);
  EXPECT_EQ(streams->open(listener("anna", {})).code(), Errc::QuotaExceeded);
  EXPECT_TRUE(streams->open(listener("bob", {})));
  open_ones.pop_back();
  EXPECT_TRUE(streams->open(listener("anna", {})));
}

TEST_F(EventStreamsTest, ClosedSessionsEndTheirStreams) {
  const auto [stream, socket] = open("anna");
  session->stop.request_stop();
  EXPECT_EQ(socket->wait_closed(), 1001);
}

TEST_F(EventStreamsTest, TheLogNamesWhoDoesNotKeepUp) {
  const auto [stream, socket] = open("anna");
  socket->is_behind = true;
  events.publish("upload", "anna");
  socket->wait_for(1);
  streams->close();  // its thread has ended
  const std::vector<std::string> expected = {
      "warn: an event stream was closed, its client does not keep up username=anna connection_id=anna"};
  EXPECT_EQ(host.log_lines(), expected);
}

TEST_F(EventStreamsTest, LostEventsAreTold) {
  const auto [stream, socket] = open("anna");
  events.lost = 3;
  EXPECT_EQ(socket->wait_closed(), 1013);
}

TEST_F(EventStreamsTest, NobodyListensNothingIsSubscribed) {
  open("anna").first.reset();
  events.wait_without_subscription();
  const auto [stream, socket] = open("anna");
  events.publish("upload", "anna");
  EXPECT_EQ(socket->wait_for(1).size(), 1u);
  streams->close();
  EXPECT_EQ(streams->open(listener("anna", {})).code(), Errc::Unavailable);
}

}  // namespace
}  // namespace slipway::httpd
