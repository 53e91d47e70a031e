// A connection's bytes, plain or through TLS, without ever waiting: the callers decide how to wait.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "slipway/result.h"

namespace slipway::http {

struct SslFree {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;

// One thread at a time. The descriptor is non-blocking and another's.
class Transport {
 public:
  enum class Io : std::uint8_t {
    Done,
    WouldBlock,  // wait until the descriptor can be read
    SendBlocks,  // wait until it can be written
    Ended,       // the peer sends no more
    Failed,
  };
  struct Count {
    Io io = Io::Done;
    std::size_t bytes = 0;
  };

  explicit Transport(int fd) : fd_(fd) {}
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Before anything else on a TLS connection. False when memory is short.
  bool use_tls(SSL_CTX* context);
  bool is_tls() const noexcept { return ssl_ != nullptr; }
  SSL* ssl() const noexcept { return ssl_.get(); }
  int fd() const noexcept { return fd_; }

  Io handshake();
  // With Failed of handshake(): what went wrong, for a debug log, and whether the client spoke plain HTTP.
  const std::string& failure() const noexcept { return failure_; }
  bool met_plain_http() const noexcept { return met_plain_http_; }

  // At least one byte with Done.
  Count read(char* out, std::size_t size);
  // Whether the last read took all there was, so that the next one would most likely block.
  bool drained() const noexcept { return drained_; }
  void forget_drained() noexcept { drained_ = false; }
  // A large body is about to come, or is over: how far TLS reads ahead.
  void expect_much(bool much) noexcept;
  // Takes a part of `data`; with SendBlocks nothing. What was taken may still wait here: flush(). `more`: hold a packet
  // back for what follows.
  Count write(std::string_view data, bool more = false);
  // The bytes that were taken but not yet by the system.
  Io flush();
  bool pending() const noexcept { return wire_at_ < wire_.size(); }

  // Whether bytes of a file may go straight from one descriptor to the other: a plain connection, or TLS in the kernel.
  bool can_send_files() const noexcept { return ssl_ == nullptr || kernel_tls_; }
  // A part of the file; 0 bytes with Done at its end. Ended: this file has to be copied.
  Count send_file(int file, std::uint64_t offset, std::size_t size);

  // "We send no more": TLS close_notify, and the end of the stream where `half` is given.
  void say_goodbye(bool half) noexcept;

 private:
  struct Gather;
  static BIO_METHOD* method();
  static int bio_write(BIO* bio, const char* data, int size);
  static int bio_read(BIO* bio, char* out, int size);
  Count write_raw(std::string_view data, bool more);
  Io send_gathered(bool more);
  Io after_ssl(int result);
  bool start_own_bio();

  const int fd_;
  SslPtr ssl_;
  bool took_all_ = false;  // the last read of the socket, by our BIO
  bool drained_ = false, established_ = false, kernel_tls_ = false, met_plain_http_ = false, broken_ = false;
  std::string wire_;  // encrypted bytes that the system did not take
  std::size_t wire_at_ = 0;
  std::string failure_;
};

}  // namespace slipway::http
