// One session channel of an SSH connection (RFC 4254), and the program that runs in it: SFTP or a command.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "command_set.h"
#include "receive_window.h"
#include "sftp_channel.h"
#include "ssh_handles.h"

namespace slipway::sftp {

// What a channel needs of its connection; all but stop_requested() and wake() on the connection's thread.
class ChannelOwner {
 public:
  // The session for the channel's program.
  virtual Result<std::unique_ptr<Session>> open_session(std::string_view protocol, std::string_view connection_id) = 0;
  virtual const PathResolver& paths() const noexcept = 0;
  virtual Logger& log() noexcept = 0;
  virtual std::chrono::microseconds round_trip() const noexcept = 0;
  // Requested when the whole connection must end.
  virtual std::stop_token stop_token() const noexcept = 0;
  // Ends the wait of the connection's thread; and, when that is held up elsewhere, soon the connection. Any thread.
  virtual void stop_requested() noexcept = 0;
  // Ends the wait of the connection's thread, which then looks at its channels. Any thread.
  virtual void wake() noexcept = 0;

 protected:
  ~ChannelOwner() = default;
};

// What channels take from their server.
struct ChannelEnvironment {
  ChannelSettings settings;
  const CurrentCommands* commands = nullptr;  // null: no commands
  WindowBudget* window_budget = nullptr;      // null: libssh's own window
  void* window_sink = nullptr;                // ReceiveWindow::kMax bytes that are never touched
};

// Belongs to the connection's thread. libssh holds pointers into it: it stays until closed() and then frees the
// channel.
class SshChannel {
 public:
  // Null when libssh has no memory. `channel_id` is unique in the server; connection ids are made of it and the
  // protocol.
  static std::unique_ptr<SshChannel> make(ssh_session session, ChannelOwner& owner, const std::string& channel_id,
                                          const ChannelEnvironment& environment);
  ~SshChannel();
  SshChannel(const SshChannel&) = delete;
  SshChannel& operator=(const SshChannel&) = delete;

  ssh_channel handle() const noexcept { return channel_; }

  // Reads what was held back, answers requests, sends at most one portion, closes what is over. Outside libssh's
  // callbacks. Whether there is more to do without hearing from the client.
  bool step();
  // Closes the channel and ends its program and session, which a command may take a moment for; open transfers are
  // abandoned.
  void close();
  // The same for a connection that is gone.
  void abandon() noexcept;
  // Both sides have closed it, and nothing of it runs any more.
  bool closed() const noexcept { return closed_here_ && closed_there_ && !program_; }
  bool closing() const noexcept { return closed_here_ && !closed_there_; }
  // When this side closed it.
  std::chrono::steady_clock::time_point closed_at() const noexcept { return closed_at_; }
  // The client breaks the rules of SSH or SFTP in a way that ends the connection.
  bool violated() const noexcept { return violated_; }
  bool busy() const noexcept { return program_ && program_->busy(); }
  // Nothing has come for a while.
  void idle() noexcept;

 private:
  SshChannel(ChannelOwner& owner, std::string channel_id, const ChannelEnvironment& environment)
      : owner_(owner), channel_id_(std::move(channel_id)), environment_(environment) {}

  std::uint32_t on_data(std::span<const std::byte> data, bool is_stderr);
  bool start_sftp();
  bool start_command(const std::string& line);
  std::unique_ptr<Session> open_session(std::string_view protocol);
  void begin(std::unique_ptr<ChannelProgram> program, const std::stop_token& session_stop);
  void end_program() noexcept;
  void take_held();
  void send_some();
  void grant_window();

  ChannelOwner& owner_;
  const std::string channel_id_;
  std::string connection_id_;  // "SFTP_" and the channel's id, once there is a session
  const ChannelEnvironment& environment_;
  ssh_channel channel_ = nullptr;
  ssh_channel_callbacks_struct callbacks_{};

  std::unique_ptr<ChannelProgram> program_;
  std::stop_source stop_;
  std::stop_token session_stop_;
  std::optional<std::stop_callback<std::function<void()>>> on_session_stop_, on_connection_stop_;
  std::optional<ReceiveWindow> window_;
  std::uint32_t largest_window_ = 0;  // ever granted: it shrinks when the channel is quiet, what was granted does not
  std::size_t held_ = 0;              // bytes that libssh keeps, because the session is full
  std::chrono::steady_clock::time_point closed_at_;
  bool eof_ = false, eof_told_ = false, closed_here_ = false, closed_there_ = false, violated_ = false;
};

}  // namespace slipway::sftp
