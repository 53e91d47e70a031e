// For tests: a small HTTP/1.1 server on a free loopback port, plain or TLS, one thread a connection.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

struct ssl_ctx_st;

namespace slipway::http {

struct SeenRequest {
  std::string method, target, body;
  std::map<std::string, std::string> headers;  // lower-case names
  std::string client_subject;                  // of the TLS client certificate
};

struct Response {
  int status = 200;
  std::string body;
  std::string headers;  // complete lines
  bool hang = false;    // never answers
  bool drop = false;    // closes the connection instead
};

// A key and a self-signed certificate for 127.0.0.1 and localhost, as PEM files.
struct TestCertificate {
  TestCertificate(const std::string& directory, const std::string& name);
  std::string certificate_file, key_file;
};

class TestServer {
 public:
  using Handler = std::function<Response(const SeenRequest&)>;
  struct Tls {
    const TestCertificate* own = nullptr;
    const TestCertificate* trusted_client = nullptr;  // asks for a certificate and trusts this one
  };
  explicit TestServer(Handler handler) : TestServer(std::move(handler), Tls{}) {}
  TestServer(Handler handler, Tls tls);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::string url(const std::string& target) const;
  std::vector<SeenRequest> requests();
  int connections() const { return connections_; }

 private:
  void accept_loop();
  void serve(int fd);

  Handler handler_;
  ssl_ctx_st* context_ = nullptr;
  int listener_ = -1, port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<SeenRequest> requests_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace slipway::http
