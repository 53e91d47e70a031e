#include "read_ahead.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <new>

#ifdef SLIPWAY_SFTP_WRAPPED_LIBSSH
// The linker's --wrap sends the calls in libssh's objects to __wrap_x; __real_x is the system's.
extern "C" {
ssize_t __real_recv(int fd, void* out, std::size_t size, int flags);
int __real_poll(pollfd* fds, nfds_t count, int timeout);
}
#else
#define __real_recv ::recv
#define __real_poll ::poll
#endif

namespace slipway::sftp {
namespace {

thread_local ReadAhead* current = nullptr;

}  // namespace

ReadAhead::Use::Use(ReadAhead& reader) noexcept { current = &reader; }
ReadAhead::Use::~Use() { current = nullptr; }

ssize_t ReadAhead::recv(int fd, void* out, std::size_t size, int flags) noexcept {
  if (fd != fd_ || flags != 0) return __real_recv(fd, out, size, flags);
  if (begin_ == end_) {
    if (busy_ && !buffer_) buffer_.reset(new (std::nothrow) std::byte[kSize]);
    if (!busy_ || !buffer_) {
      const auto count = __real_recv(fd, out, size, 0);
      busy_ = count == static_cast<ssize_t>(size);
      return count;
    }
    const auto count = __real_recv(fd, buffer_.get(), kSize, 0);
    if (count <= 0) return count;
    begin_ = 0;
    end_ = static_cast<std::size_t>(count);
    busy_ = end_ >= size;
  }
  const auto part = std::min(size, end_ - begin_);
  std::memcpy(out, buffer_.get() + begin_, part);
  begin_ += part;
  return static_cast<ssize_t>(part);
}

int ReadAhead::poll(pollfd* fds, nfds_t count, int timeout) noexcept {
  const auto wants_input = [this](const pollfd& entry) { return entry.fd == fd_ && (entry.events & POLLIN) != 0; };
  pollfd* const end = fds + count;
  if (begin_ == end_ || std::none_of(fds, end, wants_input)) return __real_poll(fds, count, timeout);
  // What is in memory comes first; the system is asked about the rest once that is used up.
  int ready = 0;
  for (auto* entry = fds; entry != end; ++entry) {
    entry->revents = wants_input(*entry) ? POLLIN : 0;
    ready += entry->revents != 0;
  }
  return ready;
}

bool read_ahead_available() noexcept {
#ifdef SLIPWAY_SFTP_WRAPPED_LIBSSH
  return true;
#else
  return false;
#endif
}

}  // namespace slipway::sftp

#ifdef SLIPWAY_SFTP_WRAPPED_LIBSSH
extern "C" {

ssize_t __wrap_recv(int fd, void* out, std::size_t size, int flags) {
  auto* reader = slipway::sftp::current;
  return reader == nullptr ? __real_recv(fd, out, size, flags) : reader->recv(fd, out, size, flags);
}

int __wrap_poll(pollfd* fds, nfds_t count, int timeout) {
  auto* reader = slipway::sftp::current;
  return reader == nullptr ? __real_poll(fds, count, timeout) : reader->poll(fds, count, timeout);
}

}  // extern "C"
#endif
