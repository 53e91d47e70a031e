#include "support/http/transport.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

namespace slipway::http {
namespace {

// Plain bytes for one round of encryption: fifteen full records, which leave in one send.
constexpr std::size_t kRound = 15 * 16384;

// Below the size from which malloc asks the system each time.
constexpr std::size_t kReadAhead = 100 << 10;

// TLS in the kernel wants the module to be there; asking costs less than failing for each connection.
bool kernel_has_tls() {
  static const bool has = [] {
    std::ifstream file("/proc/sys/net/ipv4/tcp_available_ulp");
    std::string word;
    while (file >> word) {
      if (word == "tls") return true;
    }
    return false;
  }();
  return has;
}

// What OpenSSL has to say of its last failure.
std::string explain(unsigned long error) {
  if (error == 0) return "the connection ended";
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "error " + std::to_string(ERR_GET_REASON(error));
}

}  // namespace

// Records of one call into OpenSSL, sent together afterwards. One a thread: every call ends with send_gathered().
struct Transport::Gather {
  std::string bytes;
  static Gather& mine() {
    thread_local Gather gather;
    return gather;
  }
};

Transport::~Transport() = default;

int Transport::bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  Gather::mine().bytes.append(data, static_cast<std::size_t>(size));
  return size;
}

int Transport::bio_read(BIO* bio, char* out, int size) {
  auto* self = static_cast<Transport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  while (true) {
    const auto count = ::recv(self->fd_, out, static_cast<std::size_t>(size), MSG_DONTWAIT);
    if (count >= 0) {
      self->took_all_ = count < size;
      return static_cast<int>(count);
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) BIO_set_retry_read(bio);
    return -1;
  }
}

BIO_METHOD* Transport::method() {
  // Lives until the module's code is unloaded, which no connection outlives. Without an index of its own: there are
  // only 128 of them in a process, and each time that the module is loaded would take one.
  static const std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> made = [] {
    std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> m(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "slipway-http"),
                                                            &BIO_meth_free);
    if (!m) return m;
    BIO_meth_set_write(m.get(), &Transport::bio_write);
    BIO_meth_set_read(m.get(), &Transport::bio_read);
    BIO_meth_set_ctrl(m.get(),
                      [](BIO*, int command, long, void*) -> long { return command == BIO_CTRL_FLUSH ? 1 : 0; });
    BIO_meth_set_create(m.get(), [](BIO* bio) {
      BIO_set_init(bio, 1);
      return 1;
    });
    return m;
  }();
  return made.get();
}

bool Transport::start_own_bio() {
  BIO* bio = method() == nullptr ? nullptr : BIO_new(method());
  if (bio == nullptr) return false;
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_.get(), bio, bio);
  return true;
}

bool Transport::use_tls(SSL_CTX* context) {
  ERR_clear_error();
  ssl_.reset(SSL_new(context));
  if (!ssl_) return false;
  if (kernel_has_tls()) {
    // Only OpenSSL's own socket BIO can hand the keys to the kernel. Ours takes over when that fails.
    BIO* bio = BIO_new_socket(fd_, BIO_NOCLOSE);
    if (bio == nullptr) return false;
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_options(ssl_.get(), SSL_OP_ENABLE_KTLS);
    kernel_tls_ = true;
  } else if (!start_own_bio()) {
    return false;
  }
  SSL_set_accept_state(ssl_.get());
  return true;
}

// Sends what the last call into OpenSSL wrote, behind what still waits.
Transport::Io Transport::send_gathered(bool more) {
  auto& bytes = Gather::mine().bytes;
  if (bytes.empty()) return pending() ? Io::SendBlocks : Io::Done;
  Io io = Io::SendBlocks;
  std::size_t sent = 0;
  if (!pending()) {
    while (sent < bytes.size()) {
      const auto count = write_raw(std::string_view(bytes).substr(sent), more);
      io = count.io;
      if (io != Io::Done) break;
      sent += count.bytes;
    }
  }
  if (io == Io::SendBlocks) wire_.append(bytes, sent);
  bytes.clear();
  return io;
}

Transport::Count Transport::write_raw(std::string_view data, bool more) {
  while (true) {
    const auto count = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0));
    if (count >= 0) return {Io::Done, static_cast<std::size_t>(count)};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {Io::SendBlocks, 0};
    broken_ = true;
    return {Io::Failed, 0};
  }
}

Transport::Io Transport::flush() {
  while (pending()) {
    const auto count = write_raw(std::string_view(wire_).substr(wire_at_), false);
    if (count.io != Io::Done) return count.io;
    wire_at_ += count.bytes;
  }
  if (!wire_.empty()) {
    wire_at_ = 0;
    std::string().swap(wire_);
  }
  return Io::Done;
}

