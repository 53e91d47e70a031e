#include "ssh_connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "public_key.h"

namespace slipway::sftp {
namespace {

using namespace std::chrono_literals;
using Clock = SshConnection::Clock;

constexpr auto kNoChannel = 15min;  // how long a client that is logged in may have no channel
constexpr auto kCloseGrace = 10s;   // how long a client may take to answer a close
constexpr auto kStopGrace = 5s;     // how long a thread may take to notice that it shall stop
constexpr auto kLinger = 2s;        // how long we wait for a client to read our last words
constexpr auto kIdleTrim = 500ms;   // quiet for this long: buffers are given back
constexpr auto kNever = Clock::time_point::max();

// Logging in and the first requests reach deeper into the stack than waiting does; what they touched goes back to the
// system. 32 KiB of 44 in a server with accounts, policy and events behind it.
void release_unused_stack() noexcept {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  constexpr std::uintptr_t kPage = 4096, kKept = 2 * kPage;
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return;
  void* lowest = nullptr;
  std::size_t size = 0;
  const bool known = ::pthread_attr_getstack(&attributes, &lowest, &size) == 0;
  ::pthread_attr_destroy(&attributes);
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const auto begin = (reinterpret_cast<std::uintptr_t>(lowest) + kPage - 1) / kPage * kPage;
  const auto end = (here - kKept) / kPage * kPage;
  if (known && begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
#endif
}

ChannelEnvironment with_handles(ChannelEnvironment environment, HandleBudget& handles) {
  environment.settings.handles = &handles;
  return environment;
}

SshConnection* self(void* data) { return static_cast<SshConnection*>(data); }

}  // namespace

SshConnection::SshConnection(Services services, std::shared_ptr<const Transport> transport, AdmittedClient client,
                             const ChannelEnvironment& environment)
    : services_(services),
      transport_(std::move(transport)),
      accepted_(std::move(client.accepted)),
      handles_(kMaxHandles, environment.settings.handles),
      environment_(with_handles(environment, handles_)),
      id_(std::move(client.id)),
      reader_(accepted_.fd),
      auth_gate_([this](const UserauthRequest& request) { return login_->admit(request); }),
      host_key_gate_(transport_->host_key_offer()),
      hybrid_exchange_(transport_->key_exchange_offer()),
      admitted_(std::move(client.admitted)),
      deadline_((Clock::now() + transport_->login_grace()).time_since_epoch().count()),
      stop_deadline_(kNever.time_since_epoch().count()),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      control_fd_(::fcntl(accepted_.fd, F_DUPFD_CLOEXEC, 0)) {}

SshConnection::~SshConnection() {
  if (wake_fd_ >= 0) ::close(wake_fd_);
  close_socket();
}

void SshConnection::close_socket() {
  std::lock_guard lock(control_mutex_);
  if (control_fd_ >= 0) ::close(std::exchange(control_fd_, -1));
}

void SshConnection::abort() noexcept {
  stop_.request_stop();
  std::lock_guard lock(control_mutex_);
  if (control_fd_ >= 0) ::shutdown(control_fd_, SHUT_RDWR);
}

void SshConnection::wake() noexcept {
  const std::uint64_t one = 1;
  (void)!::write(wake_fd_, &one, sizeof one);
}

void SshConnection::drain() noexcept {
  draining_.store(true, std::memory_order_release);
  wake();
}

void SshConnection::stop() noexcept {
  stop_.request_stop();
  stop_requested();
}

void SshConnection::stop_requested() noexcept {
  stop_deadline_.store((Clock::now() + kStopGrace).time_since_epoch().count(), std::memory_order_relaxed);
  wake();
}

bool SshConnection::overdue(Clock::time_point now) const noexcept {
  const auto ticks = now.time_since_epoch().count();
  return ticks > deadline_.load(std::memory_order_relaxed) || ticks > stop_deadline_.load(std::memory_order_relaxed);
}

std::chrono::microseconds SshConnection::round_trip() const noexcept {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(control_fd_, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return 1ms;
  return std::chrono::microseconds(info.tcpi_rtt);
}

Result<std::unique_ptr<Session>> SshConnection::open_session(std::string_view protocol,
                                                             std::string_view connection_id) {
  if (!login_ || login_->login() == nullptr) return Error(Errc::PermissionDenied, "session", "not logged in");
  if (draining_.load(std::memory_order_acquire))
    return Error(Errc::Unavailable, "session", "the service is shutting down");
  return login_->login()->open(protocol, connection_id);
}

ssh_channel SshConnection::open_channel() {
  if (!login_ || login_->login() == nullptr || channels_.size() >= kMaxChannels || stop_.stop_requested())
    return nullptr;
  auto channel = SshChannel::make(session_.get(), *this, id_ + "_" + std::to_string(++channels_opened_), environment_);
  if (!channel) return nullptr;
  channels_.push_back(std::move(channel));
  return channels_.back()->handle();
}

template <class Call>
int SshConnection::answer(Call&& call) noexcept {
  auth_gate_.answered();
  return without_exceptions([&] { return call(*login_); }, int{SSH_AUTH_DENIED});
}

void SshConnection::install_callbacks() {
  callbacks_.userdata = this;
  callbacks_.auth_none_function = [](ssh_session, const char* user, void* me) {
    return self(me)->answer([&](SshLogin& login) { return login.none(user); });
  };
  callbacks_.auth_password_function = [](ssh_session, const char* user, const char* password, void* me) {
    return self(me)->answer([&](SshLogin& login) { return login.password(user, password); });
  };
  callbacks_.auth_pubkey_function = [](ssh_session, const char* user, ssh_key_struct* key, char state, void* me) {
    const auto known = static_cast<ssh_publickey_state_e>(state);
    return self(me)->answer([&](SshLogin& login) { return login.public_key(user, key, known); });
  };
  callbacks_.channel_open_request_session_function = [](ssh_session, void* me) {
    return without_exceptions([&] { return self(me)->open_channel(); }, ssh_channel{nullptr});
  };
  ssh_callbacks_init(&callbacks_);
  ssh_set_server_callbacks(session_.get(), &callbacks_);
  ssh_set_message_callback(
      session_.get(),
      [](ssh_session, ssh_message message, void* me) {
        self(me)->auth_gate_.answered();
        return without_exceptions([&] { return self(me)->login_->message(message); }, 1);
      },
      this);
}

bool SshConnection::handshake() {
  OpContext context;
  context.stop = stop_.get_token();
  context.deadline = Clock::time_point(Clock::duration(deadline_.load(std::memory_order_relaxed)));
  context.connection_id = id_;
  auto attempt = admitted_->begin(context);
  admitted_.reset();
  session_.reset(attempt && wake_fd_ >= 0 && control_fd_ >= 0 ? ssh_new() : nullptr);
  if (!session_) {
    services_.log.debug("connection refused",
                        {{"connection_id", id_},
                         {"remote", accepted_.remote.address},
                         {"error", attempt ? std::string("out of descriptors or memory") : attempt.error().message()}});
    return false;
  }
  attempt_ = *std::move(attempt);
  fd_is_mine_ = false;
  if (const auto attached = transport_->attach(session_.get(), accepted_.fd); !attached) {
    services_.log.warn("connection refused", {{"connection_id", id_}, {"error", attached.error().message()}});
    return false;
  }
  login_.emplace(session_.get(), *transport_, *attempt_, std::move(context), accepted_.remote.address, services_.log);
  install_callbacks();

  // Of some errors (a group exchange without a group) libssh only makes a note, and waits on.
  const long now_and_then = 2, as_long_as_it_takes = 0;  // seconds
  ssh_options_set(session_.get(), SSH_OPTIONS_TIMEOUT, &now_and_then);
  int done = SSH_AGAIN;
  while (done == SSH_AGAIN && !stop_.stop_requested() && ssh_get_error_code(session_.get()) != SSH_FATAL)
    done = ssh_handle_key_exchange(session_.get());
  ssh_options_set(session_.get(), SSH_OPTIONS_TIMEOUT, &as_long_as_it_takes);
  if (done != SSH_OK) {
    std::string error = ssh_get_error(session_.get());
    // libssh has one text for every kind of algorithm that client and server do not share. A client whose algorithms
    // come in one piece with its banner leaves it with the error of the socket that was closed over them.
    constexpr std::string_view kNoMatch = "no match for method", kNoGroup = "find DH group";
    if (error.find(kNoMatch) != error.npos || error.find(kNoGroup) != error.npos ||
        !hybrid_exchange_.disagreement().empty()) {
      if (!hybrid_exchange_.disagreement().empty()) error = hybrid_exchange_.disagreement();
      attempt_->negotiation_failed(error);
    }
    services_.log.debug("no key exchange",
                        {{"connection_id", id_}, {"remote", accepted_.remote.address}, {"error", error}});
    return false;
  }
  const auto text = [](const char* value) { return std::string_view(value == nullptr ? "" : value); };
  attempt_->set_client_version(text(ssh_get_clientbanner(session_.get())));
  services_.log.debug("key exchange done", {{"connection_id", id_},
                                            {"client", text(ssh_get_clientbanner(session_.get()))},
                                            {"host_key", host_key_gate_.negotiated()},
                                            {"kex", key_exchange()},
                                            {"cipher", text(ssh_get_cipher_in(session_.get()))},
                                            {"mac", text(ssh_get_hmac_in(session_.get()))}});
  login_->set_weakness(weakness());
  return true;
}

// libssh has no name for some.
std::string SshConnection::key_exchange() const {
  const auto& exchange = hybrid_exchange_.negotiated();
  const char* known = ssh_get_kex_algo(session_.get());
  return exchange.empty() && known != nullptr ? known : exchange;
}

// The first of the negotiated algorithms that an account may refuse.
std::string SshConnection::weakness() const {
  const auto exchange = key_exchange();
  const std::pair<const char*, const char*> negotiated[] = {
      {"the key exchange ", exchange.c_str()},
      {"the cipher ", ssh_get_cipher_in(session_.get())},
      {"the cipher ", ssh_get_cipher_out(session_.get())},
      {"the MAC ", ssh_get_hmac_in(session_.get())},
      {"the MAC ", ssh_get_hmac_out(session_.get())},
  };
  if (const auto host_key = plain_algorithm(host_key_gate_.negotiated());
      !host_key.empty() && !is_secure_algorithm(host_key))
    return "the host key algorithm " + host_key;
  for (const auto& [what, name] : negotiated) {
    const std::string algorithm = name == nullptr ? "none" : name;
    // libssh calls the part of an authenticated cipher so.
    if (!algorithm.starts_with("aead-") && !is_secure_algorithm(algorithm)) return what + algorithm;
  }
  return {};
}

void SshConnection::run() {
  const int on = 1, idle_seconds = 120;
  ::setsockopt(accepted_.fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(accepted_.fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
  const ReadAhead::Use reads(reader_);
  const AuthGate::Use requests(auth_gate_);
  const HostKeyGate::Use host_keys(host_key_gate_);
  const HybridExchange::Use exchanges(hybrid_exchange_);
  try {
    if (handshake()) serve();
    finish();
  } catch (const std::exception& error) {
    services_.log.error("connection ended by an exception", {{"connection_id", id_}, {"error", error.what()}});
    abort();
    finish();
  }
  close_socket();
}

// Whether the client can still be heard and spoken to.
bool SshConnection::open() const noexcept {
  return session_ && ssh_is_connected(session_.get()) != 0 &&
         (ssh_get_status(session_.get()) & (SSH_CLOSED | SSH_CLOSED_ERROR)) == 0;
}

void SshConnection::serve() {
  event_.reset(ssh_event_new());
  const auto noticed = [](socket_t fd, int, void* me) {
    std::uint64_t count = 0;
    (void)!::read(fd, &count, sizeof count);
    self(me)->woken_ = true;
    return 0;
  };
  if (!event_ || ssh_event_add_session(event_.get(), session_.get()) != SSH_OK ||
      ssh_event_add_fd(event_.get(), wake_fd_, POLLIN, noticed, this) != SSH_OK)
    return;

  constexpr int kTrimAfter = std::chrono::milliseconds(kIdleTrim).count();
  bool more = false, warm = true;
  auto heard = Clock::now();
  // Anything that writes may find the client gone; then only the wake descriptor would be left to wait for.
  while (open()) {
    // libssh also polls while it writes: what woke that poll is seen to before the next wait.
    const int timeout = more || std::exchange(woken_, false) ? 0 : warm ? kTrimAfter : until_keepalive(heard);
    const int polled = ssh_event_dopoll(event_.get(), timeout);
    if (polled == SSH_ERROR || !open()) return;
    if (polled == SSH_AGAIN && timeout == kTrimAfter) {
      for (auto& channel : channels_) channel->idle();
      reader_.release_memory();
      release_unused_stack();
      warm = false;
    } else if (polled == SSH_AGAIN && timeout > 0) {
      keep_alive(heard);
    } else {
      warm = true;
      heard = Clock::now();
    }
    stop_deadline_.store(kNever.time_since_epoch().count(), std::memory_order_relaxed);
    if (stop_.stop_requested() || login_->exhausted()) return;
    const auto served = serve_channels();
    if (!served) return;
    more = *served;
    update_deadline();
    if (draining_.load(std::memory_order_acquire) &&
        std::none_of(channels_.begin(), channels_.end(), [](const auto& channel) { return channel->busy(); }))
      return;
  }
}

// Milliseconds to wait for a quiet client; -1: for ever.
int SshConnection::until_keepalive(Clock::time_point heard) const {
  if (transport_->keepalive().count() == 0) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(heard + transport_->keepalive() - Clock::now());
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 1));
}

// A message that wants no answer: devices on the way see traffic, and TCP finds out when the client is gone.
void SshConnection::keep_alive(Clock::time_point& heard) {
  if (login_->login() == nullptr || Clock::now() < heard + transport_->keepalive()) return;
  ssh_send_ignore(session_.get(), "");
  heard = Clock::now();
}

// Whether a channel can go on without hearing from the client; nothing when the connection must end.
std::optional<bool> SshConnection::serve_channels() {
  bool more = false;
  for (auto& channel : channels_) {
    more |= channel->step();
    if (channel->violated()) {
      services_.log.info("the client ignores the limits of its channel",
                         {{"connection_id", id_}, {"remote", accepted_.remote.address}});
      return std::nullopt;
    }
  }
  channels_.remove_if([](const auto& channel) { return channel->closed(); });
  return more;
}

// The deadline of the login stands until there is one.
void SshConnection::update_deadline() {
  if (login_->login() == nullptr) return;
  auto deadline = kNever;
  for (const auto& channel : channels_) {
    if (channel->closing()) deadline = std::min(deadline, channel->closed_at() + kCloseGrace);
  }
  if (!channels_.empty()) {
    without_channel_since_.reset();
  } else {
    if (!without_channel_since_) without_channel_since_ = Clock::now();
    deadline = *without_channel_since_ + kNoChannel;
  }
  deadline_.store(deadline.time_since_epoch().count(), std::memory_order_relaxed);
}

void SshConnection::finish() {
  // From here on only the socket's end and the time of the last words matter.
  deadline_.store((Clock::now() + kCloseGrace).time_since_epoch().count(), std::memory_order_relaxed);
  const bool goodbye = event_ && open();
  for (auto& channel : channels_) goodbye ? channel->close() : channel->abandon();
  if (goodbye) {
    ssh_blocking_flush(session_.get(), std::chrono::milliseconds(kLinger).count());
    ssh_event_dopoll(event_.get(), 0);  // lets libssh see that the socket takes one more message
  }
  channels_.clear();
  if (event_) {
    ssh_event_remove_fd(event_.get(), wake_fd_);
    ssh_event_remove_session(event_.get(), session_.get());
    event_.reset();
  }
  if (goodbye) {
    ssh_disconnect(session_.get());
    linger();
  }
  login_.reset();
  session_.reset();
  attempt_.reset();
  if (std::exchange(fd_is_mine_, false)) ::close(accepted_.fd);
}

// A socket that is closed with unread input resets the connection, and what the client has not read yet is lost.
void SshConnection::linger() {
  ::shutdown(control_fd_, SHUT_WR);
  const auto until = Clock::now() + kLinger;
  std::array<char, 4096> discarded;
  for (auto now = Clock::now(); now < until; now = Clock::now()) {
    pollfd entry{control_fd_, POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    if (::poll(&entry, 1, static_cast<int>(left)) <= 0) continue;
    if (::recv(control_fd_, discarded.data(), discarded.size(), 0) <= 0) return;
  }
}

}  // namespace slipway::sftp
