// Accepted connections that owe a PROXY header: reads the headers of all of them side by side, without waiting for any.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/log/line_budget.h"
#include "core/net/proxy_header.h"
#include "core/net/proxy_settings.h"
#include "slipway/protocol.h"

namespace slipway::net {

// Belongs to the thread that accepts. Not a byte of a client is taken: a header is looked at (MSG_PEEK) until it is
// complete, and then read to its end.
class HeaderQueue {
 public:
  using Clock = std::chrono::steady_clock;

  static Result<std::unique_ptr<HeaderQueue>> make();
  // Closes the connections that are left.
  ~HeaderQueue();
  HeaderQueue(const HeaderQueue&) = delete;
  HeaderQueue& operator=(const HeaderQueue&) = delete;

  // Takes the socket of `connection` and closes it if `settings` or a limit refuse it.
  void add(AcceptedConnection connection, const std::shared_ptr<const ProxySettings>& settings);
  // Readable when step() has something to do.
  int poll_fd() const noexcept { return epoll_.get(); }
  // When step() has something to do at the latest; nothing while nobody waits.
  std::optional<Clock::time_point> deadline() const;
  // Looks at what came, and ends the wait of those that are late.
  void step(Clock::time_point now);
  // A connection that may go on, with the client's address.
  std::optional<AcceptedConnection> pop();

 private:
  struct Waiting {
    UniqueFd fd;
    AcceptedConnection connection;  // its fd is not set
    std::shared_ptr<const ProxySettings> settings;
    bool allowed = false;  // its header counts
    bool spoke = false;    // some byte came
    Clock::time_point since, deadline;
  };
  using Place = std::map<int, Waiting>::iterator;  // by descriptor

  explicit HeaderQueue(UniqueFd epoll);

  void look(Place at);
  void set_deadline(Place at, Clock::time_point deadline);
  void hand_out(Place at);
  void refuse(Place at, std::string_view reason);
  Waiting remove(Place at);
  void log_refusal(const AcceptedConnection& connection, std::string_view reason);

  UniqueFd epoll_;
  std::map<int, Waiting> waiting_;
  std::set<std::pair<Clock::time_point, int>> deadlines_;
  std::unordered_map<std::string, std::size_t> strangers_;  // waiting connections of peers that are not allowed
  std::deque<AcceptedConnection> ready_;
  std::vector<std::uint8_t> buffer_;
  log::LineBudget refusals_;
};

}  // namespace slipway::net
