// One SSH connection, from the accepted socket to its end, on a thread of its own.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "auth_gate.h"
#include "host_key_gate.h"
#include "hybrid_exchange.h"
#include "read_ahead.h"
#include "slipway/protocol.h"
#include "ssh_channel.h"
#include "ssh_login.h"

namespace slipway::sftp {

// The host's services that a connection uses; all outlive it.
struct Services {
  Logger& log;
  SessionService& sessions;
  const PathResolver& paths;
};

// A socket whose client may go on, and the id that logs know it by.
struct AdmittedClient {
  AcceptedConnection accepted;
  std::string id;
  std::unique_ptr<Admitted> admitted;
};

class SshConnection final : private ChannelOwner {
 public:
  using Clock = std::chrono::steady_clock;

  // Takes the socket. `environment` outlives the connection.
  SshConnection(Services services, std::shared_ptr<const Transport> transport, AdmittedClient client,
                const ChannelEnvironment& environment);
  ~SshConnection();
  SshConnection(const SshConnection&) = delete;
  SshConnection& operator=(const SshConnection&) = delete;

  // Serves the client until one side ends it; the socket is closed when it returns. Once.
  void run();

  // From any thread: ends the connection as soon as nothing is open or being answered.
  void drain() noexcept;
  // From any thread: ends it now, with a message to the client if it listens.
  void stop() noexcept;
  // From any thread: cuts the socket and cancels calls, which ends every wait.
  void abort() noexcept;
  // From any thread: whether it is past the time in which the client had to do something (log in, open a channel,
  // close).
  bool overdue(Clock::time_point now) const noexcept;

 private:
  static constexpr std::size_t kMaxChannels = 32;
  static constexpr std::size_t kMaxHandles = 2 * SftpChannel::kMaxHandles;  // of all channels

  Result<std::unique_ptr<Session>> open_session(std::string_view protocol, std::string_view connection_id) override;
  const PathResolver& paths() const noexcept override { return services_.paths; }
  Logger& log() noexcept override { return services_.log; }
  std::chrono::microseconds round_trip() const noexcept override;
  std::stop_token stop_token() const noexcept override { return stop_.get_token(); }
  void stop_requested() noexcept override;
  void wake() noexcept override;

  bool handshake();
  template <class Call>
  int answer(Call&& call) noexcept;
  void install_callbacks();
  std::string key_exchange() const;
  std::string weakness() const;
  ssh_channel open_channel();
  bool open() const noexcept;
  void serve();
  std::optional<bool> serve_channels();
  int until_keepalive(Clock::time_point heard) const;
  void keep_alive(Clock::time_point& heard);
  void update_deadline();
  void finish();
  void close_socket();
  void linger();

  Services services_;
  const std::shared_ptr<const Transport> transport_;
  const AcceptedConnection accepted_;
  HandleBudget handles_;
  const ChannelEnvironment environment_;
  const std::string id_;

  ReadAhead reader_;
  AuthGate auth_gate_;
  HostKeyGate host_key_gate_;
  HybridExchange hybrid_exchange_;
  std::unique_ptr<Admitted> admitted_;  // until the handshake
  std::unique_ptr<LoginAttempt> attempt_;
  SessionPtr session_;
  EventPtr event_;
  ssh_server_callbacks_struct callbacks_{};
  std::optional<SshLogin> login_;
  std::list<std::unique_ptr<SshChannel>> channels_;
  unsigned channels_opened_ = 0;
  bool fd_is_mine_ = true;  // until libssh has the socket
  bool woken_ = false;      // somebody wrote to wake_fd_

  std::stop_source stop_;
  std::atomic<bool> draining_ = false;
  std::optional<Clock::time_point> without_channel_since_;
  std::atomic<Clock::rep> deadline_;       // by which the client must have done something
  std::atomic<Clock::rep> stop_deadline_;  // by which this connection must have noticed that it shall stop
  int wake_fd_ = -1;

  std::mutex control_mutex_;
  int control_fd_ = -1;  // a second descriptor of the socket: libssh closes its own when it likes
};

}  // namespace slipway::sftp
