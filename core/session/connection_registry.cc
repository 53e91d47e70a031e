#include "core/session/connection_registry.h"

#include <atomic>
#include <condition_variable>
#include <map>

namespace slipway::session {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t unix_ms(std::chrono::system_clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

struct Ticket;
struct SessionEntry;

}  // namespace

struct ConnectionRegistry::State {
  mutable std::mutex mutex;
  std::condition_variable transfer_ended;
  ConnectionLimits limits;
  bool draining = false;
  std::size_t connections = 0, transfers = 0;
  std::size_t parked_transfers = 0;  // of parked sessions, among the others
  std::unordered_map<std::string, std::size_t> host_connections, host_transfers, user_sessions, user_transfers;
  std::list<SessionEntry*> sessions;

  static void release(std::unordered_map<std::string, std::size_t>& counts, const std::string& key) {
    const auto it = counts.find(key);
    if (--it->second == 0) counts.erase(it);
  }
  static std::size_t count(const std::unordered_map<std::string, std::size_t>& counts, const std::string& key) {
    const auto it = counts.find(key);
    return it == counts.end() ? 0 : it->second;
  }
};

namespace {

using State = ConnectionRegistry::State;

struct AdmittedConnection final : ConnectionRegistry::Connection {
  AdmittedConnection(std::shared_ptr<State> s, ConnectionRequest r) : state(std::move(s)), what(std::move(r)) {}
  ~AdmittedConnection() override {
    std::lock_guard lock(state->mutex);
    --state->connections;
    State::release(state->host_connections, what.remote.address);
  }
  const ConnectionRequest& request() const noexcept override { return what; }
  void set_client_version(std::string_view version) override {
    std::lock_guard lock(state->mutex);
    what.client_version = version.substr(0, 255);
  }

  std::shared_ptr<State> state;
  ConnectionRequest what;
};

struct SessionEntry final : ConnectionRegistry::Entry,
                            vfs::TransferAdmission,
                            std::enable_shared_from_this<SessionEntry> {
  ~SessionEntry() override {
    std::lock_guard lock(state->mutex);
    state->sessions.erase(position);
    State::release(state->user_sessions, user);
  }
  std::stop_token stop_token() const noexcept override { return stop.get_token(); }
  void set_command(std::string_view text) override {
    touch();
    std::lock_guard lock(state->mutex);
    command = text;
  }
  void touch() noexcept override {
    last_activity.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  }
  Clock::duration idle() const noexcept override {
    return Clock::now().time_since_epoch() - Clock::duration(last_activity.load(std::memory_order_relaxed));
  }
  Clock::time_point opened() const noexcept override { return opened_at; }
  void set_parked(bool now) noexcept override {
    std::lock_guard lock(state->mutex);
    if (parked == now) return;
    parked = now;
    if (now) {
      state->parked_transfers += tickets.size();
      state->transfer_ended.notify_all();
    } else {
      state->parked_transfers -= tickets.size();
    }
  }
  std::shared_ptr<vfs::TransferAdmission> transfers() override { return shared_from_this(); }
  Result<std::unique_ptr<vfs::TransferTicket>> begin(bool upload, const VPath& path) override;

  std::shared_ptr<State> state;
  std::shared_ptr<ConnectionRegistry::Connection> connection;
  std::string user, protocol, connection_id;
  std::size_t max_sessions = 0;
  std::stop_source stop;
  std::atomic<Clock::rep> last_activity{0};
  Clock::time_point opened_at = Clock::now();
  std::int64_t connected_ms = unix_ms(std::chrono::system_clock::now());

  // Under state->mutex.
  std::list<SessionEntry*>::iterator position;
  std::string command;
  std::list<Ticket*> tickets;
  bool parked = false;
};

struct Ticket final : vfs::TransferTicket {
  Ticket(std::shared_ptr<SessionEntry> s, bool up, const VPath& p) : session(std::move(s)), upload(up), path(p.str()) {}
  ~Ticket() override {
    session->touch();
    State& state = *session->state;
    {
      std::lock_guard lock(state.mutex);
      session->tickets.erase(position);
      --state.transfers;
      if (session->parked) --state.parked_transfers;
      State::release(state.host_transfers, session->connection->request().remote.address);
      State::release(state.user_transfers, session->user);
    }
    state.transfer_ended.notify_all();
  }
  std::stop_token stop_token() const noexcept override { return session->stop.get_token(); }

