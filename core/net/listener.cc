#include "core/net/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/log/log.h"
#include "core/net/header_queue.h"
#include "core/net/socket_address.h"

namespace slipway::net {
namespace {

constexpr std::string_view kSender = "listener";
constexpr std::chrono::milliseconds kShortestPause{20};
constexpr std::chrono::milliseconds kLongestPause{1000};

bool set_option(int fd, int level, int option, int value) {
  return ::setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

// The connection is gone, or its network is: nothing is wrong with the listener (accept(2), "Error handling").
bool is_lost_connection(int error) {
  switch (error) {
    case EINTR:
    case EAGAIN:
    case ECONNABORTED:
    case EPERM:
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

bool is_exhaustion(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

class TcpListener final : public Listener {
 public:
  // `proxy` is null for a listener whose clients never come through a proxy.
  TcpListener(UniqueFd socket, UniqueFd wake, Endpoint endpoint, std::shared_ptr<Listeners::SharedSettings> proxy,
              std::unique_ptr<HeaderQueue> headers)
      : socket_(std::move(socket)),
        wake_(std::move(wake)),
        endpoint_(std::move(endpoint)),
        proxy_(std::move(proxy)),
        headers_(std::move(headers)) {}

  const Endpoint& endpoint() const noexcept override { return endpoint_; }

  Result<AcceptedConnection> accept() override {
    while (true) {
      if (headers_) {
        if (auto ready = headers_->pop()) return *std::move(ready);
      }
      SLIPWAY_ASSIGN(const bool somebody_came, wait());
      if (headers_) headers_->step(HeaderQueue::Clock::now());
      if (!somebody_came) continue;
      SocketAddress remote;
      UniqueFd connection(::accept4(socket_.get(), remote.get(), &remote.size, SOCK_CLOEXEC));
      if (connection) {
        pause_ = {};
        set_option(connection.get(), IPPROTO_TCP, TCP_NODELAY, 1);
        AcceptedConnection accepted;
        accepted.remote = to_endpoint(remote);
        accepted.local = local_endpoint(connection.get());
        accepted.fd = connection.release();
        if (!headers_) return accepted;
        const auto settings = proxy_->with([](const auto& current) { return current; });
        if (settings->mode == ProxySettings::Mode::Off) return accepted;
        headers_->add(std::move(accepted), settings);
        continue;
      }
      const int error = errno;
      if (is_lost_connection(error)) continue;
      if (!is_exhaustion(error)) {
        SLIPWAY_TRY(open_still());
        return error_from_errno(error, "accept on " + to_string(endpoint_));
      }
      SLIPWAY_TRY(back_off(error));
    }
  }

  // Shutting a listening socket down resets who waits in its queue and refuses who comes; closing it has to wait until
  // no thread polls it.
  void close() noexcept override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof(one));
    ::shutdown(socket_.get(), SHUT_RDWR);
  }

 private:
  Error closed() const { return {Errc::Cancelled, "listener " + to_string(endpoint_), "it was closed"}; }

  Status open_still() {
    pollfd wake{wake_.get(), POLLIN, 0};
    if (::poll(&wake, 1, 0) > 0) return closed();
    return ok();
  }

  // Until there is something to accept (true), or to do about headers.
  Result<bool> wait() {
    std::array<pollfd, 3> fds{
        {{wake_.get(), POLLIN, 0}, {socket_.get(), POLLIN, 0}, {headers_ ? headers_->poll_fd() : -1, POLLIN, 0}}};
    int ready = -1;
    do {
      ready = ::poll(fds.data(), fds.size(), timeout());
    } while (ready < 0 && errno == EINTR);
    if (ready < 0) return error_from_errno(errno, "listener " + to_string(endpoint_));
    if (fds[0].revents != 0) return closed();
    return fds[1].revents != 0;
  }

  // Milliseconds until a header is late; -1: none is expected.
  int timeout() const {
    const auto deadline = headers_ ? headers_->deadline() : std::nullopt;
    if (!deadline) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - HeaderQueue::Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
  }

  // The connection stays in the queue and the socket readable: without a pause this would spin.
  Status back_off(int error) {
    if (pause_ == std::chrono::milliseconds{}) {
      pause_ = kShortestPause;
      log::warn(kSender, "connections wait because no descriptors or memory are left; raise the limit of open files",
                {{"listener", to_string(endpoint_)}, {"error", std::string(std::strerror(error))}});
    } else {
      pause_ = std::min(2 * pause_, kLongestPause);
    }
    pollfd wake{wake_.get(), POLLIN, 0};
    if (::poll(&wake, 1, static_cast<int>(pause_.count())) > 0) return closed();
    return ok();
  }

  UniqueFd socket_, wake_;
  const Endpoint endpoint_;
  const std::shared_ptr<Listeners::SharedSettings> proxy_;
  const std::unique_ptr<HeaderQueue> headers_;
  std::chrono::milliseconds pause_{};  // of the accepting thread
};

Error explain(int error, const Endpoint& endpoint) {
  const std::string subject = "listen on " + to_string(endpoint);
  switch (error) {
    case EADDRINUSE:
      return {Errc::Conflict, subject, "the address is in use: stop the other server or choose another port"};
    case EACCES:
      return {Errc::PermissionDenied, subject,
              "not permitted: ports below 1024 need CAP_NET_BIND_SERVICE, or choose a higher port"};
    case EADDRNOTAVAIL:
      return {Errc::InvalidArgument, subject, "the address is not one of this machine: check the binding's address"};
    default:
      return error_from_errno(error, subject);
  }
}

Result<std::vector<SocketAddress>> resolve(const Endpoint& endpoint) {
  const std::string subject = "listen on " + to_string(endpoint);
  if (endpoint.address.find('\0') != std::string::npos) {
    return Error(Errc::InvalidArgument, subject, "the address has a NUL byte");
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(endpoint.port);
  if (const int error = ::getaddrinfo(endpoint.address.c_str(), port.c_str(), &hints, &list); error != 0) {
    return Error(Errc::InvalidArgument, subject,
                 "'" + endpoint.address + "' is not an address of this machine: " + ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    if (entry->ai_addrlen > sizeof(address.storage)) continue;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    addresses.push_back(address);
  }
  if (addresses.empty()) return Error(Errc::InvalidArgument, subject, "the name has no address");
  return addresses;
}

SocketAddress any_address(int family, std::uint16_t port) {
  SocketAddress address;
  if (family == AF_INET6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&address.storage, &v6, sizeof(v6));
    address.size = sizeof(v6);
  } else {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&address.storage, &v4, sizeof(v4));
    address.size = sizeof(v4);
  }
  return address;
}

// The listening socket, or errno.
std::variant<UniqueFd, int> open_socket(const SocketAddress& address, bool dual) {
  UniqueFd socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  if (!socket) return errno;
  if (!set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1)) return errno;
  if (address.storage.ss_family == AF_INET6 && !set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, dual ? 0 : 1)) {
    return errno;
  }
  if (::bind(socket.get(), address.get(), address.size) != 0) return errno;
  if (::listen(socket.get(), SOMAXCONN) != 0) return errno;
  return socket;
}

}  // namespace

Listeners::Listeners(ProxySettings proxy)
    : proxy_(std::make_shared<SharedSettings>(std::make_shared<const ProxySettings>(std::move(proxy)))) {}

void Listeners::configure(ProxySettings proxy) {
  auto fresh = std::make_shared<const ProxySettings>(std::move(proxy));
  proxy_->with([&](auto& current) { current = std::move(fresh); });
}

Result<std::unique_ptr<Listener>> Listeners::listen(const ListenRequest& request) {
  const Endpoint& wanted = request.endpoint;
  const bool any = wanted.address.empty() || wanted.address == "::" || wanted.address == "*";
  std::variant<UniqueFd, int> opened = 0;
  if (any) {
    opened = open_socket(any_address(AF_INET6, wanted.port), true);
    const int* error = std::get_if<int>(&opened);
    if (error != nullptr && (*error == EAFNOSUPPORT || *error == EADDRNOTAVAIL)) {
      opened = open_socket(any_address(AF_INET, wanted.port), false);
    }
  } else {
    SLIPWAY_ASSIGN(const auto addresses, resolve(wanted));
    opened = open_socket(addresses.front(), false);
  }
  if (const int* error = std::get_if<int>(&opened)) return explain(*error, wanted);
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return error_from_errno(errno, "listen on " + to_string(wanted));
  UniqueFd socket = std::get<UniqueFd>(std::move(opened));
  Endpoint endpoint = local_endpoint(socket.get());
  std::unique_ptr<HeaderQueue> headers;
  if (request.apply_proxy_config) {
    SLIPWAY_ASSIGN(headers, HeaderQueue::make());
  }
  return std::make_unique<TcpListener>(std::move(socket), std::move(wake), std::move(endpoint), proxy_,
                                       std::move(headers));
}

}  // namespace slipway::net
