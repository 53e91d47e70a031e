#include "support/http/blocking_stream.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <climits>
#include <memory>

#include "support/http/io_loop.h"

namespace slipway::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kPiece = 256 << 10;      // of copied files
constexpr milliseconds kLook{1000};            // after the interruption
constexpr std::size_t kDirectPiece = 1 << 20;  // of files that leave by sendfile

// How much of a file is sent before its source is told. A source with a bandwidth pauses then, and a client that hears
// nothing for long gives up: pieces become smaller while that takes long.
class PieceSize {
 public:
  explicit PieceSize(std::size_t most) : most_(most) {}
  std::size_t operator()(std::uint64_t left) const {
    return static_cast<std::size_t>(std::min<std::uint64_t>(left, now_));
  }
  Status tell(FileSource& source, std::size_t sent) {
    const auto begin = steady_clock::now();
    Status status = source.sent(sent);
    const bool paused = steady_clock::now() - begin > kPause;
    now_ = paused ? std::max(kLeast, now_ / 2) : std::min(most_, now_ * 2);
    return status;
  }

 private:
  static constexpr std::size_t kLeast = 8 << 10;
  static constexpr milliseconds kPause{200};
  const std::size_t most_;
  std::size_t now_ = 64 << 10;
};

Error gone() { return {Errc::Cancelled, "connection", "the client is gone"}; }

// A buffer for copies, one a thread: page faults are dear.
std::span<std::byte> copy_buffer() {
  thread_local const std::unique_ptr<std::byte[]> memory(new std::byte[kPiece]);
  return {memory.get(), kPiece};
}

}  // namespace

Status BlockingStream::wait(short events, milliseconds limit, Pace& pace, std::string_view what) {
  assert(!IoLoop::on_loop_thread());
  if (pace.too_slow(limits_)) return Error(Errc::TimedOut, std::string(what), "the client was too slow");
  const auto begin = steady_clock::now();
  auto until = begin + limit;
  if (deadline_ < until) until = deadline_;
  while (true) {
    auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    if (left.count() <= 0) return Error(Errc::TimedOut, std::string(what), "the client was too slow");
    if (interrupt_.stop_requested()) return Error(Errc::Cancelled, "connection", "it was closed");
    if (interrupt_.stop_possible()) left = std::min(left, kLook);
    pollfd ready{transport_.fd(), events, 0};
    const int count = ::poll(&ready, 1, static_cast<int>(std::min<long long>(left.count(), INT_MAX)));
    if (count < 0 && errno != EINTR) return gone();
    if (count > 0) break;
  }
  pace.waited(steady_clock::now() - begin);
  return ok();
}

Result<std::size_t> BlockingStream::read(std::span<std::byte> out) {
  while (true) {
    const auto count = transport_.read(reinterpret_cast<char*>(out.data()), out.size());
    switch (count.io) {
      case Transport::Io::Done:
        received_.moved(count.bytes);
        return count.bytes;
      case Transport::Io::WouldBlock:
        SLIPWAY_TRY(wait(POLLIN, limits_.body_read, received_, "request body"));
        break;
      case Transport::Io::SendBlocks:
      case Transport::Io::Ended:
      case Transport::Io::Failed:
        return gone();
    }
  }
}

Status BlockingStream::write(std::string_view data, bool more) {
  while (true) {
    if (data.empty()) {
      switch (transport_.flush()) {
        case Transport::Io::Done:
          return ok();
        case Transport::Io::SendBlocks:
          break;
        default:
          return gone();
      }
    } else {
      const auto count = transport_.write(data, more);
      if (count.io == Transport::Io::Done) {
        data.remove_prefix(count.bytes);
        sent_.moved(count.bytes);
        continue;
      }
      if (count.io != Transport::Io::SendBlocks) return gone();
    }
    SLIPWAY_TRY(wait(POLLOUT, limits_.write, sent_, "response"));
  }
}

Status BlockingStream::send(FileSource& source, std::uint64_t offset, std::uint64_t size, std::uint64_t& sent) {
  if (source.fd() >= 0 && transport_.can_send_files()) return send_direct(source, offset, size, sent);
  return send_copied(source, offset, size, sent);
}

Status BlockingStream::send_direct(FileSource& source, std::uint64_t offset, std::uint64_t size, std::uint64_t& sent) {
  PieceSize next(kDirectPiece);
  while (size > 0) {
    const auto piece = next(size);
    std::size_t done = 0;
    while (done < piece) {
      const auto count = transport_.send_file(source.fd(), offset + done, piece - done);
      if (count.io == Transport::Io::Done) {
        if (count.bytes == 0) return Error(Errc::IoError, "file", "it became shorter while it was sent");
        done += count.bytes;
        sent_.moved(count.bytes);
      } else if (count.io == Transport::Io::SendBlocks) {
        SLIPWAY_TRY(wait(POLLOUT, limits_.write, sent_, "response"));
      } else if (count.io == Transport::Io::Ended && done == 0) {
        return send_copied(source, offset, size, sent);
      } else {
        return gone();
      }
    }
    sent += done;
    offset += done;
    size -= done;
    SLIPWAY_TRY(next.tell(source, done));
  }
  return ok();
}

Status BlockingStream::send_copied(FileSource& source, std::uint64_t offset, std::uint64_t size, std::uint64_t& sent) {
  const auto buffer = copy_buffer();
  PieceSize next(buffer.size());
  while (size > 0) {
    const auto piece = buffer.first(next(size));
    std::size_t count = 0;
    if (const int fd = source.fd(); fd >= 0) {
      const auto result = ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(offset));
      if (result < 0 && errno == EINTR) continue;
      if (result < 0) return Error(Errc::IoError, "file", "it cannot be read");
      count = static_cast<std::size_t>(result);
    } else {
      SLIPWAY_ASSIGN(count, source.read_at(offset, piece));
    }
    if (count == 0) return Error(Errc::IoError, "file", "it became shorter while it was sent");
    SLIPWAY_TRY(write({reinterpret_cast<const char*>(buffer.data()), count}, size > count));
    sent += count;
    offset += count;
    size -= count;
    if (source.fd() >= 0) SLIPWAY_TRY(next.tell(source, count));
  }
  return ok();
}

}  // namespace slipway::http
