// Who is connected, which sessions and transfers run, and whether one more may: all counters are reserved atomically.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/admission/admission.h"
#include "core/vfs/policy.h"
#include "slipway/session.h"

namespace slipway::session {

// The caps of the `common` section; 0 means no cap.
struct ConnectionLimits {
  std::size_t max_total_connections = 0;
  std::size_t max_per_host_connections = 20;
  std::size_t max_total_transfers = 0;
  std::size_t max_per_host_transfers = 20;
};

// What an administrator sees of one session; times are Unix milliseconds.
struct TransferStatus {
  bool upload = false;
  std::string path;  // virtual
  std::int64_t start_time = 0;
  std::uint64_t size = 0;  // bytes so far
};
struct SessionStatus {
  std::string username, connection_id, client_version, remote_address, protocol, command;
  std::int64_t connection_time = 0, last_activity = 0;
  std::vector<TransferStatus> transfers;
};

// Thread-safe. The tickets keep the registry's state alive, so that the order of destruction does not matter.
class ConnectionRegistry {
 public:
  explicit ConnectionRegistry(ConnectionLimits limits);
  ~ConnectionRegistry();

  void set_limits(ConnectionLimits limits);

  // ---- transport connections
  class Connection {
   public:
    virtual ~Connection() = default;  // gives its place back
    virtual const ConnectionRequest& request() const noexcept = 0;
    // Learnt after the connection was made; before the first session.
    virtual void set_client_version(std::string_view version) = 0;
  };
  // QuotaExceeded beyond the cap of one address, unless it is waived; PermissionDenied beyond the others; Unavailable
  // while draining.
  Result<std::shared_ptr<Connection>> admit(const ConnectionRequest& request,
                                            admission::HostCap host_cap = admission::HostCap::Applies);

  // ---- sessions
  class Entry {
   public:
    virtual ~Entry() = default;  // leaves the registry
    virtual std::stop_token stop_token() const noexcept = 0;
    virtual void set_command(std::string_view command) = 0;
    virtual void touch() noexcept = 0;  // marks activity
    virtual std::chrono::steady_clock::duration idle() const noexcept = 0;
    virtual std::chrono::steady_clock::time_point opened() const noexcept = 0;
    // Whether drain() need not wait for its transfers.
    virtual void set_parked(bool parked) noexcept = 0;
    // For the guard: counts this session's transfers against the caps.
    virtual std::shared_ptr<vfs::TransferAdmission> transfers() = 0;
  };
  // `max_sessions` is the account's; 0: none. PermissionDenied beyond it; Unavailable while draining.
  Result<std::shared_ptr<Entry>> open(const std::string& user, std::size_t max_sessions, std::string protocol,
                                      std::string connection_id, std::shared_ptr<Connection> connection);
  std::size_t session_count(const std::string& user) const;

  // ---- administration
  std::vector<SessionStatus> sessions() const;
  // Requests the stop of one session or of all sessions of a user; how many were found.
  std::size_t close(std::string_view connection_id);
  std::size_t close_user(std::string_view user);
  // Requests the stop of sessions for which `expired` holds; called with the session's user and idle time.
  void close_if(const std::function<bool(const std::string& user, std::chrono::steady_clock::duration idle)>& expired);

  // Refuses what is new and waits until no transfer runs but those of parked sessions, at most until the deadline; then
  // requests every stop.
  void drain(std::chrono::steady_clock::time_point deadline);

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace slipway::session