Transport::Io Transport::after_ssl(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Io::WouldBlock;
    case SSL_ERROR_WANT_WRITE:
      return Io::SendBlocks;
    case SSL_ERROR_ZERO_RETURN:
      return Io::Ended;
    default: {
      const auto error = ERR_peek_last_error();
      met_plain_http_ =
          !established_ && ERR_GET_LIB(error) == ERR_LIB_SSL &&
          (ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST || ERR_GET_REASON(error) == SSL_R_HTTPS_PROXY_REQUEST);
      failure_ = explain(error);
      const long verified = SSL_get_verify_result(ssl_.get());
      if (!established_ && verified != X509_V_OK)
        failure_ += std::string(": ") + X509_verify_cert_error_string(verified);
      broken_ = true;
      return Io::Failed;
    }
  }
}

Transport::Io Transport::handshake() {
  if (const auto io = flush(); io != Io::Done) return io;
  ERR_clear_error();
  const int result = SSL_accept(ssl_.get());
  if (result != 1) {
    const auto io = after_ssl(result);
    const auto sent = send_gathered(false);  // an alert, too
    return io == Io::WouldBlock && sent != Io::Done ? sent : io;
  }
  established_ = true;
  if (kernel_tls_) {
    kernel_tls_ = BIO_get_ktls_send(SSL_get_wbio(ssl_.get())) != 0;
    // With keys in the kernel for one direction at least the socket BIO has to stay.
    if (!kernel_tls_ && BIO_get_ktls_recv(SSL_get_rbio(ssl_.get())) == 0 && !start_own_bio()) return Io::Failed;
  }
  const auto sent = send_gathered(false);
  return sent == Io::SendBlocks ? Io::Done : sent;  // the tickets may leave with the first answer
}

Transport::Count Transport::read(char* out, std::size_t size) {
  if (!ssl_) {
    while (true) {
      const auto count = ::recv(fd_, out, size, MSG_DONTWAIT);
      if (count > 0) {
        drained_ = static_cast<std::size_t>(count) < size;
        return {Io::Done, static_cast<std::size_t>(count)};
      }
      if (count == 0) return {Io::Ended, 0};
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return {Io::WouldBlock, 0};
      broken_ = true;
      return {Io::Failed, 0};
    }
  }
  drained_ = false;
  ERR_clear_error();
  std::size_t count = 0;
  const int result = SSL_read_ex(ssl_.get(), out, size, &count);
  const auto io = result == 1 ? Io::Done : after_ssl(0);
  const auto sent = send_gathered(false);  // the answer to a key update
  if (sent == Io::Failed) return {Io::Failed, 0};
  drained_ = took_all_ && SSL_has_pending(ssl_.get()) == 0;
  return {io == Io::SendBlocks ? Io::WouldBlock : io, count};
}

void Transport::expect_much(bool much) noexcept {
  // Several records with one call of the system; 0 is one record.
  if (ssl_) SSL_set_default_read_buffer_len(ssl_.get(), much ? kReadAhead : 0);
}

Transport::Count Transport::write(std::string_view data, bool more) {
  if (data.empty()) return {};
  if (can_send_files()) return write_raw(data, more);
  if (pending()) {
    if (const auto io = flush(); io != Io::Done) return {io, 0};
  }
  data = data.substr(0, kRound);
  ERR_clear_error();
  std::size_t count = 0;
  const int result = SSL_write_ex(ssl_.get(), data.data(), data.size(), &count);
  if (result != 1) {
    const auto io = after_ssl(0);
    Gather::mine().bytes.clear();
    return {io == Io::WouldBlock ? Io::Failed : io, 0};  // our BIO takes everything: there is nothing to wait for
  }
  if (send_gathered(more) == Io::Failed) return {Io::Failed, 0};
  return {Io::Done, count};
}

Transport::Count Transport::send_file(int file, std::uint64_t offset, std::size_t size) {
  auto at = static_cast<off_t>(offset);
  while (true) {
    const auto count = ::sendfile(fd_, file, &at, size);
    if (count >= 0) return {Io::Done, static_cast<std::size_t>(count)};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {Io::SendBlocks, 0};
    if (errno == EINVAL || errno == ENOSYS) return {Io::Ended, 0};
    broken_ = true;
    return {Io::Failed, 0};
  }
}

void Transport::say_goodbye(bool half) noexcept {
  if (ssl_ && established_ && !broken_ && !pending()) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    send_gathered(false);
  }
  if (half) ::shutdown(fd_, SHUT_WR);
}

}  // namespace slipway::http
