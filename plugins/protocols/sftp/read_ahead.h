// Reads a connection's socket in large pieces, which libssh, asking for 4096 bytes at a time, takes from memory.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <cstddef>
#include <memory>

namespace slipway::sftp {

// Belongs to the connection's thread. Where libssh is linked statically, its recv and poll go through this object
// (read_ahead_available()); else it does nothing.
class ReadAhead {
 public:
  explicit ReadAhead(int fd) noexcept : fd_(fd) {}
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // While it lives, libssh's calls on this thread for the socket go through `reader`.
  class Use {
   public:
    explicit Use(ReadAhead& reader) noexcept;
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
  };

  // As the system's calls. One that would wait does so only when nothing is in memory.
  ssize_t recv(int fd, void* out, std::size_t size, int flags) noexcept;
  int poll(pollfd* fds, nfds_t count, int timeout) noexcept;

  // Gives the memory back when nothing is in it.
  void release_memory() noexcept {
    if (begin_ == end_) buffer_.reset();
  }

 private:
  static constexpr std::size_t kSize = 256 * 1024;

  const int fd_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  bool busy_ = false;  // the last read gave all that was asked for: there is probably more
};

bool read_ahead_available() noexcept;

}  // namespace slipway::sftp
