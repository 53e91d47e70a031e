// For tests of the server: clients on socket pairs, and a server with a few routes.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "support/http/server.h"

namespace slipway::http {

using namespace std::chrono_literals;

class NoLogger final : public Logger {
 public:
  bool enabled(LogLevel) const noexcept override { return false; }
  void log(LogLevel, std::string_view, std::span<const LogField>) noexcept override {}
};

// A client on one end of a socket pair.
class Client {
 public:
  explicit Client(int fd) : fd_(fd) {}
  ~Client() { end(); }
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Client& operator=(Client&&) = delete;

  // Whether the server's end took all of it.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const auto count = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  // What comes until `end` of it, the end of the stream, or five seconds without anything.
  std::string read_until(std::string_view end) {
    std::string text;
    while (end.empty() || text.find(end) == std::string::npos) {
      pollfd ready{fd_, POLLIN, 0};
      if (::poll(&ready, 1, 5000) <= 0) return text + "<timeout>";
      char buffer[65536];
      const auto count = ::recv(fd_, buffer, sizeof(buffer), 0);
      if (count <= 0) return text + (count == 0 ? "<end>" : "<reset>");
      text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
  }
  std::string read_all() { return read_until({}); }
  std::string ask(std::string_view request, std::string_view end) {
    send(request);
    return read_until(end);
  }
  void half_close() { ::shutdown(fd_, SHUT_WR); }
  void end() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

// Opens when it is told; for handlers that shall wait.
class Gate {
 public:
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void await(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

inline bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
inline int count_of(const std::string& text, std::string_view part) {
  int count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

inline std::string get(std::string_view path, std::string_view fields = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n";
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    options.server_header = "test";
    options.lanes = {{"requests"}, {"narrow"}};
    options.lanes[1].threads = 1;
    options.lanes[1].queue = 1;
    options.io_threads = 2;
  }
  // Before what handlers of derived tests use is gone.
  void TearDown() override {
    gate.open();
    if (server) server->stop();
  }

  static RouteOptions inline_run() { return {.run = Run::Inline}; }
  static RouteOptions streamed(std::uint64_t limit = kUnlimited) { return {.body = Body::Streamed, .max_body = limit}; }

  void start() {
    router->add("GET", "/hello", inline_run(), [](Request&, Response& r) { r.set_body("hi", "text/plain"); });
    router->add("POST", "/echo", [](Request& q, Response& r) {
      auto text = q.text(1 << 20);
      if (!text) return r.fail(400, text.error().message());
      r.set_body(*std::move(text), "text/plain");
    });
    router->add("POST", "/count", streamed(), [](Request& q, Response& r) {
      std::byte buffer[1000];
      std::size_t total = 0;
      while (true) {
        const auto count = q.read(buffer);
        if (!count) return r.fail(count.code() == Errc::TimedOut ? 408 : 400, count.error().message());
        if (*count == 0) break;
        total += *count;
      }
      r.set_body(std::to_string(total) + " bytes", "text/plain");
    });
    router->add("GET", "/wait", {.run = Run::Worker, .lane = 1}, [this](Request&, Response& r) {
      gate.pass();
      r.set_body("waited", "text/plain");
    });
    auto made = Server::make(logger, std::move(options));
    ASSERT_TRUE(made.ok());
    server = *std::move(made);
    auto added = server->add_binding({.router = router});
    ASSERT_TRUE(added.ok());
    binding = *added;
    ASSERT_TRUE(server->start().ok());
  }
  Client connect(const char* address = "192.0.2.7") {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    server->adopt({fds[0], {address, 4711}, {"192.0.2.1", 80}}, binding);
    return Client(fds[1]);
  }
  void wait_for_connections(std::size_t count) {
    for (int i = 0; i < 500 && server->counters().connections != count; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(server->counters().connections, count);
  }

  NoLogger logger;
  ServerOptions options;
  std::shared_ptr<Router> router = std::make_shared<Router>();
  std::unique_ptr<Server> server;
  BindingId binding = 0;
  Gate gate;
};

}  // namespace slipway::http
