#include "core/app/control_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <boost/json.hpp>
#include <cstring>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/log/log.h"

namespace slipway::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxMessage = 48u << 20;  // bytes; a dump with its quoting
constexpr int kMaxRunning = 8;
constexpr timeval kTimeout{60, 0};

// A socket's address holds 107 bytes; a folder's path may be longer, its descriptor's is not.
struct SocketPath {
  UniqueFd folder;
  sockaddr_un address{};
};

Result<SocketPath> socket_path(const std::string& config_dir) {
  SocketPath path;
  path.folder.reset(::open(config_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!path.folder) return error_from_errno(errno, config_dir);
  path.address.sun_family = AF_UNIX;
  std::snprintf(path.address.sun_path, sizeof path.address.sun_path, "/proc/self/fd/%d/slipway.sock",
                path.folder.get());
  return path;
}

Result<UniqueFd> connect_to(const std::string& config_dir) {
  SLIPWAY_ASSIGN(const SocketPath path, socket_path(config_dir));
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return error_from_errno(errno, "control socket");
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&path.address), sizeof path.address) != 0)
    return Error(Errc::Unavailable, config_dir + "/slipway.sock", "no server is running on this configuration");
  return fd;
}

void set_timeouts(int fd) {
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kTimeout, sizeof kTimeout);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kTimeout, sizeof kTimeout);
}

Status send_line(int fd, std::string line) {
  line += '\n';
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t n = ::send(fd, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return error_from_errno(errno, "control socket");
    sent += static_cast<std::size_t>(n);
  }
  return ok();
}

Result<std::string> receive_line(int fd) {
  std::string line;
  std::array<char, 65536> buffer;
  while (line.size() <= kMaxMessage) {
    const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_from_errno(errno, "control socket");
    if (n == 0) return Error(Errc::IoError, "control socket", "the connection ended in the middle of a message");
    line.append(buffer.data(), static_cast<std::size_t>(n));
    if (line.back() == '\n') {
      line.pop_back();
      return line;
    }
  }
  return Error(Errc::TooLarge, "control socket", "the message is beyond 48 MiB");
}

bool may_connect(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

Result<std::string> answer(ManagementService& management, std::string_view line) {
  SLIPWAY_ASSIGN(const json::object request, parse_json_object(line, {.max_bytes = kMaxMessage}));
  const json::value* operation = request.if_contains("operation");
  if (operation == nullptr || !operation->is_string())
    return Error(Errc::InvalidArgument, "/operation", "a text is needed here");
  const json::value* input = request.if_contains("input");
  Actor system;
  system.name = "__system__";
  const std::string_view name(operation->get_string().data(), operation->get_string().size());
  return management.call(OpContext{}, system, name, input == nullptr ? std::string() : serialize_json(*input));
}

}  // namespace

Result<std::unique_ptr<ControlSocket>> ControlSocket::listen(const std::string& config_dir,
                                                             ManagementService& management, ThreadPool& pool) {
  if (connect_to(config_dir))
    return Error(Errc::Conflict, config_dir,
                 "another server is running on this configuration directory; stop it first");
  SLIPWAY_ASSIGN(const SocketPath path, socket_path(config_dir));
  ::unlinkat(path.folder.get(), "slipway.sock", 0);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return error_from_errno(errno, "control socket");
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&path.address), sizeof path.address) != 0)
    return error_from_errno(errno, config_dir + "/slipway.sock");
  // Before listen() nobody can connect, so that the mode is never open.
  if (::fchmodat(path.folder.get(), "slipway.sock", 0600, 0) != 0)
    return error_from_errno(errno, config_dir + "/slipway.sock");
  if (::listen(fd.get(), 16) != 0) return error_from_errno(errno, config_dir + "/slipway.sock");
  return std::unique_ptr<ControlSocket>(new ControlSocket(config_dir, std::move(fd), management, pool));
}

ControlSocket::ControlSocket(std::string config_dir, UniqueFd socket, ManagementService& management, ThreadPool& pool)
    : config_dir_(std::move(config_dir)),
      socket_(std::move(socket)),
      wake_(::eventfd(0, EFD_CLOEXEC)),
      management_(management),
      pool_(pool),
      thread_([this] { accept_loop(); }) {}

ControlSocket::~ControlSocket() {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
  thread_.join();
  if (const auto path = socket_path(config_dir_)) ::unlinkat(path->folder.get(), "slipway.sock", 0);
  while (const int n = running_->load()) running_->wait(n);
}

void ControlSocket::accept_loop() {
  pollfd polled[2] = {{socket_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  while (true) {
    if (::poll(polled, 2, -1) < 0 && errno != EINTR) return;
    if (polled[1].revents != 0) return;
    UniqueFd connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection || !may_connect(connection.get()) || running_->load() >= kMaxRunning) continue;
    ++*running_;
    auto shared = std::make_shared<UniqueFd>(std::move(connection));
    pool_.post([this, shared, running = running_] {
      serve(std::move(*shared));
      --*running;
      running->notify_all();
    });
  }
}

void ControlSocket::serve(UniqueFd connection) {
  set_timeouts(connection.get());
  const auto line = receive_line(connection.get());
  const auto result = line ? answer(management_, *line) : Result<std::string>(line.error());
  Status sent =
      result ? send_line(connection.get(), "{\"result\":" + *result + "}")
             : send_line(connection.get(),
                         serialize_json(json::object{{"error", json::object{{"code", to_string(result.code())},
                                                                            {"subject", result.error().subject()},
                                                                            {"cause", result.error().cause()}}}}));
  if (!sent) log::debug("control", sent.error().message());
}

Result<std::string> call_running_server(const std::string& config_dir, std::string_view operation,
                                        std::string_view input) {
  SLIPWAY_ASSIGN(const UniqueFd fd, connect_to(config_dir));
  set_timeouts(fd.get());
  SLIPWAY_TRY(send_line(fd.get(), "{\"operation\":" + quote_json(operation) +
                                      ",\"input\":" + (input.empty() ? std::string("{}") : std::string(input)) + "}"));
  SLIPWAY_ASSIGN(const std::string line, receive_line(fd.get()));
  SLIPWAY_ASSIGN(const json::object reply, parse_json_object(line, {.max_bytes = kMaxMessage}));
  if (const json::value* result = reply.if_contains("result")) return serialize_json(*result, 2);
  const json::value* error = reply.if_contains("error");
  const auto text = [&](const char* key) -> std::string {
    if (error == nullptr || !error->is_object()) return {};
    const json::value* value = error->get_object().if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  Errc code = Errc::Internal;
  for (int c = 0; c <= static_cast<int>(Errc::Internal); ++c)
    if (to_string(static_cast<Errc>(c)) == text("code")) code = static_cast<Errc>(c);
  return Error(code, text("subject"), text("cause"));
}

}  // namespace slipway::app
