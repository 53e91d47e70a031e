#include "event_streams.h"

#include <algorithm>
#include <boost/json.hpp>

#include "utf8.h"

namespace slipway::httpd {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostOfUser = 10, kMost = 1000;
constexpr std::size_t kQueue = 4096;      // events between the bus and the thread
constexpr std::size_t kMostEarly = 1000;  // messages
constexpr auto kLook = std::chrono::milliseconds(500), kAskAgain = std::chrono::milliseconds(30'000);
constexpr std::uint16_t kGoingAway = 1001, kPolicy = 1008, kTryAgain = 1013;  // RFC 6455 7.4.1 and its registry

}  // namespace

const std::set<std::string, std::less<>>& EventStreams::actions() {
  static const std::set<std::string, std::less<>> kActions = {"upload", "download", "delete", "rename",
                                                              "mkdir",  "rmdir",    "copy"};
  return kActions;
}

EventStreams::Stream::Stream(std::shared_ptr<EventStreams> streams, Listener listener)
    : streams_(std::move(streams)), listener_(std::move(listener)) {}

EventStreams::Stream::~Stream() { streams_->forget(std::move(listener_.session)); }

void EventStreams::Stream::begin(std::shared_ptr<http::WebSocket> socket) {
  std::lock_guard lock(mutex_);
  begun_ = true;
  socket_ = std::move(socket);
  if (socket_)
    for (const std::string& message : early_) (void)socket_->send(message);
  early_.clear();
}

void EventStreams::Stream::tell(const std::string& message) {
  Status sent = ok();
  {
    std::lock_guard lock(mutex_);
    if (socket_)
      sent = socket_->send(message);  // one that does not keep up is closed by that
    else if (!begun_ && early_.size() < kMostEarly)
      early_.push_back(message);
  }
  if (!sent && sent.code() == Errc::TooLarge)
    streams_->logger_.warn("an event stream was closed, its client does not keep up",
                           {{"username", listener_.user}, {"connection_id", listener_.session->id()}});
}

std::shared_ptr<http::WebSocket> EventStreams::Stream::socket() const {
  std::lock_guard lock(mutex_);
  return socket_;
}

EventStreams::~EventStreams() { close(); }

Result<std::shared_ptr<EventStreams::Stream>> EventStreams::open(Listener listener) {
  auto stream = std::make_shared<Stream>(shared_from_this(), std::move(listener));
  Status refused = ok();
  {
    std::lock_guard lock(mutex_);
    std::size_t all = 0;
    for (const auto& [user, streams] : streams_) all += streams.size();
    auto& own = streams_[stream->listener_.user];
    std::erase_if(own, [](const auto& weak) { return weak.expired(); });
    if (closed_) {
      refused = Error(Errc::Unavailable, "events", "the service is shutting down");
    } else if (own.size() >= kMostOfUser) {
      refused = Error(Errc::QuotaExceeded, "events", "too many event streams of this user");
    } else if (all >= kMost) {
      refused = Error(Errc::QuotaExceeded, "events", "too many event streams on this server");
    }
    if (refused && !subscription_) {
      std::string names;
      for (const auto& action : actions()) names += action + ",";
      auto subscription = events_.subscribe(names, kQueue);
      if (subscription) {
        subscription_ = *std::move(subscription);
        dropped_ = 0;
      } else {
        refused = subscription.error();
      }
    }
    if (refused) own.push_back(stream);
    if (refused && !thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  changed_.notify_all();
  if (!refused) return refused.error();
  return stream;
}

void EventStreams::forget(std::shared_ptr<Session> session) {
  {
    std::lock_guard lock(mutex_);
    if (!closed_) ended_.push_back(std::move(session));
  }
  changed_.notify_all();
}

void EventStreams::close() noexcept {
  std::jthread thread;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    thread = std::move(thread_);
  }
  thread.request_stop();
  if (thread.joinable()) thread.join();
  std::vector<std::shared_ptr<Session>> ended;
  std::lock_guard lock(mutex_);
  ended.swap(ended_);
  subscription_.reset();
}

EventStreams::Streams EventStreams::alive(const std::vector<std::weak_ptr<Stream>>& streams) {
  Streams found;
  for (const auto& weak : streams)
    if (auto stream = weak.lock()) found.push_back(std::move(stream));
  return found;
}

EventStreams::Streams EventStreams::of(const std::string& user) const {
  std::lock_guard lock(mutex_);
  const auto found = streams_.find(user);
  return found == streams_.end() ? Streams() : alive(found->second);
}

EventStreams::Streams EventStreams::all() const {
  std::lock_guard lock(mutex_);
  Streams found;
  for (const auto& [user, streams] : streams_)
    for (auto& stream : alive(streams)) found.push_back(std::move(stream));
  return found;
}

void EventStreams::run(const std::stop_token& stop) {
  auto next_look = Clock::now() + kLook, next_question = Clock::now() + kAskAgain;
  while (!stop.stop_requested()) {
    std::shared_ptr<EventSubscription> subscription;
    std::vector<std::shared_ptr<Session>> ended;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [this] { return !streams_.empty() || !ended_.empty(); });
      for (auto entry = streams_.begin(); entry != streams_.end();) {
        std::erase_if(entry->second, [](const auto& weak) { return weak.expired(); });
        entry = entry->second.empty() ? streams_.erase(entry) : std::next(entry);
      }
      // Events that nobody listens to need not even be made.
      if (streams_.empty()) subscription_.reset();
      subscription = subscription_;
      ended.swap(ended_);
    }
    ended.clear();
    if (!subscription) continue;

    const auto event = subscription->next({.stop = stop, .deadline = next_look});
    if (event) deliver(*event);
    if (!event && event.code() == Errc::Cancelled) {
      for (const auto& stream : all())
        if (auto socket = stream->socket()) socket->close(kGoingAway, "the server ends");
      return;
    }
    const auto now = Clock::now();
    if (now < next_look) continue;
    const bool ask = now >= next_question;
    look_after(ask);
    next_look = now + kLook;
    if (ask) next_question = now + kAskAgain;
  }
}

