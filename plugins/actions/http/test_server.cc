#include "test_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace slipway::http {
namespace {

// Plain or TLS bytes of one connection.
class Stream {
 public:
  Stream(int fd, SSL_CTX* context) : fd_(fd) {
    if (context == nullptr) return;
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, fd);
    ready_ = SSL_accept(ssl_) == 1;
  }
  ~Stream() {
    if (ssl_ != nullptr) SSL_free(ssl_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  bool ready() const { return ready_; }
  long read(char* data, std::size_t size) {
    return ssl_ != nullptr ? SSL_read(ssl_, data, static_cast<int>(size)) : ::recv(fd_, data, size, 0);
  }
  void write(const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
      const long n = ssl_ != nullptr ? SSL_write(ssl_, text.data() + at, static_cast<int>(text.size() - at))
                                     : ::send(fd_, text.data() + at, text.size() - at, MSG_NOSIGNAL);
      if (n <= 0) return;
      at += static_cast<std::size_t>(n);
    }
  }
  std::string client_subject() const {
    X509* const certificate = ssl_ != nullptr ? SSL_get0_peer_certificate(ssl_) : nullptr;
    if (certificate == nullptr) return {};
    char text[256] = {};
    X509_NAME_oneline(X509_get_subject_name(certificate), text, sizeof text);
    return text;
  }

 private:
  int fd_;
  SSL* ssl_ = nullptr;
  bool ready_ = true;
};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

TestCertificate::TestCertificate(const std::string& directory, const std::string& name)
    : certificate_file(directory + "/" + name + ".crt"), key_file(directory + "/" + name + ".key") {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), static_cast<long>(std::hash<std::string>{}(name)&0xFFFFFF));
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
  X509_set_pubkey(certificate, key);
  X509_NAME* const subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate, subject);
  for (const auto& [nid, value] :
       {std::pair{NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost"}, {NID_basic_constraints, "critical,CA:TRUE"}}) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(certificate, key, EVP_sha256());
  std::FILE* file = std::fopen(certificate_file.c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  file = std::fopen(key_file.c_str(), "w");
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

TestServer::TestServer(Handler handler, Tls tls) : handler_(std::move(handler)) {
  if (tls.own != nullptr) {
    context_ = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_file(context_, tls.own->certificate_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(context_, tls.own->key_file.c_str(), SSL_FILETYPE_PEM) != 1)
      throw std::runtime_error("test certificate");
    if (tls.trusted_client != nullptr) {
      SSL_CTX_load_verify_locations(context_, tls.trusted_client->certificate_file.c_str(), nullptr);
      SSL_CTX_set_client_CA_list(context_, SSL_load_client_CA_file(tls.trusted_client->certificate_file.c_str()));
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
      SSL_CTX_set_session_id_context(context_, reinterpret_cast<const unsigned char*>("t"), 1);
    }
  }
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0)
    throw std::runtime_error("test server cannot listen");
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

TestServer::~TestServer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  for (const int fd : open_) ::close(fd);
  ::close(listener_);
  if (context_ != nullptr) SSL_CTX_free(context_);
}

std::string TestServer::url(const std::string& target) const {
  return (context_ != nullptr ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_) + target;
}

std::vector<SeenRequest> TestServer::requests() {
  std::lock_guard lock(mutex_);
  return requests_;
}

void TestServer::accept_loop() {
  while (!stopping_) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections_;
    std::lock_guard lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void TestServer::serve(int fd) {
  Stream stream(fd, context_);
  std::string buffer;
  const auto more = [&] {
    char block[16384];
    const long n = stream.read(block, sizeof block);
    if (n > 0) buffer.append(block, static_cast<std::size_t>(n));
    return n > 0;
  };
  while (stream.ready()) {
    while (buffer.find("\r\n\r\n") == std::string::npos)
      if (!more()) return;
    SeenRequest request;
    request.client_subject = stream.client_subject();
    const std::size_t head_end = buffer.find("\r\n\r\n");
    std::string head = buffer.substr(0, head_end + 2);
    buffer.erase(0, head_end + 4);
    for (std::size_t at = 0, line = 0; at < head.size(); ++line) {
      const std::size_t end = head.find("\r\n", at);
      const std::string text = head.substr(at, end - at);
      at = end + 2;
      if (line == 0) {
        const auto first = text.find(' '), second = text.rfind(' ');
        request.method = text.substr(0, first);
        request.target = text.substr(first + 1, second - first - 1);
      } else if (const auto colon = text.find(':'); colon != std::string::npos) {
        const auto value = text.find_first_not_of(' ', colon + 1);
        request.headers[lower(text.substr(0, colon))] = value == std::string::npos ? "" : text.substr(value);
      }
    }
    std::size_t length = 0;
    if (request.headers.contains("content-length")) length = std::stoul(request.headers["content-length"]);
    while (buffer.size() < length)
      if (!more()) return;
    request.body = buffer.substr(0, length);
    buffer.erase(0, length);
    const Response response = handler_(request);
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
    }
    if (response.hang) {
      while (more()) {
      }
      return;
    }
    if (response.drop) {
      ::shutdown(fd, SHUT_RDWR);
      return;
    }
    stream.write("HTTP/1.1 " + std::to_string(response.status) + " Test\r\nContent-Length: " +
                 std::to_string(response.body.size()) + "\r\n" + response.headers + "\r\n" + response.body);
  }
}

}  // namespace slipway::http
