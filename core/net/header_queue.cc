#include "core/net/header_queue.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/error.h"
#include "core/log/log.h"

namespace slipway::net {
namespace {

using Kind = ProxyHeader::Kind;
using Mode = ProxySettings::Mode;

// Of a listener; beyond it new connections are closed.
constexpr std::size_t kMaxWaiting = 4096, kMaxWaitingOfStranger = 64;

bool contains(const std::vector<IpNetwork>& networks, const std::string& address) {
  const auto ip = IpAddress::parse(address);
  return ip && std::ranges::any_of(networks, [&](const IpNetwork& network) { return network.contains(*ip); });
}

}  // namespace

HeaderQueue::HeaderQueue(UniqueFd epoll) : epoll_(std::move(epoll)), buffer_(kMaxProxyHeader) {}

HeaderQueue::~HeaderQueue() {
  for (auto& connection : ready_) ::close(connection.fd);
}

Result<std::unique_ptr<HeaderQueue>> HeaderQueue::make() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return error_from_errno(errno, "PROXY protocol");
  return std::unique_ptr<HeaderQueue>(new HeaderQueue(std::move(epoll)));
}

void HeaderQueue::log_refusal(const AcceptedConnection& connection, std::string_view reason) {
  const auto [write, left_out] = refusals_.ask(Clock::now());
  if (write)
    log::info("listener", "connection refused before its PROXY header was complete",
              {{"client_ip", connection.remote.address}, {"error", reason}, {"left_out", left_out}});
}

void HeaderQueue::add(AcceptedConnection connection, const std::shared_ptr<const ProxySettings>& settings) {
  if (settings->mode == Mode::Off || contains(settings->skipped, connection.remote.address)) {
    ready_.push_back(std::move(connection));
    return;
  }
  UniqueFd fd(std::exchange(connection.fd, -1));
  const bool allowed = contains(settings->allowed, connection.remote.address);
  if (settings->mode == Mode::Required && !allowed) return log_refusal(connection, "the peer is not in proxy_allowed");
  if (waiting_.size() >= kMaxWaiting) return log_refusal(connection, "too many connections wait for their header");
  if (!allowed) {
    std::size_t& own = strangers_[connection.remote.address];
    if (own >= kMaxWaitingOfStranger)
      return log_refusal(connection, "too many connections of this address wait for their header");
    ++own;
  }
  const int number = fd.get();
  const auto now = Clock::now();
  const auto time =
      settings->mode == Mode::Optional ? std::min(settings->silence, settings->header_time) : settings->header_time;
  const auto place =
      waiting_.emplace(number, Waiting{std::move(fd), std::move(connection), settings, allowed, false, now, now + time})
          .first;
  deadlines_.emplace(place->second.deadline, number);
  // A header is usually there with the connection. What comes between this look and the next call is an event all the
  // same: a descriptor that is added is looked at by the system.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  event.data.fd = number;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, number, &event) != 0) return refuse(place, "out of memory");
  look(place);
}

std::optional<HeaderQueue::Clock::time_point> HeaderQueue::deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

void HeaderQueue::step(Clock::time_point now) {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i)
    if (const auto at = waiting_.find(events[static_cast<std::size_t>(i)].data.fd); at != waiting_.end()) look(at);
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto at = waiting_.find(deadlines_.begin()->second);
    if (at->second.settings->mode == Mode::Optional && !at->second.spoke)
      hand_out(at);  // a client that waits for the server's first word
    else
      refuse(at, "the header did not come in time");
  }
}

void HeaderQueue::look(Place at) {
  Waiting& waiting = at->second;
  ssize_t got = 0;
  do {
    got = ::recv(waiting.fd.get(), buffer_.data(), buffer_.size(), MSG_PEEK | MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (got <= 0) {
    (void)remove(at);  // it went away: nothing to tell
    return;
  }
  if (!std::exchange(waiting.spoke, true)) set_deadline(at, waiting.since + waiting.settings->header_time);

  const ProxyHeader header = parse_proxy_header({buffer_.data(), static_cast<std::size_t>(got)});
  switch (header.kind) {
    case Kind::Partial:
      return;
    case Kind::Malformed:
      return refuse(at, header.problem);
    case Kind::Absent:
      if (waiting.settings->mode == Mode::Required) return refuse(at, "there is no header");
      return hand_out(at);
    case Kind::Local:
    case Kind::Client:
      break;
  }
  for (std::size_t taken = 0; taken < header.size;) {
    const ssize_t n = ::recv(waiting.fd.get(), buffer_.data(), header.size - taken, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return refuse(at, "the header cannot be read");
    taken += static_cast<std::size_t>(n);
  }
  if (header.kind == Kind::Client && waiting.allowed) {
    waiting.connection.remote = header.source;
    waiting.connection.local = header.destination;
  }
  hand_out(at);
}

void HeaderQueue::set_deadline(Place at, Clock::time_point deadline) {
  deadlines_.erase({at->second.deadline, at->first});
  at->second.deadline = deadline;
  deadlines_.emplace(deadline, at->first);
}

HeaderQueue::Waiting HeaderQueue::remove(Place at) {
  Waiting waiting = std::move(at->second);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, at->first, nullptr);
  deadlines_.erase({waiting.deadline, at->first});
  if (!waiting.allowed)
    if (const auto own = strangers_.find(waiting.connection.remote.address); --own->second == 0) strangers_.erase(own);
  waiting_.erase(at);
  return waiting;
}

void HeaderQueue::hand_out(Place at) {
  Waiting waiting = remove(at);
  waiting.connection.fd = waiting.fd.release();
  ready_.push_back(std::move(waiting.connection));
}

void HeaderQueue::refuse(Place at, std::string_view reason) { log_refusal(remove(at).connection, reason); }

std::optional<AcceptedConnection> HeaderQueue::pop() {
  if (ready_.empty()) return std::nullopt;
  auto connection = std::move(ready_.front());
  ready_.pop_front();
  return connection;
}

}  // namespace slipway::net