void EventStreams::deliver(const Event& event) {
  std::string message;
  for (const auto& stream : of(event.username)) {
    if (!stream->listener_.actions.contains(event.action)) continue;
    if (message.empty()) message = message_of(event);
    stream->tell(message);
  }
}

void EventStreams::look_after(bool with_accounts) {
  bool is_lossy = false;
  {
    std::lock_guard lock(mutex_);
    const auto dropped = subscription_ ? subscription_->dropped() : 0;
    is_lossy = dropped != dropped_;
    dropped_ = dropped;
  }
  for (const auto& stream : all()) {
    const auto socket = stream->socket();
    if (!socket) continue;
    const Listener& listener = stream->listener_;
    if (listener.session->stop_token().stop_requested()) {
      socket->close(kGoingAway, "the connection was closed");
    } else if (with_accounts && !listener.is_still_valid()) {
      socket->close(kPolicy, "the token is no longer valid");
    } else if (is_lossy) {
      socket->close(kTryAgain, "events were lost");
    } else if (with_accounts) {
      (void)listener.session->context();  // it is not idle
    }
  }
}

std::string EventStreams::message_of(const Event& event) {
  namespace json = boost::json;
  json::object message{
      {"action", event.action},
      {"timestamp", event.at.time_since_epoch().count()},
      {"virtual_path", valid_utf8(event.virtual_path)},
      {"status", static_cast<int>(event.status)},
      {"protocol", event.protocol},
      {"ip", event.ip},
      {"session_id", event.session_id},
  };
  if (!event.external_username.empty()) message["external_username"] = valid_utf8(event.external_username);
  if (!event.virtual_target_path.empty()) message["virtual_target_path"] = valid_utf8(event.virtual_target_path);
  if (event.action == "upload" || event.action == "download" || event.action == "copy" || event.action == "delete")
    message["file_size"] = event.file_size;
  if (event.elapsed.count() != 0) message["elapsed"] = event.elapsed.count();
  return json::serialize(message);
}

}  // namespace slipway::httpd
