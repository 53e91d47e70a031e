// Where the bytes of a file response come from: a session's file, or a descriptor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "slipway/session.h"

namespace slipway::http {

// One thread at a time. Destroyed after the last byte was sent or the sending failed.
class FileSource {
 public:
  virtual ~FileSource() = default;
  // Fills `out` unless the end is met.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) = 0;
  // A descriptor for sendfile and pread; -1: read_at is used.
  virtual int fd() const noexcept { return -1; }
  // After each piece that left through fd(). An error ends the transfer. May wait.
  virtual Status sent(std::size_t bytes) {
    (void)bytes;
    return ok();
  }
  // Reading does not wait for a network, and sent() does not wait: a small file may be sent by an io thread.
  virtual bool is_immediate() const noexcept { return false; }
  // Once, at the end: how it went, and how many bytes of the file the client was sent.
  virtual void finished(const Status& status, std::uint64_t bytes) noexcept { (void)status, (void)bytes; }
};

// A file of Session::fs() that is open for reading, with its bandwidth and counters. `context` and what its views refer
// to outlive the source.
std::unique_ptr<FileSource> make_file_source(std::unique_ptr<File> file, OpContext context, bool is_immediate = false);
// Takes the descriptor of a regular file, on a disk that does not make us wait.
std::unique_ptr<FileSource> make_file_source(int fd);

}  // namespace slipway::http