  std::shared_ptr<SessionEntry> session;
  bool upload;
  std::string path;
  std::int64_t started_ms = unix_ms(std::chrono::system_clock::now());
  std::uint64_t seen_bytes = 0;  // at the last look of the idle sweep; under state->mutex
  std::list<Ticket*>::iterator position;
};

Result<std::unique_ptr<vfs::TransferTicket>> SessionEntry::begin(bool upload, const VPath& path) {
  touch();
  auto ticket = std::make_unique<Ticket>(shared_from_this(), upload, path);
  const std::string& host = connection->request().remote.address;
  std::string refusal;
  {
    std::lock_guard lock(state->mutex);
    const ConnectionLimits& limits = state->limits;
    if (max_sessions > 0 && State::count(state->user_transfers, user) >= max_sessions)
      refusal = "too many transfers of this user";
    else if (limits.max_per_host_transfers > 0 &&
             State::count(state->host_transfers, host) >= limits.max_per_host_transfers)
      refusal = "too many transfers from this address";
    else if (limits.max_total_transfers > 0 && state->transfers >= limits.max_total_transfers)
      refusal = "too many transfers on this server";
    // Counted even when refused: the ticket's destructor gives it back, after the lock.
    ++state->transfers;
    if (parked) ++state->parked_transfers;
    ++state->host_transfers[host];
    ++state->user_transfers[user];
    ticket->position = tickets.insert(tickets.end(), ticket.get());
  }
  if (!refusal.empty()) return Error(Errc::PermissionDenied, path.str(), refusal);
  return ticket;
}

}  // namespace

ConnectionRegistry::ConnectionRegistry(ConnectionLimits limits) : state_(std::make_shared<State>()) {
  state_->limits = limits;
}
ConnectionRegistry::~ConnectionRegistry() = default;

void ConnectionRegistry::set_limits(ConnectionLimits limits) {
  std::lock_guard lock(state_->mutex);
  state_->limits = limits;
}

Result<std::shared_ptr<ConnectionRegistry::Connection>> ConnectionRegistry::admit(const ConnectionRequest& request,
                                                                                  admission::HostCap host_cap) {
  const std::string& host = request.remote.address;
  std::lock_guard lock(state_->mutex);
  State& state = *state_;
  if (state.draining) return Error(Errc::Unavailable, host, "the server is shutting down");
  const ConnectionLimits& limits = state.limits;
  if (limits.max_total_connections > 0 &&
      (state.connections >= limits.max_total_connections || state.sessions.size() >= limits.max_total_connections))
    return Error(Errc::PermissionDenied, host, "too many connections (common.max_total_connections)", true);
  if (host_cap == admission::HostCap::Applies && limits.max_per_host_connections > 0 &&
      State::count(state.host_connections, host) >= limits.max_per_host_connections)
    return Error(Errc::QuotaExceeded, host, "too many connections from this address (common.max_per_host_connections)");
  ++state.connections;
  ++state.host_connections[host];
  return std::make_shared<AdmittedConnection>(state_, request);
}

Result<std::shared_ptr<ConnectionRegistry::Entry>> ConnectionRegistry::open(const std::string& user,
                                                                            std::size_t max_sessions,
                                                                            std::string protocol,
                                                                            std::string connection_id,
                                                                            std::shared_ptr<Connection> connection) {
  auto entry = std::make_shared<SessionEntry>();
  entry->state = state_;
  entry->connection = std::move(connection);
  entry->user = user;
  entry->protocol = std::move(protocol);
  entry->connection_id = std::move(connection_id);
  entry->max_sessions = max_sessions;
  entry->touch();

  std::string refusal;
  bool draining = false;
  {
    std::lock_guard lock(state_->mutex);
    draining = state_->draining;
    const std::size_t open = State::count(state_->user_sessions, user);
    if (max_sessions > 0 && open >= max_sessions) refusal = "too many open sessions: " + std::to_string(open);
    // Counted even when refused: the entry's destructor gives it back, after the lock.
    ++state_->user_sessions[user];
    entry->position = state_->sessions.insert(state_->sessions.end(), entry.get());
  }
  if (draining) return Error(Errc::Unavailable, user, "the server is shutting down");
  if (!refusal.empty()) return Error(Errc::PermissionDenied, user, refusal);
  return std::shared_ptr<Entry>(std::move(entry));
}

std::size_t ConnectionRegistry::session_count(const std::string& user) const {
  std::lock_guard lock(state_->mutex);
  return State::count(state_->user_sessions, user);
}

std::vector<SessionStatus> ConnectionRegistry::sessions() const {
  const auto now_ms = unix_ms(std::chrono::system_clock::now());
  std::lock_guard lock(state_->mutex);
  std::vector<SessionStatus> all;
  all.reserve(state_->sessions.size());
  for (const SessionEntry* entry : state_->sessions) {
    SessionStatus status;
    const ConnectionRequest& request = entry->connection->request();
    status.username = entry->user;
    status.connection_id = entry->connection_id;
    status.client_version = request.client_version;
    status.remote_address = request.remote.address;
    status.protocol = entry->protocol;
    status.command = entry->command;
    status.connection_time = entry->connected_ms;
    status.last_activity = now_ms - std::chrono::duration_cast<std::chrono::milliseconds>(entry->idle()).count();
    for (const Ticket* ticket : entry->tickets)
      status.transfers.push_back(
          {ticket->upload, ticket->path, ticket->started_ms, ticket->bytes.load(std::memory_order_relaxed)});
    all.push_back(std::move(status));
  }
  return all;
}

namespace {

// Stop callbacks are the protocols' code: they run after the lock.
template <class Predicate>
std::size_t stop_matching(State& state, Predicate&& matches) {
  std::vector<std::stop_source> stops;
  {
    std::lock_guard lock(state.mutex);
    for (SessionEntry* entry : state.sessions)
      if (matches(*entry)) stops.push_back(entry->stop);
  }
  for (auto& stop : stops) stop.request_stop();
  return stops.size();
}

}  // namespace

std::size_t ConnectionRegistry::close(std::string_view connection_id) {
  return stop_matching(*state_, [&](const SessionEntry& e) { return e.connection_id == connection_id; });
}

std::size_t ConnectionRegistry::close_user(std::string_view user) {
  return stop_matching(*state_, [&](const SessionEntry& e) { return e.user == user; });
}

void ConnectionRegistry::close_if(const std::function<bool(const std::string&, Clock::duration)>& expired) {
  struct Seen {
    std::string user;
    Clock::duration idle;
    std::stop_source stop;
  };
  std::vector<Seen> seen;
  {
    std::lock_guard lock(state_->mutex);
    for (SessionEntry* entry : state_->sessions) {
      for (Ticket* ticket : entry->tickets) {
        const auto bytes = ticket->bytes.load(std::memory_order_relaxed);
        if (bytes != ticket->seen_bytes) entry->touch();
        ticket->seen_bytes = bytes;
      }
      seen.push_back({entry->user, entry->idle(), entry->stop});
    }
  }
  for (auto& session : seen)
    if (expired(session.user, session.idle)) session.stop.request_stop();
}

void ConnectionRegistry::drain(Clock::time_point deadline) {
  {
    std::unique_lock lock(state_->mutex);
    state_->draining = true;
    state_->transfer_ended.wait_until(lock, deadline, [&] { return state_->transfers == state_->parked_transfers; });
  }
  stop_matching(*state_, [](const SessionEntry&) { return true; });
}

}  // namespace slipway::session
