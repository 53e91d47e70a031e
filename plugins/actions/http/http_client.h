// Requests over a pool of libcurl handles that keep their connections.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "slipway/module.h"
#include "tls_material.h"
#include "url.h"

namespace slipway::http {

struct Request {
  Url url;
  std::string method = "GET";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string user, password;  // Basic authentication, unless empty
  std::chrono::milliseconds timeout{20'000};
  bool verify_tls = true;
};

struct Reply {
  int status = 0;
  std::string body;
  std::chrono::seconds retry_after{0};  // as the server asked for; 0: it did not
};

// Thread-safe. Redirects are not followed; proxies are taken from the environment (http_proxy, https_proxy, no_proxy).
class Client {
 public:
  static constexpr std::size_t kMaxBody = 1024 * 1024;  // bytes of an answer

  explicit Client(std::shared_ptr<const TlsMaterial> tls);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Any status is a reply. Unavailable: no answer came, marked retryable where trying again makes sense; TooLarge: the
  // answer is longer than kMaxBody; Cancelled, TimedOut: as the context says.
  Result<Reply> perform(const OpContext& ctx, const Request& request);

 private:
  class Handle;
  std::unique_ptr<Handle> take();
  void give_back(std::unique_ptr<Handle> handle);

  std::shared_ptr<const TlsMaterial> tls_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;  // the last one used is taken first: its connections are the warmest
};

}  // namespace slipway::http
