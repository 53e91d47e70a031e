#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "support/http/server.h"

namespace slipway::http {
namespace {

class OwnedFd {
 public:
  explicit OwnedFd(int fd) : fd_(fd) {}
  ~OwnedFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

class UnixListener final : public Listener {
 public:
  UnixListener(OwnedFd socket, OwnedFd wake, std::string path)
      : socket_(std::move(socket)), wake_(std::move(wake)), endpoint_{std::move(path), 0} {
    struct stat info {};
    if (::stat(endpoint_.address.c_str(), &info) == 0) inode_ = info.st_ino;
  }
  ~UnixListener() override {
    // Only ours: another server may have put its own there meanwhile.
    struct stat info {};
    if (::lstat(endpoint_.address.c_str(), &info) == 0 && info.st_ino == inode_) ::unlink(endpoint_.address.c_str());
  }

  const Endpoint& endpoint() const noexcept override { return endpoint_; }

  Result<AcceptedConnection> accept() override {
    while (true) {
      pollfd fds[2] = {{wake_.get(), POLLIN, 0}, {socket_.get(), POLLIN, 0}};
      const int ready = ::poll(fds, 2, -1);
      if (ready < 0 && errno == EINTR) continue;
      if (fds[0].revents != 0) return Error(Errc::Cancelled, endpoint_.address, "the listener was closed");
      const int fd = ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) {
        AcceptedConnection accepted;
        accepted.fd = fd;
        return accepted;
      }
      if (errno != EINTR && errno != EAGAIN && errno != ECONNABORTED)
        return Error(Errc::Unavailable, endpoint_.address, std::strerror(errno), true);
    }
  }

  void close() noexcept override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof(one));
    ::shutdown(socket_.get(), SHUT_RDWR);
  }

 private:
  const OwnedFd socket_, wake_;
  const Endpoint endpoint_;
  ino_t inode_ = 0;
};

Error failed(const std::string& path, const char* what) {
  return {errno == EACCES || errno == EPERM ? Errc::PermissionDenied : Errc::IoError, path,
          std::string(what) + ": " + std::strerror(errno)};
}

}  // namespace

Result<std::unique_ptr<Listener>> listen_on_unix_socket(const std::string& path, std::uint32_t mode) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path))
    return Error(Errc::InvalidArgument, path, "the path of a socket has 1 to 107 bytes");
  std::memcpy(address.sun_path, path.data(), path.size());

  OwnedFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  OwnedFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (socket.get() < 0 || wake.get() < 0) return failed(path, "socket");
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(socket.get(), name, sizeof(address)) != 0) {
    if (errno != EADDRINUSE) return failed(path, "bind");
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode))
      return Error(Errc::Conflict, path, "something that is no socket is there already");
    OwnedFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(probe.get(), name, sizeof(address)) == 0 || errno != ECONNREFUSED)
      return Error(Errc::Conflict, path, "another server listens there");
    if (::unlink(path.c_str()) != 0 || ::bind(socket.get(), name, sizeof(address)) != 0) return failed(path, "bind");
  }
  if (::chmod(path.c_str(), mode) != 0) return failed(path, "chmod");
  if (::listen(socket.get(), SOMAXCONN) != 0) return failed(path, "listen");
  return std::unique_ptr<Listener>(std::make_unique<UnixListener>(std::move(socket), std::move(wake), path));
}

}  // namespace slipway::http
