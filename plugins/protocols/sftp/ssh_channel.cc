#include "ssh_channel.h"

#include <algorithm>
#include <array>

#include "command_channel.h"

namespace slipway::sftp {
namespace {

// At most this much goes into one ssh_channel_write: enough to fill the socket, little enough to hear the client
// between.
constexpr std::uint32_t kMaxSend = 512 * 1024;
// What a client that keeps to its window can have sent beyond what was taken: ours, or libssh's (1.28 MB, granted again
// below half of that).
constexpr std::size_t kLibraryWindow = 2 * 1024 * 1024;

// Of a command line, as /connections and the log show it.
constexpr std::size_t kMaxShown = 255;

SshChannel* self(void* data) { return static_cast<SshChannel*>(data); }

}  // namespace

std::unique_ptr<SshChannel> SshChannel::make(ssh_session session, ChannelOwner& owner, const std::string& channel_id,
                                             const ChannelEnvironment& environment) {
  std::unique_ptr<SshChannel> channel(new SshChannel(owner, channel_id, environment));
  channel->channel_ = ssh_channel_new(session);
  if (channel->channel_ == nullptr) return nullptr;
  auto& callbacks = channel->callbacks_;
  callbacks.userdata = channel.get();
  callbacks.channel_data_function = [](ssh_session, ssh_channel, void* data, std::uint32_t length, int is_stderr,
                                       void* me) {
    const std::span bytes(static_cast<const std::byte*>(data), length);
    const int taken =
        without_exceptions([&] { return static_cast<int>(self(me)->on_data(bytes, is_stderr != 0)); }, -1);
    if (taken < 0) self(me)->violated_ = true;
    return taken < 0 ? static_cast<int>(length) : taken;
  };
  callbacks.channel_eof_function = [](ssh_session, ssh_channel, void* me) { self(me)->eof_ = true; };
  callbacks.channel_close_function = [](ssh_session, ssh_channel, void* me) { self(me)->closed_there_ = true; };
  callbacks.channel_subsystem_request_function = [](ssh_session, ssh_channel, const char* subsystem, void* me) {
    const bool wanted = std::string_view(subsystem) == "sftp";
    return wanted && without_exceptions([&] { return self(me)->start_sftp(); }, false) ? 0 : 1;
  };
  callbacks.channel_exec_request_function = [](ssh_session, ssh_channel, const char* command, void* me) {
    return without_exceptions([&] { return self(me)->start_command(command); }, false) ? 0 : 1;
  };
  ssh_callbacks_init(&callbacks);
  if (ssh_set_channel_callbacks(channel->channel_, &callbacks) != SSH_OK) return nullptr;
  return channel;
}

SshChannel::~SshChannel() {
  abandon();
  program_.reset();
  if (channel_ == nullptr) return;
  ssh_remove_channel_callbacks(channel_, &callbacks_);
  ssh_channel_free(channel_);
}

// Null, and a line in the log, when there is none to be had.
std::unique_ptr<Session> SshChannel::open_session(std::string_view protocol) {
  connection_id_ = std::string(protocol) + "_" + channel_id_;
  auto session = owner_.open_session(protocol, connection_id_);
  if (session) return *std::move(session);
  owner_.log().info("the session cannot be opened",
                    {{"connection_id", connection_id_}, {"error", session.error().message()}});
  return nullptr;
}

bool SshChannel::start_sftp() {
  if (program_ || closed_here_ || eof_) return false;
  auto session = open_session("SFTP");
  if (!session) return false;
  const auto session_stop = session->stop_token();
  begin(std::make_unique<SftpChannel>(std::move(session), owner_.paths(), stop_.get_token(), environment_.settings,
                                      [this] { owner_.wake(); }),
        session_stop);
  return true;
}

bool SshChannel::start_command(const std::string& line) {
  if (program_ || closed_here_ || eof_) return false;
  const auto commands = environment_.commands == nullptr ? nullptr : environment_.commands->get();
  auto prepared = commands ? commands->prepare(line) : std::nullopt;
  if (!prepared) {
    owner_.log().info("command refused", {{"connection_id", channel_id_}, {"command", line.substr(0, kMaxShown)}});
    return false;
  }
  auto session = open_session(prepared->protocol);
  if (!session) return false;
  session->set_command(line.substr(0, kMaxShown));
  const auto session_stop = session->stop_token();
  CommandChannel::Setup setup{std::move(session), owner_.paths(), owner_.log(), std::move(prepared->command),
                              [this] { owner_.wake(); }};
  auto program = std::make_unique<CommandChannel>(std::move(setup), stop_.get_token());
  if (!program->start()) {
    owner_.log().error("no thread for a command; raise the limit of processes", {{"connection_id", connection_id_}});
    return false;
  }
  begin(std::move(program), session_stop);
  return true;
}

void SshChannel::begin(std::unique_ptr<ChannelProgram> program, const std::stop_token& session_stop) {
  program_ = std::move(program);
  session_stop_ = session_stop;
  on_session_stop_.emplace(session_stop, [this] {
    stop_.request_stop();
    owner_.stop_requested();
  });
  on_connection_stop_.emplace(owner_.stop_token(), [this] { stop_.request_stop(); });
  if (environment_.window_budget != nullptr) window_.emplace(*environment_.window_budget);
}

// Within libssh's callback: nothing may be written here. What is not taken stays with libssh, and is passed again with
// what comes next.
std::uint32_t SshChannel::on_data(std::span<const std::byte> data, bool is_stderr) {
  const auto all = static_cast<std::uint32_t>(data.size());
  if (is_stderr || !program_ || closed_here_ || violated_) return all;
  if (window_) window_->received(data.size() - held_);
  if (held_ == 0 && program_->receive(data)) return all;
  held_ = data.size();
  // libssh does not enforce the window.
  if (held_ > std::max<std::size_t>(kLibraryWindow, largest_window_)) violated_ = true;
  return 0;
}

// All of it, however much it is (a window at most): libssh renews its window with every read, so that a client could
// send more than the part that was taken, again and again.
void SshChannel::take_held() {
  if (held_ == 0 || !program_->has_headroom()) return;
  std::array<std::byte, 16 * 1024> part;
  while (held_ > 0) {
    const auto wanted = static_cast<std::uint32_t>(std::min(held_, part.size()));
    const int count = ssh_channel_read_timeout(channel_, part.data(), wanted, 0, 0);
    if (count <= 0) {
      held_ = 0;
      break;
    }
    program_->receive_held(std::span(part).first(static_cast<std::size_t>(count)));
    held_ -= std::min(held_, static_cast<std::size_t>(count));
  }
}

void SshChannel::send_some() {
  const auto output = program_->to_send();
  // Beyond the client's window ssh_channel_write would wait, deaf to everything but the window.
  const auto count = std::min(
      {static_cast<std::size_t>(ssh_channel_window_size(channel_)), output.size(), static_cast<std::size_t>(kMaxSend)});
  if (count == 0) return;
  const int written = ssh_channel_write(channel_, output.data(), static_cast<std::uint32_t>(count));
  if (written <= 0) return close();
  program_->sent(static_cast<std::size_t>(written));
}

// Reading with a size raises the window to that size; with nothing held the read finds nothing and takes nothing. One
// pass of libssh over the socket lies in between, hence the headroom.
void SshChannel::grant_window() {
  if (!window_ || eof_ || held_ > 0 || !program_->has_headroom()) return;
  const auto window = window_->due(std::chrono::steady_clock::now(), [this] { return owner_.round_trip(); });
  if (window == 0) return;
  largest_window_ = std::max(largest_window_, window);
  const int read = ssh_channel_read_timeout(channel_, environment_.window_sink, window, 0, 0);
  if (read > 0) {
    owner_.log().error("bytes were lost while the window was raised", {{"connection_id", connection_id_}});
    violated_ = true;
  }
}

bool SshChannel::step() {
  if (closed_there_ || session_stop_.stop_requested()) close();
  if (!closed_here_ && !program_ && eof_) close();
  if (closed_here_) end_program();
  if (closed_here_ || !program_) return false;
  take_held();
  if (eof_ && held_ == 0 && !std::exchange(eof_told_, true)) program_->end_of_input();
  program_->work();
  if (program_->broken()) {
    owner_.log().info("the client does not speak SFTP version 3", {{"connection_id", connection_id_}});
    close();
    return false;
  }
  send_some();
  if (closed_here_) return false;
  grant_window();
  if (const auto status = program_->exit_status(); status && held_ == 0) {
    // What was stopped may have noticed before this thread did; its status would be taken for its own.
    const bool stopped = session_stop_.stop_requested() || owner_.stop_token().stop_requested();
    if (!stopped) ssh_channel_request_send_exit_status(channel_, *status);
    close();
    return false;
  }
  // A command that has taken enough says when it wants more.
  const bool takes_held = held_ > 0 && program_->has_headroom();
  return (takes_held || program_->has_work() || program_->has_output()) && ssh_channel_window_size(channel_) > 0;
}

void SshChannel::abandon() noexcept {
  closed_here_ = true;
  stop_.request_stop();
  on_session_stop_.reset();
  on_connection_stop_.reset();
  end_program();
  window_.reset();
}

// A command that still runs was told to stop, and wakes the connection when it has.
void SshChannel::end_program() noexcept {
  if (program_ && program_->at_rest()) program_.reset();
}

void SshChannel::close() {
  if (closed_here_) return;
  closed_at_ = std::chrono::steady_clock::now();
  abandon();
  ssh_channel_send_eof(channel_);
  ssh_channel_close(channel_);
}

void SshChannel::idle() noexcept {
  if (!program_) return;
  program_->release_memory();
  if (window_) window_->idle();
}

}  // namespace slipway::sftp
